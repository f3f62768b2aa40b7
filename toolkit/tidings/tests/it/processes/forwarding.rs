//! A gateway in a process of its own: the same routes, passed on to where the services run.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tidings::client::{CALLER_HEADER, SERVICE_TOKEN_HEADER};
use tidings::{
    CallingService, Clock, Fragment, Handle, Problem, Service, ServiceTokens, Setup, Storage,
};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::site::{SECRET, Site, address};

/// What a request was on the other side.
async fn echo(
    from: Option<Extension<ConnectInfo<SocketAddr>>>,
    caller: Option<CallingService>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap().to_owned());
    let from: Option<IpAddr> = from.map(|Extension(ConnectInfo(from))| from.ip());
    let told = json!({
        "from": from, "caller": caller.map(|it| it.0), "body": body.len(),
        "host": text("host"), "for": text("x-forwarded-for"), "mine": text("x-mine"),
        "named": text(CALLER_HEADER), "token": text(SERVICE_TOKEN_HEADER),
        "cookie": text("cookie"), "te": text("te"),
    });
    (
        [(header::SET_COOKIE, "a=1"), (header::CONNECTION, "close")],
        Json(told),
    )
        .into_response()
}

async fn page() -> Fragment {
    Fragment::new("Zwei Plätze", "<p>two</p>".to_owned()).live("/page/live")
}

async fn members(CallingService(name): CallingService) -> String {
    name
}

/// Ends when the reader has gone, which the test sees.
async fn live(Extension(open): Extension<watch::Sender<usize>>) -> Response {
    struct Open(watch::Sender<usize>);
    impl Drop for Open {
        fn drop(&mut self) {
            self.0.send_modify(|open| *open -= 1);
        }
    }
    open.send_modify(|open| *open += 1);
    let parts = stream::unfold((0, Open(open)), |(number, open)| async move {
        if number > 0 {
            Clock::system().sleep(Duration::from_millis(20)).await;
        }
        let part = Ok::<_, Infallible>(format!("data: {number}\n\n"));
        Some((part, (number + 1, open)))
    });
    let kind = [(header::CONTENT_TYPE, "text/event-stream")];
    (kind, Body::from_stream(parts)).into_response()
}

fn service(open: &watch::Sender<usize>) -> Service {
    let routes: Router<Handle> = Router::new()
        .route("/things/{id}", get(echo).put(echo))
        .route("/page", get(page))
        .route(
            "/refused",
            post(async || Problem::field("bad", "price", "Too high.")),
        )
        .route("/members", get(members))
        .route("/live", get(live));
    Service::new("things").http(routes.layer(Extension(open.clone())))
}

struct Two {
    gateway: Site,
    things: Option<Site>,
    open: watch::Sender<usize>,
    http: reqwest::Client,
}

fn setup(open: &watch::Sender<usize>) -> Setup {
    Setup::new(Storage::Memory)
        .service(service(open))
        .secret(SECRET)
}

async fn two() -> Two {
    let open = watch::Sender::new(0);
    let things = Site::open(setup(&open)).await;
    let gateway = setup(&open).only(&[""; 0]).remote("things", &things.url);
    Two {
        gateway: Site::open(gateway).await,
        things: Some(things),
        open,
        http: reqwest::Client::builder().no_proxy().build().unwrap(),
    }
}

impl Two {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.gateway.url)
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(self.url(path)).send().await.unwrap()
    }
}

