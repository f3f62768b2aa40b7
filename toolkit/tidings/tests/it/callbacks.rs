//! Callbacks: what is sent, when it is sent again, and where it never goes.

mod addresses;
mod crashed;
mod many;
mod names;
pub(crate) mod receiver;
mod signed;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value as Json, json};
use tidings::{CallbackPolicy, Clock, Timestamp, alert, callback};

use crate::bed::{Bed, Stage, on_both};
use crate::operations::caller::Caller;
use crate::operations::exporter::{Way, exporter, exports};
use receiver::{Behaviour, Receiver, status, with};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// An owner, and a service that may call receivers on this machine.
struct Scene {
    stage: Stage,
    who: Caller,
}

/// Allows one address of this machine, as if it were on the internet.
fn policy() -> CallbackPolicy {
    CallbackPolicy::allowing([IpAddr::V4(Ipv4Addr::LOCALHOST)])
}

async fn scene(bed: &Bed) -> Scene {
    scene_with(bed, policy()).await
}

/// On a clock that begins now: receivers compare it with their own.
async fn scene_with(bed: &Bed, policy: CallbackPolicy) -> Scene {
    let clock = Clock::manual(Clock::system().now());
    let setup = bed.setup(&clock).callbacks(policy).service(exporter());
    let stage = Stage::open(setup, clock).await;
    let who = Caller::new(&stage);
    Scene { stage, who }
}

impl Scene {
    /// Asks for an export and lets it end, but sends nothing.
    async fn ask(&self, way: Way, url: &str) -> String {
        let body = json!({
            "name": "a", "way": way, "callback_url": url, "client_ref": "mine",
        });
        let reply = self.who.post("/api/exports", &body).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.json);
        reply.header("location").unwrap().to_owned()
    }

    /// Asks for an export and lets all happen that is due.
    async fn run(&mut self, url: &str) -> String {
        let location = self.ask(Way::Succeed, url).await;
        self.stage.settle().await;
        location
    }

    /// The delivery log, as its owner sees it.
    async fn log(&self, location: &str) -> Json {
        let reply = self.who.get(&format!("{location}/callback")).await;
        assert_eq!(reply.status, StatusCode::OK);
        reply.json
    }

    /// Moves time to the next try and makes it. Says how long that was.
    async fn next_try(&mut self, location: &str) -> Duration {
        let next_at = self.log(location).await["next_at"].clone();
        let next_at: Timestamp = next_at.as_str().unwrap().parse().unwrap();
        let pause = next_at.since(self.stage.clock.now());
        self.stage.advance(pause).await;
        pause
    }

    /// Lets all happen that is due, while time passes once the receiver was called.
    async fn settle_slowly(&mut self, receiver: &Receiver, calls: usize) {
        let clock = self.stage.clock.clone();
        let time = async {
            receiver.has_heard(calls).await;
            clock.advance(10 * SECOND);
        };
        tokio::join!(self.stage.settle(), time);
    }
}

fn outcomes(log: &Json) -> Vec<(Json, Json)> {
    let attempts = log["attempts"].as_array().unwrap().iter();
    let outcome = |one: &Json| (one["status"].clone(), one["error"].clone());
    attempts.map(outcome).collect()
}

on_both!(
    a_receiver_is_told_of_the_end_of_an_operation,
    every_end_is_told,
    a_failed_try_is_repeated_with_the_same_id_and_the_same_bytes,
    after_three_days_it_is_given_up_and_an_alert_is_open,
    a_receiver_that_is_gone_is_not_asked_again,
    a_receiver_that_asks_for_time_gets_it,
    a_redirect_is_a_failure_and_never_followed,
    a_receiver_that_says_nothing_is_given_ten_seconds,
    a_receiver_that_drips_is_given_ten_seconds,
    of_a_flood_no_more_is_read_than_is_kept,
    a_connection_that_breaks_off_is_a_failure,
    a_two_hundred_counts_whatever_follows,
    what_is_not_tls_is_a_failure_of_https,
    its_owner_or_an_operator_can_send_it_again,
);

