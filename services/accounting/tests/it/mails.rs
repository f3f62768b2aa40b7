//! What people are written when they are paid, and when that cannot be sent.

use contracts::notifications::SendEmail;
use contracts::tasks::TaskEvent;
use serde_json::Value;
use tidings::{Fate, Fault, Received, Service, Storage, Tx};
use tidings_test::World;

use crate::stage::{DAY, HOUR, MINUTE, Stage, TODAY, assigned, at, completed, others};
use crate::stage::{record, settings, user};

tidings_test::on_both!(
    b_28_the_letter_states_date_amount_and_every_entry_of_the_day,
    b_28_what_the_mail_service_refuses_is_seen_with_the_payout,
    b_28_a_mail_service_that_is_away_for_a_day_is_seen_with_the_payout,
);

async fn b_28_the_letter_states_date_amount_and_every_entry_of_the_day(storage: Storage) {
    let mut stage = Stage::with_people(storage).await;
    // Yesterday Ann owed something.
    stage.work_at(1, 1, false, at("2025-12-31T10:00:00Z")).await;
    let mut named = record(2, "Mend the gate", 1);
    named.jira_id = Some("POP-42".to_owned());
    stage.tell(vec![TaskEvent::Created(named)]).await;
    let morning = at("2026-01-01T09:12:00Z");
    stage.tell(vec![assigned(2, 1, 2, morning)]).await;
    stage.tell(vec![completed(2, 1, morning.plus(HOUR))]).await;
    let mut number = 3;
    while stage.balance(1).await <= 0 {
        let later = morning.plus(2 * HOUR + MINUTE * (number as u32));
        stage.work_at(number, 1, true, later).await;
        number += 1;
    }
    let balance = stage.balance(1).await;
    stage.close(TODAY).await;

    let letters = stage.letters().await;
    let [(reader, subject, text)] = letters.as_slice() else {
        panic!("one letter: {letters:?}");
    };
    let dollars = |minor: i64| format!("${}.00", minor / 100);
    assert_eq!(*reader, user(1));
    assert_eq!(
        *subject,
        format!("Your pay for Thu 1 January 2026: {}", dollars(balance))
    );
    let (first, second) = (stage.price(1).await, stage.price(2).await);
    let begin = format!(
        "Hello Ann,\n\nthe books of Thu 1 January 2026 are closed. We pay you {}.\n\n\
         Your account on this day (times are UTC):\n\n\
         {:>17}  Carried over from the day before\n\
         {:>17}  09:12  Assigned in a shuffle by Mia: POP-42 Mend the gate\n\
         {:>17}  10:12  Completed: POP-42 Mend the gate\n",
        dollars(balance),
        format!("-{}", dollars(first.0)),
        format!("-{}", dollars(second.0)),
        format!("+{}", dollars(second.1)),
    );
    assert!(text.starts_with(&begin), "{text}\n{begin}");
    let end = format!(
        "{:>17}  Paid out to you\n{:>17}  Carried over to the next day\n\n\
         You find every entry at any time under “My account”.\n",
        format!("-{}", dollars(balance)),
        "$0.00"
    );
    assert!(text.ends_with(&end), "{text}\n{end}");
    assert_eq!(text.matches(" Task ").count() as u128, 2 * (number - 3));
    stage.ends_well().await;
}

/// A mail service that refuses everything.
fn unwilling() -> Service {
    async fn refuse(_: Received<SendEmail>, _: &mut Tx) -> Result<(), Refused> {
        Err(Refused)
    }
    Service::new("notifications").handles(refuse)
}

#[derive(Debug, thiserror::Error)]
#[error("send what is hopeless")]
struct Refused;

impl Fault for Refused {
    fn fate(&self) -> Fate {
        Fate::Fail
    }
}

/// What is seen of the e-mail of Ann's payout at once and a day later.
async fn seen_of_the_mail(storage: Storage, mails: Option<Service>) -> [Value; 2] {
    let mut services = vec![accounting::service(settings()), Service::new("ear")];
    services.extend(mails);
    services.extend(others());
    let mut stage = Stage {
        world: World::on(storage, services).await,
    };
    stage.people().await;
    stage.work(1, 1, true).await;
    stage.close(TODAY).await;
    assert_eq!(stage.balance(1).await, 0);
    let path = "/api/accounting/payouts?day=2026-01-01";
    let at_once = stage.look(path).await[0]["mail"].clone();
    stage.advance(DAY + MINUTE).await;
    let day = stage.look("/api/accounting/days/2026-01-01").await;
    assert_eq!(day["status"], "closed");
    [at_once, stage.look(path).await[0]["mail"].clone()]
}

async fn b_28_what_the_mail_service_refuses_is_seen_with_the_payout(storage: Storage) {
    let seen = seen_of_the_mail(storage, Some(unwilling())).await;
    assert_eq!(seen, ["refused", "refused"]);
}

async fn b_28_a_mail_service_that_is_away_for_a_day_is_seen_with_the_payout(storage: Storage) {
    let seen = seen_of_the_mail(storage, None).await;
    assert_eq!(seen, ["asked", "unanswered"]);
}
