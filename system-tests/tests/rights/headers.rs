//! What every answer says to browsers: SEC-26 and SEC-29.

use system_tests::{Answer, Failure};

use crate::market::Market;
use crate::person::{Reader, Sent};
use crate::routes;

const ELSEWHERE: [&str; 2] = ["https://evil.example", "null"];

/// SEC-26: no answer allows another site's script to read it, however it asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_site_may_read_answers() -> Result<(), Failure> {
    let market = Market::open().await?;
    let people = [&market.nobody, &market.buyer, &market.operator];
    for origin in ELSEWHERE {
        for route in routes::read() {
            for path in route.of_all(&market) {
                for person in people {
                    let headers = [("origin", origin), ("sec-fetch-site", "cross-site")];
                    let answer = person
                        .ask_with("GET", &path, route.reader, &Sent::Nothing, &headers)
                        .await?;
                    allows_nobody(&answer, &path);
                }
            }
        }
        for route in routes::all() {
            let path = route.of_nothing();
            let asking = [
                ("origin", origin),
                ("access-control-request-method", route.method),
                (
                    "access-control-request-headers",
                    "content-type,authorization",
                ),
            ];
            let answer = market
                .buyer
                .ask_with("OPTIONS", &path, route.reader, &Sent::Nothing, &asking)
                .await?;
            allows_nobody(&answer, &path);
            let answer = market
                .buyer
                .ask_with(
                    route.method,
                    &path,
                    route.reader,
                    &route.sent(),
                    &[("origin", origin)],
                )
                .await?;
            allows_nobody(&answer, &path);
            assert!(
                route.method == "GET" || answer.status == 403,
                "{} {path} from {origin} gave {}",
                route.method,
                answer.status
            );
        }
    }
    market.close().await
}

fn allows_nobody(answer: &Answer, path: &str) {
    let names = answer.headers.keys().map(|name| name.as_str());
    let allowing: Vec<&str> = names
        .filter(|name| name.starts_with("access-control-"))
        .collect();
    assert!(allowing.is_empty(), "{path} answers with {allowing:?}");
}

/// SEC-29: no answer, page or not, refusal or not, can be put into another site's frame or
/// be taken for something else than it says it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_can_be_framed_or_sniffed() -> Result<(), Failure> {
    let market = Market::open().await?;
    for person in market.everybody() {
        for route in routes::read() {
            for path in route.of_all(&market) {
                let answer = person.get(&path, route.reader).await?;
                cannot_be_framed_or_sniffed(&answer, &path);
            }
        }
        let answer = person.get("/nothing/here", Reader::Person);
        cannot_be_framed_or_sniffed(&answer.await?, "/nothing/here");
    }
    market.close().await
}

fn cannot_be_framed_or_sniffed(answer: &Answer, path: &str) {
    let policies: Vec<&str> = answer
        .headers
        .get_all("content-security-policy")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    assert!(
        policies.len() == 1 && policies[0].contains("frame-ancestors 'none'"),
        "{path} may be framed: {policies:?}"
    );
    assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    let has_body = !answer.text.is_empty();
    assert!(
        !has_body || !answer.header("content-type").is_empty(),
        "{path} does not say what it is"
    );
}