/// D.5: the body, and what identifies it.
async fn a_receiver_is_told_of_the_end_of_an_operation(bed: Bed) {
    let receiver = Receiver::new([status(204)]).await;
    let policy = policy().public_url("https://tidings.example/");
    let mut scene = scene_with(&bed, policy).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].line, "POST /hooks?of=me HTTP/1.1");
    assert_eq!(heard[0].header("content-type"), "application/json");
    let body: Json = serde_json::from_slice(&heard[0].body).unwrap();
    let job_id = location.rsplit('/').next().unwrap();
    let finished_at = scene.who.get(&location).await.json["finished_at"].clone();
    assert_eq!(
        body,
        json!({
            "type": "job.finished",
            "timestamp": finished_at,
            "data": {
                "job_id": job_id, "job_type": "export", "status": "succeeded",
                "result_url": format!("https://tidings.example{location}"),
                "client_ref": "mine",
            },
        })
    );
    let log = scene.log(&location).await;
    assert_eq!(log["state"], "delivered");
    assert_eq!(log["webhook_id"], heard[0].header("webhook-id"));
    assert_eq!(log["url"], receiver.url("127.0.0.1"));
    assert_eq!(outcomes(&log), [(json!(204), Json::Null)]);
    scene.stage.advance(100 * HOUR).await;
    assert_eq!(receiver.heard().len(), 1);
}

/// Succeeded, failed for good, failed too often, cancelled.
async fn every_end_is_told(bed: Bed) {
    let receiver = Receiver::new([status(200)]).await;
    let mut scene = scene(&bed).await;
    let url = receiver.url("127.0.0.1");
    for way in [Way::Succeed, Way::Refuse, Way::Break] {
        scene.ask(way, &url).await;
        for _ in 0..4 {
            scene.stage.advance(HOUR).await;
        }
    }
    let location = scene.ask(Way::Succeed, &url).await;
    scene
        .who
        .post(&format!("{location}/cancel"), &Json::Null)
        .await;
    scene.stage.settle().await;
    let heard = receiver.heard();
    let told = heard.iter().map(|one| {
        let body: Json = serde_json::from_slice(&one.body).unwrap();
        (
            body["data"]["status"].clone(),
            body["data"]["error"]["code"].clone(),
        )
    });
    let expected = [
        (json!("succeeded"), Json::Null),
        (json!("failed"), json!("too_big")),
        (json!("failed"), json!("operation_failed")),
        (json!("cancelled"), Json::Null),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

async fn a_failed_try_is_repeated_with_the_same_id_and_the_same_bytes(bed: Bed) {
    let receiver = Receiver::new([status(500), status(404), status(200)]).await;
    let mut scene = scene(&bed).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    assert_eq!(scene.log(&location).await["state"], "queued");
    scene.next_try(&location).await;
    scene.next_try(&location).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|one| one.same() == heard[0].same()));
    let stamps = heard.iter().map(|one| one.header("webhook-timestamp"));
    assert!(stamps.is_sorted(), "signed when it is sent");
    let log = scene.log(&location).await;
    assert_eq!(log["state"], "delivered");
    let expected = [500, 404, 200].map(|code| (json!(code), Json::Null));
    assert_eq!(outcomes(&log), expected);
    assert_eq!(log["attempts"][0]["answer"], "noted");
    let row = scene.who.get(&location).await.json;
    assert_eq!(row["status"], "succeeded", "never changed by its callback");
}

/// P-12: at least ten tries over at least 72 hours; each pause at least as the schedule has it.
async fn after_three_days_it_is_given_up_and_an_alert_is_open(bed: Bed) {
    let receiver = Receiver::new([status(500)]).await;
    let mut scene = scene(&bed).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    let (mut tries, mut span) = (1, Duration::ZERO);
    let least = [10, 30, 120, 600, 1800, 7200, 21600, 43200, 86400, 108_000];
    for seconds in least {
        let pause = scene.next_try(&location).await;
        let most = SECOND * (seconds + seconds / 10);
        assert!((SECOND * seconds..=most).contains(&pause), "{pause:?}");
        tries += 1;
        span += pause;
    }
    assert_eq!(receiver.heard().len(), tries);
    assert!(tries >= 10 && span >= 72 * HOUR);
    let heard = receiver.heard();
    assert!(heard.iter().all(|one| one.same() == heard[0].same()));
    assert_eq!(scene.log(&location).await["state"], "exhausted");
    let service = scene.stage.handle("reports");
    let open = alert::open(&service).await.unwrap();
    let names: Vec<_> = open.iter().map(|one| (&*one.kind, &*one.subject)).collect();
    assert_eq!(names, [("callback", "127.0.0.1")]);
    scene.stage.advance(100 * HOUR).await;
    assert_eq!(receiver.heard().len(), tries);
}

