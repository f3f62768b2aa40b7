//! Letters about alerts go straight to the mail server; mail that does not leave is an alert.

use std::sync::Arc;
use std::time::Duration;

use notifications::{AlertMail, BadSettings, Settings};
use tidings::alert::{self, Notices};
use tidings::{Clock, Handle, Service, Setup, Storage, Worker, params};

use crate::server::{Mood, Server};
use crate::stage::{MINUTE, Stage, receipt};

/// Services whose alerts are told by mail, on a clock that the test moves.
struct Office {
    clock: Clock,
    workers: Vec<Worker>,
    service: Handle,
}

impl Office {
    async fn new(mail: AlertMail) -> Self {
        let clock = Clock::manual("2026-01-01T12:00:00Z".parse().unwrap());
        let notices = Notices {
            channels: vec![Arc::new(mail)],
            url: Some("https://tickets.example/console/alerts".to_owned()),
            ..Notices::default()
        };
        let setup = Setup::new(Storage::Memory).clock(clock.clone());
        let setup = setup.service(Service::new("orders")).notices(notices);
        let mut installation = setup.open().await.unwrap();
        let mut office = Self {
            workers: installation.workers(),
            service: installation.handle("orders").unwrap(),
            clock,
        };
        office.live(Duration::ZERO).await;
        office
    }

    async fn live(&mut self, span: Duration) {
        self.clock.advance(span);
        for _ in 0..3 {
            for worker in &mut self.workers {
                worker.step().await.unwrap();
            }
        }
    }

    async fn write(&self, sql: &str) {
        let mut tx = self.service.begin_own().await.unwrap();
        tx.execute(sql, params![self.clock.now()]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn to(addresses: &[&str]) -> Vec<String> {
    addresses.iter().map(|&one| one.to_owned()).collect()
}

const OPEN: &str = "INSERT INTO tidings_alerts (kind, subject, text, opened_at)
    VALUES ('gap', 'tickets tickets.3', 'tickets.3.17 is missing', $1)";

#[tokio::test]
async fn operators_get_a_letter_when_an_alert_opens_and_one_when_it_is_closed() {
    let server = Server::start().await;
    let both = to(&["Ann <ann@ops.example>", "ben@ops.example"]);
    let mail = AlertMail::try_new(&server.settings(), &both).unwrap();
    let mut office = Office::new(mail).await;
    office.write(OPEN).await;
    office.live(MINUTE).await;
    office.live(10 * MINUTE).await;
    let letters = server.letters();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!(letter.to, ["<ann@ops.example>", "<ben@ops.example>"]);
    assert_eq!(
        letter.header("Subject"),
        "Alert opened: orders gap, tickets tickets.3"
    );
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    assert!(letter.text.contains("tickets.3.17 is missing"));
    assert!(
        letter
            .text
            .contains("https://tickets.example/console/alerts")
    );
    let close = "UPDATE tidings_alerts SET closed_at = $1";
    office.write(close).await;
    office.live(MINUTE).await;
    let subjects: Vec<_> = server
        .letters()
        .iter()
        .map(|one| one.header("Subject"))
        .collect();
    assert_eq!(
        subjects[1..],
        ["Alert closed: orders gap, tickets tickets.3"]
    );
}

/// a mail server that is away loses no alert, and gets each letter once when it is back.
#[tokio::test]
async fn a_mail_server_that_was_away_gets_what_was_to_be_told() {
    let mut server = Server::start().await;
    let mail = AlertMail::try_new(&server.settings(), &to(&["ann@ops.example"])).unwrap();
    let mut office = Office::new(mail).await;
    server.stop().await;
    office.write(OPEN).await;
    for _ in 0..5 {
        office.live(MINUTE).await;
    }
    server.come_back().await;
    server.be(Mood::IsBusy);
    office.live(30 * MINUTE).await;
    assert_eq!(server.letters(), []);
    server.be(Mood::Takes);
    office.live(30 * MINUTE).await;
    office.live(30 * MINUTE).await;
    assert_eq!(server.letters().len(), 1);
    let row = alert::list(&office.service, &alert::Asked::default(), 1).await;
    assert!(row.unwrap()[0].notified_at.is_some());
}

#[tokio::test]
async fn letters_need_a_server_and_addresses() {
    let refused = AlertMail::try_new(&Settings::mailbox(), &to(&["ann@ops.example"]));
    assert_eq!(refused.err(), Some(BadSettings::NoServer));
    let server = Server::start().await;
    let refused = AlertMail::try_new(&server.settings(), &to(&["nobody"]));
    assert_eq!(refused.err(), Some(BadSettings::To("nobody".to_owned())));
}

/// it is found, it tells nobody whom the letter is for, and it is over once it has left.
#[tokio::test]
async fn mail_that_does_not_leave_is_an_alert_until_it_has_left() {
    let mut server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    server.stop().await;
    stage.ask(&receipt(1)).await;
    stage.advance(14 * MINUTE).await;
    assert_eq!(found(&stage).await, [""; 0]);
    stage.advance(2 * MINUTE).await;
    let [text] = &found(&stage).await[..] else {
        panic!("{:?}", found(&stage).await);
    };
    assert!(
        text.starts_with("mail that does not leave: message "),
        "{text}"
    );
    assert!(!text.contains("ann@"), "{text}");
    server.come_back().await;
    stage.advance(31 * MINUTE).await;
    stage.advance(MINUTE).await;
    assert_eq!(found(&stage).await, [""; 0]);
}

async fn found(stage: &Stage) -> Vec<String> {
    let open = alert::open(&stage.service()).await.unwrap();
    let found = open.into_iter().filter(|one| one.kind == "detector");
    found
        .map(|one| format!("{} {}", one.subject, one.text))
        .collect()
}
