//! People are told of an alert once when it opens, again while nobody takes it on, and once when
//! it is closed; whatever dies meanwhile.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value as Json;
use standardwebhooks::Webhook as Library;
use tidings::alert::{self, Asked, Channel, Letter, Notices, Webhook};
use tidings::{Clock, Handle, Service, params};

use super::{MINUTE, SECOND, live};
use crate::bed::{Bed, Stage, clock, on_both};
use crate::callbacks::receiver::{Receiver, status};

on_both!(
    people_are_told_once_when_it_opens_and_once_when_it_closes,
    what_opens_together_is_told_together,
    people_are_reminded_until_somebody_takes_it_on,
    nobody_is_told_while_the_way_is_closed_and_everybody_afterwards,
    who_dies_before_it_is_noted_tells_it_once_more,
    of_two_instances_one_tells,
    what_was_over_before_anybody_could_be_told_is_told_with_its_end,
    a_program_gets_it_signed_until_it_takes_it,
    addresses_and_secrets_that_cannot_be_used_are_refused_without_being_told,
);

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What people were told, and whether they can be.
#[derive(Clone, Default)]
struct People(Arc<Mutex<(Vec<Letter>, bool)>>);

impl People {
    fn letters(&self) -> Vec<Letter> {
        self.0.lock().unwrap().0.clone()
    }

    fn are_away(&self, away: bool) {
        self.0.lock().unwrap().1 = away;
    }

    /// Of each letter, what opened, what is still open, what is closed.
    fn heard(&self) -> Vec<[String; 3]> {
        let told = |list: &[alert::Told]| {
            let names = list.iter().map(|one| one.alert.subject.clone());
            names.collect::<Vec<_>>().join(",")
        };
        self.letters()
            .iter()
            .map(|one| [told(&one.opened), told(&one.reminded), told(&one.closed)])
            .collect()
    }
}

impl Channel for People {
    fn name(&self) -> &str {
        "people"
    }

    fn tell<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let mut people = self.0.lock().unwrap();
            if people.1 {
                return Err("nobody is there".to_owned());
            }
            people.0.push(letter.clone());
            Ok(())
        })
    }
}

async fn stage_at(bed: &Bed, clock: &Clock, channel: Arc<dyn Channel>) -> Stage {
    let notices = Notices {
        channels: vec![channel],
        remind: 60 * MINUTE,
        url: Some("https://tickets.example/console/alerts".to_owned()),
    };
    let setup = bed
        .setup(clock)
        .service(Service::new("one"))
        .service(Service::new("two"))
        .notices(notices);
    Stage::open(setup, clock.clone()).await
}

async fn stage(bed: &Bed) -> (Stage, People) {
    let people = People::default();
    let mut stage = stage_at(bed, &clock(), Arc::new(people.clone())).await;
    live(&mut stage, SECOND).await;
    (stage, people)
}

async fn open(service: &Handle, subject: &str) {
    let sql = "INSERT INTO tidings_alerts (kind, subject, text, opened_at)
        VALUES ('gap', $1, 'it is missing', $2)";
    write(service, sql, params![subject, service.now()]).await;
}

async fn close(service: &Handle, subject: &str) {
    let sql = "UPDATE tidings_alerts SET closed_at = $1 WHERE closed_at IS NULL AND subject = $2";
    write(service, sql, params![service.now(), subject]).await;
}

async fn write(service: &Handle, sql: &str, params: &[tidings::Value]) {
    let mut tx = service.begin_own().await.unwrap();
    tx.execute(sql, params).await.unwrap();
    tx.commit().await.unwrap();
}

fn words(lines: &[[&str; 3]]) -> Vec<[String; 3]> {
    lines.iter().map(|line| line.map(str::to_owned)).collect()
}