async fn a_receiver_that_is_gone_is_not_asked_again(bed: Bed) {
    let receiver = Receiver::new([status(410)]).await;
    let mut scene = scene(&bed).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    assert_eq!(scene.log(&location).await["state"], "gone");
    scene.stage.advance(100 * HOUR).await;
    assert_eq!(receiver.heard().len(), 1);
}

/// F-64: 429 with `Retry-After`, in seconds and as a date; more than a day is not given.
async fn a_receiver_that_asks_for_time_gets_it(bed: Bed) {
    let date = "retry-after: Fri, 01 Jan 2100 00:00:00 GMT\r\n";
    let script = [
        with(429, "retry-after: 3600\r\n", ""),
        with(503, date, ""),
        with(429, "retry-after: soon\r\n", ""),
        with(500, "retry-after: 3600\r\n", ""),
        status(200),
    ];
    let receiver = Receiver::new(script).await;
    let mut scene = scene(&bed).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    for least in [HOUR, 24 * HOUR, 120 * SECOND, 600 * SECOND] {
        let pause = scene.next_try(&location).await;
        assert!((least..=least.mul_f64(1.1)).contains(&pause), "{pause:?}");
    }
    assert_eq!(scene.log(&location).await["state"], "delivered");
}

/// SEC-58.
async fn a_redirect_is_a_failure_and_never_followed(bed: Bed) {
    let other = Receiver::new([status(200)]).await;
    let to = format!("location: {}\r\n", other.url("127.0.0.1"));
    let codes = [301, 302, 303, 307, 308];
    let receiver = Receiver::new(codes.map(|code| with(code, &to, ""))).await;
    let mut scene = scene(&bed).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    for _ in 1..codes.len() {
        scene.next_try(&location).await;
    }
    let log = scene.log(&location).await;
    assert_eq!(log["state"], "queued");
    assert_eq!(outcomes(&log), codes.map(|code| (json!(code), Json::Null)));
    assert_eq!(other.heard().len(), 0);
}

const TOO_SLOW: &str = "there was no answer within ten seconds";

async fn a_receiver_that_says_nothing_is_given_ten_seconds(bed: Bed) {
    let receiver = Receiver::new([Behaviour::Hangs, status(200)]).await;
    let mut scene = scene(&bed).await;
    let location = scene.ask(Way::Succeed, &receiver.url("127.0.0.1")).await;
    scene.settle_slowly(&receiver, 1).await;
    let log = scene.log(&location).await;
    assert_eq!(outcomes(&log), [(Json::Null, json!(TOO_SLOW))]);
    assert_eq!(log["attempts"][0]["elapsed_ms"], 10_000);
    scene.next_try(&location).await;
    assert_eq!(scene.log(&location).await["state"], "delivered");
}

async fn a_receiver_that_drips_is_given_ten_seconds(bed: Bed) {
    let receiver = Receiver::new([Behaviour::Drips]).await;
    let mut scene = scene(&bed).await;
    let location = scene.ask(Way::Succeed, &receiver.url("127.0.0.1")).await;
    scene.settle_slowly(&receiver, 1).await;
    let log = scene.log(&location).await;
    assert_eq!(outcomes(&log), [(Json::Null, json!(TOO_SLOW))]);
}

