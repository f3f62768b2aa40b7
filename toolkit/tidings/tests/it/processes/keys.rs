//! The keys of access tokens come from the service that makes them, over the network.

use std::sync::Mutex;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::Arc;
use tidings::{Claims, Clock, Handle, Identity, Service, Setup, SignedIn, Signer, Storage, Uuid};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::site::{self, Site, address};
use crate::bed;

const PATH: &str = "/.well-known/jwks.json";

/// A key set that the test changes.
type Keys = Arc<Mutex<Vec<Value>>>;

fn signer(kid: &str) -> Signer {
    Signer::new(kid, &Signer::generate().unwrap()).unwrap()
}

fn public(kid: &str, signer: &Signer) -> Value {
    let x = URL_SAFE_NO_PAD.encode(signer.public_key());
    json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": x })
}

fn auth(listener: TcpListener, keys: &Keys) -> JoinHandle<()> {
    let answer = async |State(keys): State<Keys>| Json(json!({ "keys": *keys.lock().unwrap() }));
    let routes = Router::new().route(PATH, get(answer));
    site::serve(listener, routes.with_state(Arc::clone(keys)))
}

fn token(signer: &Signer, clock: &Clock) -> String {
    let identity = Identity {
        user_id: Uuid::from_u128(7),
        email: "a@b.example".to_owned(),
        roles: Vec::new(),
    };
    let until = clock.now().plus(Duration::from_secs(3600));
    signer
        .sign(&Claims::new(&identity, clock.now(), until))
        .unwrap()
}

/// A process that believes what `auth` signs.
async fn open(url: &str, clock: &Clock) -> Site {
    let me = async |SignedIn(who): SignedIn| who.email;
    let routes: Router<Handle> = Router::new().route("/me", get(me));
    let setup = Setup::new(Storage::Memory).clock(clock.clone()).seed(1);
    let setup = setup
        .service(Service::new("orders").http(routes))
        .service(Service::new("auth"))
        .only(&["orders"])
        .keys_from("auth", PATH)
        .remote("auth", url);
    Site::open_running(setup).await
}

async fn ask(site: &Site, token: &str) -> StatusCode {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::AUTHORIZATION,
        format!("Bearer {token}").parse().unwrap(),
    );
    let url = format!("{}/me", site.url);
    let sent = reqwest::Client::new().get(url).headers(headers).send();
    sent.await.unwrap().status()
}

#[tokio::test]
async fn a_token_is_believed_by_the_keys_of_another_process_and_a_new_key_is_looked_for() {
    let (listener, url) = address().await;
    let (first, second, stranger) = (signer("k1"), signer("k2"), signer("k3"));
    let keys = Keys::default();
    keys.lock().unwrap().push(public("k1", &first));
    let _auth = auth(listener, &keys);
    let clock = bed::clock();
    let site = open(&url, &clock).await;
    assert_eq!(ask(&site, &token(&first, &clock)).await, StatusCode::OK);
    keys.lock().unwrap().push(public("k2", &second));
    clock.advance(Duration::from_secs(11));
    assert_eq!(ask(&site, &token(&second, &clock)).await, StatusCode::OK);
    assert_eq!(ask(&site, &token(&first, &clock)).await, StatusCode::OK);
    for _ in 0..3 {
        let refused = ask(&site, &token(&stranger, &clock)).await;
        assert_eq!(refused, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn the_keys_are_kept_while_their_service_is_down_and_withdrawn_when_it_says_so() {
    let (listener, url) = address().await;
    let (first, second) = (signer("k1"), signer("k2"));
    let keys = Keys::default();
    keys.lock().unwrap().push(public("k1", &first));
    let here = listener.local_addr().unwrap();
    let running = auth(listener, &keys);
    let clock = bed::clock();
    let site = open(&url, &clock).await;
    assert_eq!(ask(&site, &token(&first, &clock)).await, StatusCode::OK);
    running.abort();
    let _ = running.await;
    clock.advance(Duration::from_secs(600));
    assert_eq!(ask(&site, &token(&first, &clock)).await, StatusCode::OK);
    *keys.lock().unwrap() = vec![public("k2", &second)];
    let _auth = auth(TcpListener::bind(here).await.unwrap(), &keys);
    // The worker waits, by the clock, between tries that fail.
    while ask(&site, &token(&first, &clock)).await == StatusCode::OK {
        clock.advance(Duration::from_secs(11));
        tokio::task::yield_now().await;
    }
    assert_eq!(ask(&site, &token(&second, &clock)).await, StatusCode::OK);
}

/// It would be a lie that the token is bad: nobody can tell.
#[tokio::test]
async fn without_any_key_so_far_the_answer_is_not_now_rather_than_sign_in() {
    let (listener, url) = address().await;
    let clock = Clock::system();
    let (first, keys) = (signer("k1"), Keys::default());
    let site = open(&url, &clock).await;
    drop(listener);
    let token = token(&first, &clock);
    assert_eq!(ask(&site, &token).await, StatusCode::SERVICE_UNAVAILABLE);
    keys.lock().unwrap().push(public("k1", &first));
    let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
    let _auth = auth(TcpListener::bind(("127.0.0.1", port)).await.unwrap(), &keys);
    while ask(&site, &token).await != StatusCode::OK {
        tokio::task::yield_now().await;
    }
}
