//! What a mail server is given, and what becomes of its answers.

use contracts::notifications::SendEmail;
use notifications::{BadSettings, Settings};

use crate::server::{Mood, Server};
use crate::stage::{DAY, MINUTE, Stage, kept, message_id, receipt, to_address};

#[tokio::test]
async fn a_message_reaches_the_server_whole() {
    let server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    let text = "Thank you.\n\n.a line that begins with a dot\nFrom: nobody\n".to_owned();
    stage
        .ask(&SendEmail {
            text: text.clone(),
            ..receipt(1)
        })
        .await;
    assert_eq!(stage.kept(1).await, kept("sent", None, 1));
    let letter = server.letters().remove(0);
    assert_eq!(letter.from, "<no-reply@tickets.example>");
    assert_eq!(letter.to, ["<ann@example.com>"]);
    assert_eq!(letter.header("From"), "Tidings <no-reply@tickets.example>");
    assert_eq!(letter.header("To"), "ann@example.com");
    assert_eq!(letter.header("Subject"), "Receipt 1");
    assert_eq!(letter.header("Date"), "Thu, 01 Jan 2026 12:00:00 +0000");
    let id = format!("<{}@tickets.example>", message_id(1));
    assert_eq!(letter.header("Message-ID"), id);
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    assert_eq!(letter.header("Content-Type"), "text/plain; charset=utf-8");
    assert_eq!(letter.text, text.trim_end());
}

/// SEC: whatever is in a subject, it is one header, and nobody else reads along.
#[tokio::test]
async fn nothing_in_a_message_becomes_a_header_or_a_reader() {
    let server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    let subject = "Hello\r\nBcc: all@example.com\r\n\r\nAn other text\u{0}";
    let subject = subject.to_owned();
    stage
        .ask(&SendEmail {
            subject,
            ..receipt(1)
        })
        .await;
    let subject = "Ваш билет — Лебединое озеро".to_owned();
    stage
        .ask(&SendEmail {
            subject,
            ..receipt(2)
        })
        .await;
    for address in [
        "a@b.example>\r\nRCPT TO:<c@d.example",
        "a@b.example, c@d.example",
    ] {
        stage.ask(&to_address(3, address)).await;
    }
    let letters = server.letters();
    assert_eq!(letters.len(), 2);
    let subject = "Hello Bcc: all@example.com An other text";
    assert_eq!(letters[0].header("Subject"), subject);
    assert!(
        letters[1].header("Subject").starts_with("=?utf-8?b?"),
        "{letters:?}"
    );
    for letter in letters {
        assert_eq!(letter.to, ["<ann@example.com>"]);
        assert_eq!(letter.text, "Thank you.");
        assert!(letter.head.iter().all(|line| line.is_ascii()));
        assert!(!letter.head.iter().any(|line| line.starts_with("Bcc")));
    }
}

#[tokio::test]
async fn an_address_that_is_not_ascii_is_named_as_it_is() {
    let server = Server::start().await;
    let mut stage = Stage::new(server.settings()).await;
    stage.ask(&to_address(1, "jörg@bücher.example")).await;
    assert_eq!(stage.kept(1).await, kept("sent", None, 1));
    let letter = server.letters().remove(0);
    assert_eq!(letter.to, ["<jörg@bücher.example>"]);
    assert!(letter.from.contains(" SMTPUTF8"), "{}", letter.from);
}

