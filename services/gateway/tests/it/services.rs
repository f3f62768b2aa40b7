//! The small services behind the gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::response::sse::{Event as Sent, Sse};
use axum::routing::{get, post};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidings::{
    Call, Claims, Event, Fate, Fault, Flow, Fragment, Handle, Identity, Job, Json, Operation,
    OperationRun, Outcome, Problem, RequestContext, Service, SignedIn, Signer, StepFailed, Tx,
    Uuid, Workflow,
};

/// What a title looks like when somebody tries it on.
pub(crate) const SCRIPT: &str = "<script>alert('x')</script>";

/// Exchanges the cookies `alice` and `olga` (an operator) for tokens of one minute.
pub(crate) struct Auth {
    pub(crate) signer: Signer,
    pub(crate) is_down: Arc<AtomicBool>,
}

impl Auth {
    pub(crate) fn token(&self, handle: &Handle, name: &str) -> String {
        let roles = if name == "olga" {
            vec!["operator".to_owned()]
        } else {
            vec![]
        };
        let identity = Identity {
            user_id: Uuid::from_u128(name.len() as u128),
            email: format!("{name}@example.com"),
            roles,
        };
        let until = handle.now().plus(Duration::from_secs(60));
        self.signer
            .sign(&Claims::new(&identity, handle.now(), until))
            .unwrap()
    }
}

pub(crate) fn auth(signer: Signer, is_down: Arc<AtomicBool>) -> Service {
    Service::new("auth")
        .resource(Auth { signer, is_down })
        .http(Router::new().route("/api/users/token", post(token)))
}

/// Reads all that is sent.
async fn swallow(body: axum::body::Body) -> Result<String, StatusCode> {
    let read = axum::body::to_bytes(body, usize::MAX).await;
    let read = read.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok(read.len().to_string())
}

async fn token(State(handle): State<Handle>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let auth = handle.resource::<Auth>()?;
    if auth.is_down.load(Ordering::SeqCst) {
        return Err(Problem::unavailable(1));
    }
    let cookie = headers.get("cookie").and_then(|value| value.to_str().ok());
    match cookie.and_then(|cookie| cookie.strip_prefix("__Host-session=")) {
        Some(name @ ("alice" | "olga")) => Ok(Json(json!({ "token": auth.token(&handle, name) }))),
        _ => Err(Problem::not_signed_in()),
    }
}

#[derive(Clone, Serialize, Deserialize, tidings::Stream)]
#[stream(name = "things", key = "id", schemas)]
pub(crate) enum ThingEvent {
    /// Somebody has made a <b>thing</b>.
    #[event("thing.made")]
    Made {
        /// Which.
        id: String,
    },
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Hopeless;

impl Job for Hopeless {
    const KIND: &'static str = "hopeless";
}

/// Whatever it is given, it cannot do it.
#[derive(Debug, thiserror::Error)]
#[error("understand <b>this</b>")]
pub(crate) struct Never;

impl Fault for Never {
    fn fate(&self) -> Fate {
        Fate::Fail
    }
}

async fn never_event(_: Event<ThingEvent>, _: &mut Tx) -> Result<(), Never> {
    Err(Never)
}

async fn never_job(_: Hopeless, _: &mut Tx) -> Result<(), Never> {
    Err(Never)
}

/// To `nowhere` it is stuck, to anywhere else it rests for an hour.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Walk {
    pub(crate) to: String,
}

impl Workflow for Walk {
    const NAME: &'static str = "walk";
}

async fn walk(walk: Walk, cx: &mut Flow) -> Result<(), StepFailed> {
    cx.step("pack", walk.clone(), pack).await?;
    cx.undo("unpack", walk.clone(), unpack);
    let _: String = cx.call("ask", walk.to, ask_the_way).await?;
    cx.sleep("rest", Duration::from_secs(3600)).await;
    Ok(())
}

