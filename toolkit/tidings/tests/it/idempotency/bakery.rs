//! A service that takes orders in every way that can go wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;
use tidings::{Handle, Json, Migration, Problem, RequestContext, Service, Tx, params};
use tokio::sync::Notify;

const SOLD: Migration = Migration::new(
    "0001_sold",
    "CREATE TABLE sold (number BIGINT PRIMARY KEY, what TEXT NOT NULL)",
);

/// Orders of weddings are long.
pub(super) const WEDDING_BYTES_MAX: usize = 5 * 1024 * 1024;

/// How the bakery feels; it begins unwell.
#[derive(Default)]
pub(super) struct Mood {
    is_well: AtomicBool,
    runs: AtomicU32,
    pub(super) entered: Notify,
    pub(super) let_go: Notify,
}

impl Mood {
    pub(super) fn get_well(&self) {
        self.is_well.store(true, Ordering::SeqCst);
    }

    pub(super) fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    fn check(&self) -> Result<(), Problem> {
        let is_well = self.is_well.load(Ordering::SeqCst);
        is_well.then_some(()).ok_or_else(Problem::internal)
    }
}

pub(super) fn bakery(mood: &Arc<Mood>) -> Service {
    let routes = Router::new()
        .route("/plain", post(plain))
        .route("/given", post(given))
        .route("/refused", post(refused))
        .route("/not-yet", post(not_yet))
        .route("/fails-early", post(fails_early))
        .route("/fails-late", post(fails_late))
        .route("/by-itself", post(by_itself))
        .route("/only-reads", post(only_reads))
        .route("/cookie", post(cookie))
        .route("/token", post(token))
        .route("/large", post(large))
        .route("/hangs", post(hangs))
        .route("/spawns", post(spawns))
        .route("/wedding/{name}", post(plain));
    Service::new("bakery")
        .migrations(&[SOLD])
        .resource(Arc::clone(mood))
        .http(routes)
        .body_bytes_max("/wedding/{name}", WEDDING_BYTES_MAX)
}

type Answered = Result<Response, Problem>;

fn mood(bakery: &Handle) -> Result<Arc<Mood>, Problem> {
    let mood = bakery.resource::<Arc<Mood>>()?;
    mood.runs.fetch_add(1, Ordering::SeqCst);
    Ok(Arc::clone(&mood))
}

/// Nothing here is idempotent: what is sold twice is there twice.
async fn sell(tx: &mut Tx, what: &str) -> Result<i64, tidings::Error> {
    let sql = "INSERT INTO sold (number, what)
        SELECT count(*) + 1, $1 FROM sold RETURNING number";
    let (number,) = tx.query_one(sql, params![what]).await?;
    Ok(number)
}

fn sold(number: i64) -> Response {
    let location = [(header::LOCATION, "/sold")];
    let body = Json(json!({ "number": number }));
    (StatusCode::CREATED, location, body).into_response()
}

async fn plain(
    State(bakery): State<Handle>,
    RequestContext(context): RequestContext,
    what: String,
) -> Answered {
    let mut tx = bakery.begin(context).await?;
    let number = sell(&mut tx, &what).await?;
    tx.commit().await?;
    Ok(sold(number))
}

async fn given(
    State(bakery): State<Handle>,
    RequestContext(context): RequestContext,
    what: String,
) -> Answered {
    let mut tx = bakery.begin(context).await?;
    let number = sell(&mut tx, &what).await?;
    let location = [(header::LOCATION, "/sold".to_owned())];
    let body = json!({ "number": number });
    tx.answer(StatusCode::CREATED, &location, &body)?;
    tx.commit().await?;
    Ok(sold(number))
}

async fn refused(State(bakery): State<Handle>) -> Answered {
    mood(&bakery)?;
    Err(Problem::conflict("sold_out", "There is none left."))
}

async fn not_yet(State(bakery): State<Handle>) -> Answered {
    mood(&bakery)?;
    Err(Problem::conflict("not_yet", "Wait for the oven.").retry_after(5))
}

async fn fails_early(bakery: State<Handle>, context: RequestContext, what: String) -> Answered {
    mood(&bakery)?.check()?;
    plain(bakery, context, what).await
}

async fn fails_late(bakery: State<Handle>, context: RequestContext, what: String) -> Answered {
    let mood = mood(&bakery)?;
    let answer = plain(bakery, context, what).await;
    mood.check()?;
    answer
}

async fn by_itself(State(bakery): State<Handle>, what: String) -> Answered {
    let mut tx = bakery.begin_own().await?;
    let number = sell(&mut tx, &what).await?;
    tx.commit().await?;
    mood(&bakery)?.check()?;
    Ok(sold(number))
}

async fn only_reads(
    State(bakery): State<Handle>,
    RequestContext(context): RequestContext,
) -> Answered {
    let mut tx = bakery.begin(context).await?;
    let (number,) = tx.query_one("SELECT count(*) FROM sold", &[]).await?;
    tx.commit().await?;
    mood(&bakery)?.check()?;
    Ok(sold(number))
}

async fn cookie(bakery: State<Handle>, context: RequestContext, what: String) -> Answered {
    let mut answer = plain(bakery, context, what).await?;
    let cookie = "session=secret-of-a-session".parse().unwrap();
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(answer)
}

async fn token(State(bakery): State<Handle>) -> Answered {
    mood(&bakery)?;
    let never = [(header::CACHE_CONTROL, "private, no-store")];
    Ok((never, "secret-of-a-token").into_response())
}

async fn large(bakery: State<Handle>, context: RequestContext, what: String) -> Answered {
    plain(bakery, context, what).await?;
    Ok("x".repeat(600 * 1024).into_response())
}

async fn hangs(bakery: State<Handle>, context: RequestContext, what: String) -> Answered {
    let mood = mood(&bakery)?;
    if mood.check().is_err() {
        mood.entered.notify_one();
        mood.let_go.notified().await;
    }
    plain(bakery, context, what).await
}

async fn spawns(bakery: State<Handle>, context: RequestContext, what: String) -> Answered {
    let aside = tokio::spawn(plain(State(bakery.0.clone()), context, what));
    aside.await.unwrap()?;
    mood(&bakery)?.check()?;
    Ok(StatusCode::CREATED.into_response())
}