#[tokio::test]
async fn a_server_that_is_away_for_an_hour_loses_nothing() {
    let mut server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    server.stop().await;
    for number in 1..=5 {
        stage.ask(&receipt(number)).await;
    }
    for _ in 0..60 {
        stage.advance(MINUTE).await;
    }
    let (state, reason, attempts) = stage.kept(1).await;
    assert_eq!(state, "queued");
    assert!(reason.unwrap().contains("Connection refused"));
    assert!((5..20).contains(&attempts), "{attempts}");
    server.come_back().await;
    stage.advance(30 * MINUTE).await;
    let mut subjects: Vec<String> = server
        .letters()
        .iter()
        .map(|letter| letter.header("Subject"))
        .collect();
    subjects.sort();
    assert_eq!(
        subjects,
        [
            "Receipt 1",
            "Receipt 2",
            "Receipt 3",
            "Receipt 4",
            "Receipt 5"
        ]
    );
    for number in 1..=5 {
        assert_eq!(stage.kept(number).await.0, "sent");
    }
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_later() {
    let server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    server.be(Mood::IsBusy);
    stage.ask(&receipt(1)).await;
    let (state, reason, attempts) = stage.kept(1).await;
    assert_eq!((state.as_str(), attempts), ("queued", 1));
    assert!(reason.unwrap().contains("4.3.2 later"));
    server.be(Mood::Takes);
    stage.advance(MINUTE).await;
    assert_eq!(stage.kept(1).await, kept("sent", None, 2));
}

#[tokio::test]
async fn what_the_server_refuses_for_good_has_failed_and_says_why() {
    let server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    let moods = [
        (Mood::RefusesTheReader, "5.1.1 nobody of that name"),
        (Mood::RefusesTheText, "5.7.1 this is spam"),
    ];
    for (number, (mood, why)) in (1..).zip(moods) {
        server.be(mood);
        stage.ask(&receipt(number)).await;
        let (state, reason, attempts) = stage.kept(number).await;
        assert_eq!((state.as_str(), attempts), ("failed", 1));
        assert!(reason.as_ref().unwrap().contains(why), "{reason:?}");
        server.be(Mood::Takes);
        stage.advance(DAY).await;
        assert_eq!(
            stage.kept(number).await.0,
            "failed",
            "it is not tried again"
        );
    }
}

/// A wrong password, or a server that has shut us out, must not fail everybody's mail.
#[tokio::test]
async fn a_server_that_refuses_us_and_not_the_message_is_asked_again() {
    let server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    for (number, mood) in (1..).zip([Mood::RefusesEverybody, Mood::WantsAPassword]) {
        server.be(mood);
        stage.ask(&receipt(number)).await;
        stage.advance(60 * MINUTE).await;
        assert_eq!(stage.kept(number).await.0, "queued", "{mood:?}");
        server.be(Mood::Takes);
        stage.advance(60 * MINUTE).await;
        assert_eq!(stage.kept(number).await.0, "sent", "{mood:?}");
    }
}

/// 1. The text is sent. 2. The connection breaks. 3. Nobody knows whether it was taken, so it
/// is sent again: at least once, and both are recognisably the same.
#[tokio::test]
async fn a_message_whose_fate_nobody_knows_is_sent_again_as_the_same() {
    let server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    server.be(Mood::HangsUpAfterTheText);
    stage.ask(&receipt(1)).await;
    assert_eq!(stage.kept(1).await.0, "queued");
    server.be(Mood::Takes);
    stage.advance(MINUTE).await;
    assert_eq!(stage.kept(1).await, kept("sent", None, 2));
    let letters = server.letters();
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0], letters[1], "to the last byte");
}

#[tokio::test]
async fn a_message_that_nobody_takes_for_five_days_has_failed() {
    let server = Server::start().await;
    let mut stage = Stage::with_user(server.settings()).await;
    server.be(Mood::IsBusy);
    stage.ask(&receipt(1)).await;
    for _ in 0..5 * 24 {
        assert_eq!(stage.kept(1).await.0, "queued");
        stage.advance(60 * MINUTE).await;
    }
    stage.advance(60 * MINUTE).await;
    let (state, reason, _) = stage.kept(1).await;
    assert_eq!(state, "failed");
    assert!(reason.unwrap().starts_with("given up after five days: "));
    assert_eq!(stage.stuck().await, [""; 0]);
}

#[test]
fn settings_with_which_no_mail_can_be_sent_are_refused_and_never_tell_the_password() {
    let from = "no-reply@tickets.example";
    for url in [
        "",
        "mail.example",
        "http://u:secret@mail.example",
        "smtp://",
        "smtp://u:secret@h?tls=maybe",
    ] {
        let error = Settings::smtp(url, from).unwrap_err();
        assert_eq!(error, BadSettings::Server, "{url}");
        assert!(!error.to_string().contains("secret"));
    }
    let error = Settings::smtp("smtp://mail.example", "no address").unwrap_err();
    assert_eq!(error, BadSettings::From("no address".to_owned()));
    for url in [
        "smtp://h",
        "smtps://u:secret@h",
        "smtp://u:secret@h:25?tls=required",
        "smtp://h/own.name",
    ] {
        let settings = Settings::smtp(url, from).unwrap();
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
