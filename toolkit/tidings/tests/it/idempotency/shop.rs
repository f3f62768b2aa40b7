//! Who asks the bakery, and what is known of it behind its back.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use tidings::{Claims, FromRow, Handle, Identity, Signer, Uuid};
use tower::ServiceExt;

use super::bakery::{Mood, bakery};
use crate::bed::{Bed, Stage};

/// The bakery, open, and the way to ask it.
pub(super) struct Shop {
    pub(super) stage: Stage,
    router: Router,
    mood: Arc<Mood>,
    signer: Signer,
}

/// What the shop has said.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) content_type: Option<String>,
    pub(super) location: Option<String>,
    pub(super) retry_after: Option<String>,
    pub(super) replayed: Option<String>,
    pub(super) body: String,
}

impl Told {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Self {
            status: parts.status,
            content_type: text_of(&parts.headers, "content-type"),
            location: text_of(&parts.headers, "location"),
            retry_after: text_of(&parts.headers, "retry-after"),
            replayed: text_of(&parts.headers, "idempotency-replayed"),
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(super) fn code(&self) -> String {
        let json: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        json["code"].as_str().unwrap().to_owned()
    }
}

fn text_of(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().unwrap().to_owned())
}

/// Why it was refused.
pub(super) fn conflict(told: &Told) -> String {
    assert_eq!(told.status, StatusCode::CONFLICT, "{told:?}");
    assert_eq!(told.replayed, None);
    told.code()
}

impl Shop {
    pub(super) async fn open(bed: &Bed) -> Self {
        let mood = Arc::default();
        let stage = bed.stage([bakery(&mood)]).await;
        let signer = Signer::new("shop", &Signer::generate().unwrap()).unwrap();
        let verifier = stage.installation.verifier();
        verifier.trust("shop", signer.public_key());
        Self {
            router: stage.installation.router(),
            stage,
            mood,
            signer,
        }
    }

    fn handle(&self) -> Handle {
        self.stage.handle("bakery")
    }

    /// A user's `Authorization`.
    pub(super) fn token(&self, number: u128) -> String {
        let identity = Identity {
            user_id: Uuid::from_u128(number),
            email: format!("{number}@example.com"),
            roles: Vec::new(),
        };
        let now = self.stage.clock.now();
        let claims = Claims::new(&identity, now, now.plus(Duration::from_secs(3600)));
        format!("Bearer {}", self.signer.sign(&claims).unwrap())
    }

    /// A request that may go on after the test has turned away.
    pub(super) fn send(
        &self,
        request: Builder,
        body: &str,
    ) -> impl Future<Output = Told> + Send + 'static {
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let router = self.router.clone();
        async move { Told::of(router.oneshot(request).await.unwrap()).await }
    }

    pub(super) fn ask(
        &self,
        path: &str,
        key: &str,
        body: &str,
    ) -> impl Future<Output = Told> + Send + 'static {
        self.send(Request::post(path).header("idempotency-key", key), body)
    }

    pub(super) async fn post(&self, path: &str, key: &str, body: &str) -> Told {
        self.ask(path, key, body).await
    }

    /// Asks again for as long as the request is said to be running.
    pub(super) async fn persist(&self, path: &str, key: &str, body: &str) -> Told {
        loop {
            let told = self.post(path, key, body).await;
            if told.retry_after.is_none() {
                return told;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn rows<T: FromRow>(&self, sql: &str) -> Vec<T> {
        let mut conn = self.handle().read().await.unwrap();
        conn.query(sql, &[]).await.unwrap()
    }

    pub(super) async fn effects(&self) -> Vec<String> {
        let rows: Vec<(String,)> = self.rows("SELECT what FROM sold ORDER BY number").await;
        rows.into_iter().map(|(what,)| what).collect()
    }

    /// How many requests are remembered.
    pub(super) async fn requests(&self) -> usize {
        let rows: Vec<(String,)> = self.rows("SELECT state FROM tidings_requests").await;
        rows.len()
    }

    /// Everything that is stored of answers, as text.
    pub(super) async fn table(&self) -> String {
        let sql = "SELECT headers, body FROM tidings_requests";
        let rows: Vec<(Option<String>, Option<Vec<u8>>)> = self.rows(sql).await;
        let text = |body: Option<Vec<u8>>| String::from_utf8(body.unwrap_or_default()).unwrap();
        let rows = rows.into_iter();
        rows.map(|(headers, body)| headers.unwrap_or_default() + &text(body))
            .collect()
    }

    pub(super) async fn advance(&mut self, span: Duration) {
        self.stage.advance(span).await;
    }

    pub(super) fn get_well(&self) {
        self.mood.get_well();
    }

    pub(super) fn runs(&self) -> u32 {
        self.mood.runs()
    }

    pub(super) async fn until_entered(&self) {
        self.mood.entered.notified().await;
    }

    pub(super) fn let_go(&self) {
        self.mood.let_go.notify_one();
    }
}
