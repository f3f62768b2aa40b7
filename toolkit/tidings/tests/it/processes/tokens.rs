//! Services know each other by tokens, and by nothing else that comes over the network (SEC-34).

use axum::Router;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::routing::get;
use tidings::client::{CALLER_HEADER, SERVICE_TOKEN_HEADER};
use tidings::{
    CallingService, Client, Error, Handle, Json, Service, ServiceTokens, Setup, Storage,
};

use super::site::{SECRET, Site};
use crate::bed;

const OTHER: &[u8] = b"what the services of others know!";

async fn who(caller: Option<CallingService>, headers: HeaderMap) -> Json<[String; 2]> {
    let named = headers
        .get(CALLER_HEADER)
        .map(|name| name.to_str().unwrap().to_owned());
    let token = headers.get(SERVICE_TOKEN_HEADER);
    assert_eq!(token, None, "a service has no use for another's token");
    Json([
        caller.map_or(String::new(), |it| it.0),
        named.unwrap_or_default(),
    ])
}

async fn members(CallingService(name): CallingService) -> String {
    name
}

fn callee() -> Service {
    let routes: Router<Handle> = Router::new().route("/who", get(who));
    Service::new("callee").http(routes.route("/members", get(members)))
}

fn setup(secret: Option<&[u8]>) -> Setup {
    let setup = Setup::new(Storage::Memory).clock(bed::clock());
    match secret {
        Some(secret) => setup.secret(secret),
        None => setup,
    }
}

struct Caller {
    client: Client,
    _site: Site,
}

async fn caller(secret: Option<&[u8]>, callee: &Site) -> Caller {
    let setup = setup(secret).service(Service::new("caller"));
    let site = Site::open(setup.remote("callee", &callee.url)).await;
    let client = site.installation.handles()[0].client("callee").unwrap();
    Caller {
        client,
        _site: site,
    }
}

async fn ask(
    client: &Client,
    path: &str,
    headers: &[(&'static str, &str)],
) -> (StatusCode, String) {
    let call = headers
        .iter()
        .fold(client.get(path), |call, (name, value)| {
            call.header(HeaderName::from_static(name), value)
        });
    match call.send().await {
        Ok(answer) => (
            answer.status,
            String::from_utf8(answer.body.to_vec()).unwrap(),
        ),
        Err(error) => (error.status().unwrap(), String::new()),
    }
}

#[tokio::test]
async fn a_call_to_another_process_shows_which_service_calls() {
    let callee = Site::open(setup(Some(SECRET)).service(callee())).await;
    let caller = caller(Some(SECRET), &callee).await;
    let said = ask(&caller.client, "/who", &[]).await;
    assert_eq!(said, (StatusCode::OK, r#"["caller","caller"]"#.to_owned()));
    let said = ask(&caller.client, "/members", &[]).await;
    assert_eq!(said, (StatusCode::OK, "caller".to_owned()));
}

#[tokio::test]
async fn a_call_within_the_process_shows_it_without_a_secret() {
    let both = setup(None)
        .service(callee())
        .service(Service::new("caller"));
    let both = both.open().await.unwrap();
    let client = both.handle("caller").unwrap().client("callee").unwrap();
    let said = ask(&client, "/members", &[]).await;
    assert_eq!(said, (StatusCode::OK, "caller".to_owned()));
}

#[tokio::test]
async fn a_token_of_another_secret_is_refused_everywhere() {
    for (here, there) in [(Some(SECRET), Some(OTHER)), (None, Some(SECRET))] {
        let callee = Site::open(setup(here).service(callee())).await;
        let caller = caller(there, &callee).await;
        for path in ["/who", "/members"] {
            let (status, _) = ask(&caller.client, path, &[]).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
        }
    }
}

#[tokio::test]
async fn a_name_without_a_token_names_nobody() {
    let callee = Site::open(setup(Some(SECRET)).service(callee())).await;
    let caller = caller(None, &callee).await;
    let forged = [(CALLER_HEADER, "orders")];
    let said = ask(&caller.client, "/who", &forged).await;
    assert_eq!(said, (StatusCode::OK, r#"["",""]"#.to_owned()));
    let (status, _) = ask(&caller.client, "/members", &forged).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_counts_more_than_the_name_beside_it_and_only_where_it_was_sent_to() {
    let callee = Site::open(setup(Some(SECRET)).service(callee())).await;
    let caller = caller(None, &callee).await;
    let tokens = ServiceTokens::new(SECRET);
    let now = bed::clock().now();
    for (to, status) in [
        ("callee", StatusCode::OK),
        ("tickets", StatusCode::UNAUTHORIZED),
    ] {
        let token = tokens.sign("payments", to, now);
        let headers = [(CALLER_HEADER, "orders"), (SERVICE_TOKEN_HEADER, &*token)];
        let (told, text) = ask(&caller.client, "/who", &headers).await;
        assert_eq!(told, status);
        assert!(
            text.is_empty() || text == r#"["payments","payments"]"#,
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_secret_that_is_too_short_is_refused_at_the_start() {
    let refused = setup(Some(b"short")).service(callee()).open().await.err();
    assert!(matches!(refused, Some(Error::Unsafe(text)) if text.contains("32")));
}
