//! Names on the wire: events are facts in the past tense, commands are imperatives.

use tidings::{Command, EventType, Stream};

use crate::accounting::{BillingDayEvent, PayoutEvent, PriceEvent, TransactionEvent};
use crate::expirations::ExpirationEvent;
use crate::notifications::{LetterEvent, SendEmail, SendLink};
use crate::orders::OrderEvent;
use crate::payments::PaymentEvent;
use crate::tasks::{AssignmentEvent, ShuffleEvent, TaskEvent};
use crate::tickets::TicketEvent;
use crate::users::UserEvent;

/// Verbs whose past does not end with `ed`.
const IRREGULAR: &[&str] = &["begun", "lost", "made", "paid", "sent", "sold", "withdrawn"];

/// Events that tell of a state rather than of a deed.
const STATES: &[&str] = &["order.awaiting_payment"];

/// Every event of every stream. A new stream is to be written down here.
fn events() -> impl Iterator<Item = &'static EventType> {
    [
        AssignmentEvent::TYPES,
        BillingDayEvent::TYPES,
        ExpirationEvent::TYPES,
        LetterEvent::TYPES,
        OrderEvent::TYPES,
        PaymentEvent::TYPES,
        PayoutEvent::TYPES,
        PriceEvent::TYPES,
        ShuffleEvent::TYPES,
        TaskEvent::TYPES,
        TicketEvent::TYPES,
        TransactionEvent::TYPES,
        UserEvent::TYPES,
    ]
    .into_iter()
    .flatten()
}

/// Name and target of every command. A new command is to be written down here.
const COMMANDS: &[(&str, &str)] = &[
    (SendEmail::NAME, SendEmail::TARGET),
    (SendLink::NAME, SendLink::TARGET),
];

fn is_past(word: &str) -> bool {
    word.ends_with("ed") || IRREGULAR.contains(&word)
}

/// `noun.verbed`, or `noun.thing_verbed`: what the name ends with tells that it has happened.
fn is_event_name(name: &str) -> bool {
    let verb = name
        .split_once('.')
        .and_then(|(_, rest)| rest.rsplit('_').next());
    verb.is_some_and(is_past)
}

/// `service.verb_object`: what follows the service begins with what is to be done.
fn is_command_name(name: &str, target: &str) -> bool {
    let rest = name
        .strip_prefix(target)
        .and_then(|rest| rest.strip_prefix('.'));
    let verb = rest.and_then(|rest| rest.split('_').next());
    verb.is_some_and(|verb| !verb.is_empty() && !is_past(verb) && !verb.ends_with("ing"))
}

#[test]
fn events_are_named_in_the_past_tense() {
    let wrong: Vec<&str> = events()
        .map(|event| event.name)
        .filter(|name| !is_event_name(name) && !STATES.contains(name))
        .collect();
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn commands_are_named_in_the_imperative_after_their_service() {
    let wrong: Vec<_> = COMMANDS
        .iter()
        .filter(|(name, target)| !is_command_name(name, target))
        .collect();
    assert_eq!(wrong, [&("", ""); 0]);
}

#[test]
fn the_rules_tell_facts_from_requests() {
    for name in [
        "order.created",
        "ticket.sold",
        "ticket.reservation_rejected",
    ] {
        assert!(is_event_name(name), "{name}");
    }
    for name in ["order.create", "order", "order.creating"] {
        assert!(!is_event_name(name), "{name}");
    }
    assert!(is_command_name("notifications.send_email", "notifications"));
    for name in [
        "notifications.sent_email",
        "notifications.sending",
        "mail.send",
        "notifications.",
    ] {
        assert!(!is_command_name(name, "notifications"), "{name}");
    }
}