async fn json_of(response: reqwest::Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_request_arrives_as_it_was_sent_and_so_does_its_answer() {
    let two = two().await;
    let sent = two
        .http
        .put(two.url("/things/7?q=a%20b"))
        .body("x".repeat(100_000));
    let sent = sent
        .header("x-mine", "yes")
        .header("cookie", "s=1")
        .header("te", "trailers");
    let answer = sent.send().await.unwrap();
    assert_eq!(answer.headers()[header::SET_COOKIE], "a=1");
    let told = json_of(answer).await;
    let host = two.gateway.url.strip_prefix("http://").unwrap();
    assert_eq!(
        told,
        json!({
            "from": "127.0.0.1", "caller": null, "body": 100_000, "host": host,
            "for": "127.0.0.1", "mine": "yes", "named": null, "token": null,
            "cookie": "s=1", "te": null,
        })
    );
}

#[tokio::test]
async fn paths_and_methods_are_exactly_those_of_the_service() {
    let two = two().await;
    assert_eq!(two.get("/things/1").await.status(), StatusCode::OK);
    assert_eq!(two.get("/things").await.status(), StatusCode::NOT_FOUND);
    let wrong = two.http.post(two.url("/things/1")).send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(wrong.headers()[header::ALLOW], "GET,HEAD,PUT");
}

/// SEC-53: the sender may write what it likes; the gateway writes where it comes from.
#[tokio::test]
async fn an_address_is_believed_from_a_gateway_and_from_nobody_else() {
    let two = two().await;
    let things = two.things.as_ref().unwrap();
    for url in [two.url("/things/1"), format!("{}/things/1", things.url)] {
        let sent = two.http.get(url).header("x-forwarded-for", "6.6.6.6");
        let told = json_of(sent.header(CALLER_HEADER, "orders").send().await.unwrap()).await;
        assert_eq!(told["from"], "127.0.0.1");
        assert_eq!(told["named"], Value::Null);
    }
    let token = ServiceTokens::new(SECRET).sign("gateway", "things", Clock::system().now());
    let sent = two.http.get(format!("{}/things/1", things.url));
    let sent = sent.header("x-forwarded-for", "6.6.6.6, 7.7.7.7");
    let told = json_of(
        sent.header(SERVICE_TOKEN_HEADER, token)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(told["from"], "6.6.6.6");
}

/// Or anybody could ask through the gateway for what only services may.
#[tokio::test]
async fn a_request_that_is_passed_on_is_not_the_gateways_own() {
    let two = two().await;
    assert_eq!(two.get("/members").await.status(), StatusCode::UNAUTHORIZED);
    let tokens = ServiceTokens::new(SECRET);
    let now = Clock::system().now();
    for (to, status) in [
        ("things", StatusCode::OK),
        ("orders", StatusCode::UNAUTHORIZED),
    ] {
        let token = tokens.sign("orders", to, now);
        let sent = two
            .http
            .get(two.url("/members"))
            .header(SERVICE_TOKEN_HEADER, token);
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.status(), status);
        if status == StatusCode::OK {
            assert_eq!(answer.text().await.unwrap(), "orders");
        }
    }
}

#[tokio::test]
async fn a_page_and_a_problem_are_what_they_were_in_their_process() {
    let open = watch::Sender::new(0);
    let things = Site::open(setup(&open)).await;
    let gateway = setup(&open).only(&[""; 0]).remote("things", &things.url);
    let opened = gateway.open().await.unwrap();
    let seen: &'static Mutex<Vec<String>> = Box::leak(Box::default());
    let look = axum::middleware::map_response(move |response: Response| async move {
        let face = response.extensions().get::<Fragment>();
        let problem = response.extensions().get::<Problem>();
        let text = match (face, problem) {
            (Some(face), None) => format!("{} {:?} {}", face.title, face.live, face.html),
            (None, Some(problem)) => format!("{problem:?}"),
            _ => String::new(),
        };
        seen.lock().unwrap().push(text);
        response
    });
    let (listener, url) = address().await;
    let _server = super::site::serve(listener, opened.forwarding_router().layer(look));
    let http = reqwest::Client::new();
    http.get(format!("{url}/page")).send().await.unwrap();
    http.post(format!("{url}/refused")).send().await.unwrap();
    let problem = Problem::field("bad", "price", "Too high.");
    let seen = seen.lock().unwrap().clone();
    let page = r#"Zwei Plätze Some("/page/live") <p>two</p>"#.to_owned();
    assert_eq!(seen, [page, format!("{problem:?}")]);
}

#[tokio::test]
async fn a_live_page_flows_and_ends_when_the_reader_goes() {
    let two = two().await;
    let mut open = two.open.subscribe();
    let mut parts = two.get("/live").await.bytes_stream();
    for number in 0..3 {
        let part = parts.next().await.unwrap().unwrap();
        assert_eq!(part, format!("data: {number}\n\n"));
    }
    assert_eq!(*open.borrow(), 1);
    drop(parts);
    open.wait_for(|open| *open == 0).await.unwrap();
}

#[tokio::test]
async fn a_live_page_ends_when_its_service_does() {
    let (listener, url) = address().await;
    let gateway = setup(&watch::Sender::new(0))
        .only(&[""; 0])
        .remote("things", &url);
    let gateway = Site::open(gateway).await;
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096])
            .await
            .unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
            transfer-encoding: chunked\r\n\r\n3\r\n:a\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes())
            .await
            .unwrap();
    });
    let live = reqwest::get(format!("{}/live", gateway.url)).await.unwrap();
    serving.await.unwrap();
    let mut parts = live.bytes_stream();
    assert_eq!(parts.next().await.unwrap().unwrap(), ":a\n");
    assert!(parts.next().await.is_none_or(|part| part.is_err()));
}

/// X-30: one service is down; the answer says when to come again, and then it is there.
#[tokio::test]
async fn a_service_that_is_down_is_not_now_and_back_when_it_is() {
    let mut two = two().await;
    assert_eq!(two.get("/things/1").await.status(), StatusCode::OK);
    let port = two
        .things
        .as_ref()
        .unwrap()
        .url
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    two.things = None;
    let mut answer = two.get("/things/1").await;
    while answer.status() == StatusCode::OK {
        // Connections that were open are closed a little later.
        answer = two.get("/things/1").await;
    }
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(json_of(answer).await["code"], "unavailable");
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    two.things = Some(Site::open_at(setup(&two.open), listener).await);
    assert_eq!(two.get("/things/1").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_service_whose_address_nobody_knows_is_not_now() {
    let gateway = setup(&watch::Sender::new(0)).only(&[""; 0]);
    let gateway = Site::open(gateway).await;
    let answer = reqwest::get(format!("{}/page", gateway.url)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
}

/// Services may be told of nothing but the gateway.
#[tokio::test]
async fn one_gateway_address_is_enough_for_all_services() {
    let two = two().await;
    let caller = Setup::new(Storage::Memory).secret(SECRET);
    let caller = caller
        .service(Service::new("caller"))
        .service(service(&two.open));
    let caller = caller.only(&["caller"]).gateway_url(&two.gateway.url);
    let caller = caller.open().await.unwrap();
    let things = caller.handle("caller").unwrap().client("things").unwrap();
    let answer = things.get("/members").send().await.unwrap();
    assert_eq!(answer.body, "caller");
}
