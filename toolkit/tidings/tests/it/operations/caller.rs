//! Somebody outside, who has signed in and asks over HTTP.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt;
use serde_json::Value as Json;
use tidings::{Claims, Clock, Identity, Signer, Uuid};
use tower::ServiceExt;

use crate::bed::Stage;

pub(crate) struct Caller {
    pub(crate) user_id: Uuid,
    router: Router,
    token: String,
    kid: String,
    public_key: [u8; 32],
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Json,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Caller {
    pub(crate) fn new(stage: &Stage) -> Self {
        Self::with_roles(stage, &[])
    }

    pub(crate) fn operator(stage: &Stage) -> Self {
        Self::with_roles(stage, &["operator"])
    }

    fn with_roles(stage: &Stage, roles: &[&str]) -> Self {
        let user_id = tidings::uuid_at(Clock::system().now());
        let kid = user_id.to_string();
        let signer = Signer::new(&kid, &Signer::generate().unwrap()).unwrap();
        let identity = Identity {
            user_id,
            email: "somebody@example.com".to_owned(),
            roles: roles.iter().map(ToString::to_string).collect(),
        };
        let now = stage.clock.now();
        let until = now.plus(std::time::Duration::from_secs(100 * 24 * 3600));
        let mut caller = Self {
            user_id,
            router: Router::new(),
            token: signer.sign(&Claims::new(&identity, now, until)).unwrap(),
            kid,
            public_key: *signer.public_key(),
        };
        caller.trusted_by(stage);
        caller
    }

    /// Asks this installation from now on.
    pub(crate) fn trusted_by(&mut self, stage: &Stage) {
        let verifier = stage.installation.verifier();
        verifier.trust(&self.kid, &self.public_key);
        self.router = stage.installation.router();
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &Json::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Json) -> Reply {
        self.ask("POST", path, body).await
    }

    /// The first piece of an answer that goes on.
    pub(crate) async fn first_of(&self, path: &str) -> String {
        let answer = self.send("GET", path, &Json::Null).await;
        let frame = answer.into_body().frame().await.unwrap().unwrap();
        String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
    }

    /// As [`Caller::post`], and so that it can be repeated.
    pub(crate) async fn post_with_key(&self, key: &str, path: &str, body: &Json) -> Reply {
        let mut request = self.request("POST", path, body);
        let key = HeaderValue::from_str(key).unwrap();
        request.headers_mut().insert("idempotency-key", key);
        reply(self.router.clone().oneshot(request).await.unwrap()).await
    }

    async fn ask(&self, method: &str, path: &str, body: &Json) -> Reply {
        reply(self.send(method, path, body).await).await
    }

    async fn send(&self, method: &str, path: &str, body: &Json) -> Response {
        let request = self.request(method, path, body);
        self.router.clone().oneshot(request).await.unwrap()
    }

    fn request(&self, method: &str, path: &str, body: &Json) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap()
    }
}

async fn reply(answer: Response) -> Reply {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    Reply {
        status,
        headers,
        json: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}