async fn people_are_told_once_when_it_opens_and_once_when_it_closes(bed: Bed) {
    let (mut stage, people) = stage(&bed).await;
    let one = stage.handle("one");
    open(&one, "a").await;
    for _ in 0..10 {
        live(&mut stage, 2 * MINUTE).await;
    }
    assert_eq!(people.heard(), words(&[["a", "", ""]]));
    let row = alert::list(&one, &Asked::default(), 1)
        .await
        .unwrap()
        .remove(0);
    assert!(row.notified_at.is_some());
    close(&one, "a").await;
    for _ in 0..10 {
        live(&mut stage, 2 * MINUTE).await;
    }
    assert_eq!(people.heard(), words(&[["a", "", ""], ["", "", "a"]]));
    open(&one, "a").await;
    live(&mut stage, 2 * MINUTE).await;
    assert_eq!(
        people.heard()[2..],
        words(&[["a", "", ""]]),
        "another opening"
    );
    let first = &people.letters()[0];
    assert_eq!(first.subject(), "Alert opened: one gap, a");
    let text = first.text();
    for part in [
        "one: gap, a",
        "it is missing",
        "Restore the producer's",
        "/console/alerts",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

async fn what_opens_together_is_told_together(bed: Bed) {
    let (mut stage, people) = stage(&bed).await;
    for number in 0..60 {
        open(&stage.handle("one"), &format!("{number:02}")).await;
    }
    open(&stage.handle("two"), "other").await;
    live(&mut stage, 10 * SECOND).await;
    let letters = people.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].opened.len(), 61);
    assert_eq!(letters[0].subject(), "61 alerts opened: one gap, two gap");
    assert!(letters[0].text().contains("and 11 more"));
    // What comes soon after waits for a minute, so that a storm is no storm of letters.
    open(&stage.handle("one"), "late").await;
    live(&mut stage, 30 * SECOND).await;
    assert_eq!(people.letters().len(), 1);
    live(&mut stage, 40 * SECOND).await;
    assert_eq!(people.letters().len(), 2);
}

async fn people_are_reminded_until_somebody_takes_it_on(bed: Bed) {
    let (mut stage, people) = stage(&bed).await;
    let one = stage.handle("one");
    open(&one, "a").await;
    live(&mut stage, 2 * MINUTE).await;
    live(&mut stage, 61 * MINUTE).await;
    live(&mut stage, 61 * MINUTE).await;
    let so_far = [["a", "", ""], ["", "a", ""], ["", "a", ""]];
    assert_eq!(people.heard(), words(&so_far));
    let [first, second] = [&people.letters()[1], &people.letters()[2]].map(Letter::id);
    assert_ne!(first, second, "two reminders are two letters");
    let id = alert::list(&one, &Asked::default(), 1).await.unwrap()[0].id;
    let mut tx = one.begin_own().await.unwrap();
    assert!(alert::acknowledge(&mut tx, id, "I am at it").await.unwrap());
    tx.commit().await.unwrap();
    for _ in 0..5 {
        live(&mut stage, 61 * MINUTE).await;
    }
    assert_eq!(people.heard(), words(&so_far), "quiet");
    close(&one, "a").await;
    live(&mut stage, 2 * MINUTE).await;
    assert_eq!(people.heard()[3..], words(&[["", "", "a"]]));
}

async fn nobody_is_told_while_the_way_is_closed_and_everybody_afterwards(bed: Bed) {
    let (mut stage, people) = stage(&bed).await;
    let one = stage.handle("one");
    people.are_away(true);
    open(&one, "a").await;
    for _ in 0..10 {
        live(&mut stage, MINUTE).await;
    }
    let sql = "SELECT failures, error FROM tidings_channels";
    let mut conn = one.read().await.unwrap();
    let (failures, error): (i64, Option<String>) = conn.query_one(sql, &[]).await.unwrap();
    drop(conn);
    assert!(
        (2..=8).contains(&failures),
        "with longer and longer pauses: {failures}"
    );
    assert_eq!(error.as_deref(), Some("nobody is there"));
    open(&one, "b").await;
    people.are_away(false);
    live(&mut stage, 31 * MINUTE).await;
    assert_eq!(people.heard(), words(&[["a,b", "", ""]]));
}

async fn who_dies_before_it_is_noted_tells_it_once_more(bed: Bed) {
    let clock = clock();
    let people = People::default();
    let mut stage = stage_at(&bed, &clock, Arc::new(people.clone())).await;
    live(&mut stage, SECOND).await;
    let one = stage.handle("one");
    open(&one, "a").await;
    // As a process leaves it that dies after the letter has gone: leased, nothing noted.
    let until = clock.now().plus(2 * MINUTE);
    write(
        &one,
        "UPDATE tidings_channels SET leased_until = $1",
        params![until],
    )
    .await;
    drop(stage);
    let mut stage = stage_at(&bed, &clock, Arc::new(people.clone())).await;
    live(&mut stage, MINUTE).await;
    assert_eq!(people.heard(), words(&[]), "the other one may live");
    for _ in 0..5 {
        live(&mut stage, MINUTE).await;
    }
    assert_eq!(people.heard(), words(&[["a", "", ""]]));
}

