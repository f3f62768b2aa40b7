//! Who may read, and who may publish (SEC-34, SEC-35).

use serde::{Deserialize, Serialize};
use serde_json::json;
use tidings::{Clock, Command, Error, Received, Service, ServiceTokens, Tx};

use super::site::{SECRET, Site, answer};
use crate::bed::{Bed, CountEvent, on_both, producer};

#[derive(Serialize, Deserialize)]
struct Count {
    key: String,
}

impl Command for Count {
    const NAME: &'static str = "counter.count";
    const TARGET: &'static str = "counter";
    type Reply = ();

    fn key(&self) -> String {
        self.key.clone()
    }
}

async fn count(_: Received<Count>, _: &mut Tx) -> Result<(), Error> {
    Ok(())
}

/// A token of the service `from` for the service `to`.
fn token(secret: &[u8], from: &str, to: &str) -> String {
    ServiceTokens::new(secret).sign(from, to, Clock::system().now())
}

on_both!(
    a_feed_is_for_services_operators_and_readers,
    what_services_ask_of_each_other_is_for_the_one_that_is_asked,
    events_are_taken_from_services_operators_and_publishers,
);

async fn a_feed_is_for_services_operators_and_readers(bed: Bed) {
    let site = Site::of_producer(&bed).await;
    let other = b"the secret of somebody else, of 32 bytes and more";
    let cases = [
        ("operator", site.token_of("operator"), 200),
        ("reader", site.token_of("reader"), 200),
        ("buyer", site.token_of("buyer"), 403),
        ("publisher", site.token_of("publisher"), 403),
        ("service", token(SECRET, "consumer", "producer"), 200),
        (
            "its token for another",
            token(SECRET, "consumer", "orders"),
            401,
        ),
        ("another secret", token(other, "consumer", "producer"), 401),
        ("nonsense", "x.y.z".to_owned(), 401),
    ];
    for (who, token, status) in cases {
        for path in ["/feed/counts", "/feed/counts/0", "/feed/counts/heads"] {
            let answer = site.get_as(&token, path).await;
            assert_eq!(answer.status, status, "{who} at {path}: {}", answer.text);
        }
    }
    for path in [
        "/feed/counts",
        "/feed/counts/0",
        "/feed/counts/heads",
        "/feed/nothing",
    ] {
        let nobody = answer(reqwest::Client::new().get(site.url(path))).await;
        assert_eq!(nobody.problem().1, "not_signed_in", "{path}");
        assert_eq!(nobody.status, 401);
    }
    // A gateway sends its own beside everybody's, so it opens nothing here.
    let request = reqwest::Client::new().get(site.url("/feed/counts"));
    let request = request.bearer_auth(site.token_of("buyer")).header(
        "tidings-service-token",
        token(SECRET, "gateway", "producer"),
    );
    assert_eq!(answer(request).await.status, 403);
    site.stop().await;
}

async fn what_services_ask_of_each_other_is_for_the_one_that_is_asked(bed: Bed) {
    let asker = Service::new("asker").sends::<Count>();
    let counter = Service::new("counter").handles(count);
    let setup = bed.setup(&Clock::system());
    let setup = setup.service(asker).service(counter).service(producer());
    let site = Site::open(setup, None).await;
    let path = "/feed/commands.asker.counter";
    let cases = [
        ("the one asked", token(SECRET, "counter", "asker"), 200),
        ("the sender", token(SECRET, "asker", "asker"), 200),
        ("another service", token(SECRET, "producer", "asker"), 403),
        ("operator", site.token_of("operator"), 200),
        ("reader", site.token_of("reader"), 403),
    ];
    for (who, token, status) in cases {
        for path in [
            path.to_owned(),
            format!("{path}/0"),
            format!("{path}/heads"),
        ] {
            let answer = site.get_as(&token, &path).await;
            assert_eq!(answer.status, status, "{who} at {path}: {}", answer.text);
        }
    }
    site.stop().await;
}

async fn events_are_taken_from_services_operators_and_publishers(bed: Bed) {
    let setup = bed.setup(&Clock::system());
    let site = Site::open(setup.service(producer().accepts::<CountEvent>()), None).await;
    let event = json!({
        "specversion": "1.0", "id": "1", "source": "/test", "type": "count.added",
        "data": { "key": "a", "number": 1 },
    });
    let cases = [
        ("operator", site.token_of("operator"), 202),
        ("publisher", site.token_of("publisher"), 202),
        ("reader", site.token_of("reader"), 403),
        ("service", token(SECRET, "consumer", "producer"), 202),
        ("nonsense", "x".to_owned(), 401),
    ];
    for (who, token, status) in cases {
        let answer = site.post_as(&token, "/feed/counts", &event).await;
        assert_eq!(answer.status, status, "{who}: {}", answer.text);
    }
    site.stop().await;
}
