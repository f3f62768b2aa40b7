//! A browser: an address and a jar of cookies.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value as Json, json};
use tidings_test::{Answer, World};

#[derive(Clone, Default)]
pub(crate) struct Browser {
    address: Option<SocketAddr>,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A browser at an IP address.
    pub(crate) fn at(ip: &str) -> Self {
        Self {
            address: Some(SocketAddr::new(ip.parse().unwrap(), 50_000)),
            ..Self::default()
        }
    }

    /// The same browser, carried to another address.
    pub(crate) fn moved_to(&self, ip: &str) -> Self {
        Self {
            cookies: self.cookies.clone(),
            ..Self::at(ip)
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(address) = self.address {
            request = request.extension(ConnectInfo(address));
        }
        if self.cookies.is_empty() {
            return request;
        }
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        request.header(header::COOKIE, pairs.join("; "))
    }

    pub(crate) fn json(&self, path: &str, body: &Json) -> Request<Body> {
        self.request("POST", path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .unwrap()
    }

    pub(crate) async fn send(&mut self, world: &World, request: Request<Body>) -> Answer {
        let answer = world.call(request).await;
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(crate) async fn post(&mut self, world: &World, path: &str, body: Json) -> Answer {
        let request = self.json(path, &body);
        self.send(world, request).await
    }

    pub(crate) async fn get(&mut self, world: &World, path: &str) -> Answer {
        let request = self.request("GET", path).body(Body::empty()).unwrap();
        self.send(world, request).await
    }

    pub(crate) async fn form(&mut self, world: &World, path: &str, body: &str) -> Answer {
        let form = "application/x-www-form-urlencoded";
        let request = self
            .request("POST", path)
            .header(header::CONTENT_TYPE, form);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.send(world, request).await
    }

    /// A form, with the access token that the gateway puts on a request with a session.
    pub(crate) async fn signed(&mut self, world: &World, path: &str, body: &str) -> Request<Body> {
        let token = self.token(world).await.json["token"].clone();
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        let request = self
            .request("POST", path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, bearer);
        request.body(Body::from(body.to_owned())).unwrap()
    }

    /// Sends such a form.
    pub(crate) async fn signed_form(&mut self, world: &World, path: &str, body: &str) -> Answer {
        let request = self.signed(world, path, body).await;
        self.send(world, request).await
    }

    /// A page, as above.
    pub(crate) async fn signed_get(&mut self, world: &World, path: &str) -> Answer {
        let token = self.token(world).await.json["token"].clone();
        let request = self.request("GET", path).header(
            header::AUTHORIZATION,
            format!("Bearer {}", token.as_str().unwrap()),
        );
        let request = request.body(Body::empty()).unwrap();
        self.send(world, request).await
    }

    pub(crate) async fn sign_up(&mut self, world: &World, email: &str, password: &str) -> Answer {
        let body = credentials(email, password);
        self.post(world, "/api/users/signup", body).await
    }

    pub(crate) async fn sign_in(&mut self, world: &World, email: &str, password: &str) -> Answer {
        let body = credentials(email, password);
        self.post(world, "/api/users/signin", body).await
    }

    pub(crate) async fn token(&mut self, world: &World) -> Answer {
        let request = self.request("POST", "/api/users/token");
        self.send(world, request.body(Body::empty()).unwrap()).await
    }

    /// The e-mail address of whoever is signed in here.
    pub(crate) async fn who(&mut self, world: &World) -> Option<String> {
        let answer = self.get(world, "/api/users/currentuser").await;
        assert_eq!(answer.status, StatusCode::OK);
        let email = answer.json["currentUser"]["email"].as_str();
        email.map(ToOwned::to_owned)
    }

    pub(crate) fn session(&self) -> String {
        self.cookies[auth::SESSION_COOKIE].clone()
    }
}

pub(crate) fn credentials(email: &str, password: &str) -> Json {
    json!({ "email": email, "password": password })
}

/// The code of the first error of a problem.
pub(crate) fn code(answer: &Answer) -> &str {
    answer.json["errors"][0]["code"]
        .as_str()
        .unwrap_or_default()
}