async fn of_two_instances_one_tells(bed: Bed) {
    let clock = clock();
    let people = People::default();
    let mut first = stage_at(&bed, &clock, Arc::new(people.clone())).await;
    let mut second = stage_at(&bed, &clock, Arc::new(people.clone())).await;
    live(&mut first, SECOND).await;
    live(&mut second, SECOND).await;
    for round in 0..5 {
        open(&first.handle("one"), &round.to_string()).await;
        clock.advance(2 * MINUTE);
        tokio::join!(
            live(&mut first, Duration::ZERO),
            live(&mut second, Duration::ZERO)
        );
    }
    let rounds = ["0", "1", "2", "3", "4"].map(|round| [round, "", ""]);
    assert_eq!(people.heard(), words(&rounds));
}

async fn what_was_over_before_anybody_could_be_told_is_told_with_its_end(bed: Bed) {
    let clock = clock();
    let people = People::default();
    let quiet = bed.stage([Service::new("one"), Service::new("two")]).await;
    open(&quiet.handle("one"), "long ago").await;
    close(&quiet.handle("one"), "long ago").await;
    drop(quiet);
    clock.advance(MINUTE);
    let mut stage = stage_at(&bed, &clock, Arc::new(people.clone())).await;
    live(&mut stage, SECOND).await;
    assert_eq!(people.heard(), words(&[]), "from before there was this way");
    let one = stage.handle("one");
    open(&one, "short").await;
    clock.advance(SECOND);
    close(&one, "short").await;
    for _ in 0..3 {
        live(&mut stage, 2 * MINUTE).await;
    }
    assert_eq!(people.heard(), words(&[["", "", "short"]]));
}

async fn a_program_gets_it_signed_until_it_takes_it(bed: Bed) {
    let receiver = Receiver::new([status(500), status(302), status(204)]).await;
    let url = receiver.url("127.0.0.1");
    let webhook = Webhook::try_new(&url, SECRET).unwrap();
    let clock = clock();
    let mut stage = stage_at(&bed, &clock, Arc::new(webhook)).await;
    live(&mut stage, SECOND).await;
    open(&stage.handle("one"), "a").await;
    for _ in 0..6 {
        live(&mut stage, MINUTE).await;
    }
    let heard = receiver.heard();
    assert_eq!(heard.len(), 3, "two failures, and then it was taken");
    let library = Library::new(SECRET).unwrap();
    for one in &heard {
        // The clock of the story is not the machine's, which the library looks at too.
        let at = one.header("webhook-timestamp").parse().unwrap();
        let signed = library
            .sign(one.header("webhook-id"), at, &one.body)
            .unwrap();
        assert_eq!(one.header("webhook-signature"), signed);
        assert_eq!(one.header("webhook-id"), heard[0].header("webhook-id"));
    }
    let body: Json = serde_json::from_slice(&heard[2].body).unwrap();
    assert_eq!(body["type"], "alerts.changed");
    assert_eq!(body["data"]["opened"][0]["service"], "one");
    assert_eq!(body["data"]["opened"][0]["kind"], "gap");
    assert_eq!(body["data"]["opened"][0]["subject"], "a");
    assert_eq!(
        body["data"]["url"],
        "https://tickets.example/console/alerts"
    );
}

async fn addresses_and_secrets_that_cannot_be_used_are_refused_without_being_told(_: Bed) {
    for (url, secret) in [
        ("ftp://there/", SECRET),
        ("https://me:s3cret@there/", SECRET),
        ("there", SECRET),
        ("http://10.0.0.7:9000/alerts", "whsec_c2hvcnQ="),
        ("http://10.0.0.7:9000/alerts", "s3cret"),
    ] {
        let refused = Webhook::try_new(url, secret).err().unwrap().to_string();
        assert!(!refused.contains("s3cret"), "{refused}");
    }
    assert!(
        Webhook::try_new("http://10.0.0.7:9000/alerts", SECRET).is_ok(),
        "it may be near"
    );
}