/// SEC-59, SEC-66: 64 kB are read and one is kept; the rest stays with whoever sends it.
async fn of_a_flood_no_more_is_read_than_is_kept(bed: Bed) {
    let receiver = Receiver::new([Behaviour::Floods]).await;
    let mut scene = scene(&bed).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    let log = scene.log(&location).await;
    assert_eq!(log["state"], "delivered");
    assert_eq!(log["attempts"][0]["answer"], "x".repeat(1024));
    // What the machine's own buffers hold was never ours.
    assert!(receiver.flooded() < 32 << 20, "{}", receiver.flooded());
}

async fn a_connection_that_breaks_off_is_a_failure(bed: Bed) {
    let receiver = Receiver::new([Behaviour::BreaksOff, status(200)]).await;
    let mut scene = scene(&bed).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    let broken = json!("the connection broke before there was an answer");
    assert_eq!(
        outcomes(&scene.log(&location).await),
        [(Json::Null, broken)]
    );
    scene.next_try(&location).await;
    assert_eq!(scene.log(&location).await["state"], "delivered");
}

/// F-64: answers 200, then resets.
async fn a_two_hundred_counts_whatever_follows(bed: Bed) {
    let receiver = Receiver::new([Behaviour::AnswersAndBreaksOff]).await;
    let mut scene = scene(&bed).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    let log = scene.log(&location).await;
    assert_eq!(log["state"], "delivered");
    assert_eq!(log["attempts"][0]["answer"], "that is all");
}

async fn what_is_not_tls_is_a_failure_of_https(bed: Bed) {
    let receiver = Receiver::new([Behaviour::BreaksOff]).await;
    let mut scene = scene(&bed).await;
    let url = receiver.url("127.0.0.1").replace("http:", "https:");
    let location = scene.run(&url).await;
    let error = json!("no connection could be made");
    assert_eq!(outcomes(&scene.log(&location).await), [(Json::Null, error)]);
}

/// The same id and the same bytes again; one that floods a stranger with it is asked to wait
/// (SEC-67).
async fn its_owner_or_an_operator_can_send_it_again(bed: Bed) {
    let receiver = Receiver::new([status(410), status(200), status(200)]).await;
    let mut scene = scene(&bed).await;
    let location = scene.run(&receiver.url("127.0.0.1")).await;
    let redeliver = format!("{location}/callback/redeliver");
    let post = async |who: &Caller| who.post(&redeliver, &Json::Null).await.status;
    assert_eq!(post(&scene.who).await, StatusCode::TOO_MANY_REQUESTS);
    scene.stage.advance(10 * SECOND).await;
    let (other, operator) = (Caller::new(&scene.stage), Caller::operator(&scene.stage));
    assert_eq!(post(&other).await, StatusCode::NOT_FOUND);
    assert_eq!(post(&scene.who).await, StatusCode::NO_CONTENT);
    scene.stage.settle().await;
    assert_eq!(scene.log(&location).await["state"], "delivered");
    scene.stage.advance(10 * SECOND).await;
    assert_eq!(post(&operator).await, StatusCode::NO_CONTENT);
    scene.stage.settle().await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|one| one.same() == heard[0].same()));

    let service = scene.stage.handle("reports");
    let sql = "SELECT actor, act FROM tidings_acts ORDER BY at";
    let mut conn = service.read().await.unwrap();
    let acts: Vec<(String, String)> = conn.query(sql, &[]).await.unwrap();
    drop(conn);
    let by = |who: &Caller| (format!("user:{}", who.user_id), "redeliver".to_owned());
    assert_eq!(acts, [by(&scene.who), by(&operator)]);
    let all = callback::list(&service, Some("delivered"), None, 9)
        .await
        .unwrap();
    assert_eq!(all.len(), 1);
    let only = &all[0];
    let after = Some((only.created_at, only.id));
    let older = callback::list(&service, None, after, 9).await.unwrap();
    assert_eq!(older, []);
    let found = callback::get(&service, only.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(only));
    let tries = callback::attempts(&service, only.id).await.unwrap();
    let last = callback::last_attempts(&service, &[only.id]).await.unwrap();
    assert_eq!(last, [(only.id, tries.last().unwrap().clone())]);
    assert_eq!(exports(&service).await, ["a"]);
}