async fn pack(walk: Walk, _: &mut Tx) -> Result<String, tidings::Error> {
    Ok(format!("<b>sandwiches</b> for {}", walk.to))
}

async fn unpack(_: Walk, _: &mut Tx) -> Result<(), tidings::Error> {
    Ok(())
}

async fn ask_the_way(to: String, _: Call) -> Outcome<String> {
    match to.as_str() {
        "nowhere" => Outcome::Unknown("nobody <i>there</i>".to_owned()),
        _ => Outcome::Done("left".to_owned()),
    }
}

/// Succeeds with how much it is, or is refused.
#[derive(Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) up_to: u64,
}

impl Job for Count {
    const KIND: &'static str = "count";
}

impl Operation for Count {
    type Output = Value;
}

async fn count(job: Count, run: OperationRun<Count>) -> Result<Value, tidings::Error> {
    if job.up_to == 0 {
        let tx = run
            .fail("nothing", "There is <b>nothing</b> to count.")
            .await?;
        tx.commit().await?;
    }
    Ok(json!({ "counted": job.up_to, "as": "</code><script>" }))
}

pub(crate) fn reader() -> Service {
    Service::new("reader").subscribes("things", never_event)
}

pub(crate) fn things() -> Service {
    let routes = Router::new()
        .route("/thing", get(thing))
        .route("/form", post(form))
        .route("/mine", get(mine).post(mine))
        .route("/api/mine", get(mine))
        .route("/api/things", post(make))
        .route("/api/echo", post(echo))
        .route("/api/count", post(swallow))
        .route("/api/platforms/import", post(swallow))
        .route("/api/c/import", post(swallow))
        .route("/api/panic", get(panic))
        .route("/bare", get(|| async { StatusCode::IM_A_TEAPOT }))
        .route("/away", get(|| async { Redirect::to("/thing") }))
        .route("/slow", get(std::future::pending::<StatusCode>))
        .route("/stream", get(endless))
        .route("/whoami", get(whoami));
    Service::new("things")
        .publishes::<ThingEvent>()
        .job::<Hopeless, _, _>(never_job)
        .workflow(walk)
        .operation(count)
        .http(routes)
        .openapi(json!({
            "info": { "description": "Makes things." },
            "paths": { "/api/things": { "post": {
                "summary": "Make a thing",
                "responses": { "201": { "description": "Made" } }
            } } },
            "components": { "schemas": { "Thing": { "type": "object" } } }
        }))
}

async fn thing() -> Fragment {
    Fragment::new(SCRIPT, "<h1>Thing</h1>".to_owned()).live("/thing/live")
}

async fn form() -> Fragment {
    Fragment::new("Wrong", "<h1>Wrong</h1>".to_owned()).status(StatusCode::UNPROCESSABLE_ENTITY)
}

async fn mine(SignedIn(identity): SignedIn) -> String {
    identity.email
}

async fn whoami(who: Option<SignedIn>, headers: HeaderMap) -> String {
    let who = who.map_or("anonymous".to_owned(), |SignedIn(identity)| identity.email);
    let cookie = headers
        .get("cookie")
        .map(|value| value.to_str().unwrap().to_owned());
    format!("{who} cookie={}", cookie.unwrap_or_default())
}

async fn make(
    State(handle): State<Handle>,
    RequestContext(context): RequestContext,
) -> Result<StatusCode, Problem> {
    let mut tx = handle.begin(context).await?;
    tx.publish(ThingEvent::Made { id: "1".to_owned() })?;
    tx.enqueue(&Hopeless).await?;
    tx.commit().await?;
    Ok(StatusCode::CREATED)
}

async fn echo(Json(body): Json<Value>) -> Json<Value> {
    Json(body)
}

async fn panic() -> StatusCode {
    panic!("the secret of the house");
}

async fn endless() -> Sse<impl Stream<Item = Result<Sent, std::convert::Infallible>>> {
    Sse::new(stream::pending())
}
