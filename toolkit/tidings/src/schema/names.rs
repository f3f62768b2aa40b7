//! Names on the wire: events are facts in the past tense, commands are imperatives (X-01).

/// Verbs whose past does not end with `ed`.
const IRREGULAR: &[&str] = &[
    "beaten",
    "become",
    "been",
    "begun",
    "bent",
    "bitten",
    "blown",
    "born",
    "borne",
    "bought",
    "bound",
    "broken",
    "brought",
    "built",
    "burnt",
    "caught",
    "chosen",
    "come",
    "dealt",
    "done",
    "drawn",
    "driven",
    "drunk",
    "eaten",
    "fallen",
    "fed",
    "felt",
    "flown",
    "forbidden",
    "forgiven",
    "forgotten",
    "fought",
    "found",
    "frozen",
    "given",
    "gone",
    "gotten",
    "grown",
    "heard",
    "held",
    "hidden",
    "hung",
    "kept",
    "known",
    "laid",
    "learnt",
    "led",
    "left",
    "lent",
    "lit",
    "lost",
    "made",
    "meant",
    "met",
    "overdrawn",
    "overridden",
    "overtaken",
    "paid",
    "proven",
    "put",
    "read",
    "redone",
    "repaid",
    "resent",
    "ridden",
    "risen",
    "rung",
    "run",
    "said",
    "seen",
    "sent",
    "set",
    "shaken",
    "shown",
    "shut",
    "slept",
    "sold",
    "sought",
    "spent",
    "split",
    "spoken",
    "stolen",
    "stood",
    "struck",
    "stuck",
    "sung",
    "sunk",
    "sworn",
    "swum",
    "swung",
    "taken",
    "taught",
    "thought",
    "thrown",
    "told",
    "torn",
    "undone",
    "understood",
    "unset",
    "upheld",
    "withdrawn",
    "withheld",
    "woken",
    "won",
    "worn",
    "woven",
    "written",
];

/// Verbs whose past is as they are.
const ALIKE: &[&str] = &[
    "become", "beset", "bet", "burst", "cast", "come", "cost", "cut", "hit", "hurt", "let", "put",
    "quit", "read", "recast", "reset", "run", "set", "shed", "shut", "split", "spread", "unset",
    "upset", "wed",
];

/// Words that end like a past, and are none.
const NO_PAST: &[&str] = &[
    "bed", "bleed", "breed", "embed", "exceed", "feed", "need", "proceed", "seed", "speed",
    "succeed", "weed",
];

/// Words that end with `ing`, and are verbs.
const NO_GERUND: &[&str] = &[
    "bring", "cling", "fling", "ping", "ring", "sing", "sling", "spring", "string", "swing",
];

/// Whether an event is named as what has happened: `noun.verbed`, or `noun.thing_verbed`.
///
/// ```
/// use tidings::schema::check_event_name;
///
/// assert!(check_event_name("order.created").is_ok());
/// assert!(check_event_name("ticket.reservation_rejected").is_ok());
/// assert!(check_event_name("order.create").is_err());
/// ```
///
/// # Errors
/// What is wrong with it, as a fragment that fits behind the name.
pub fn check_event_name(name: &str) -> Result<(), String> {
    let Some((noun, deed)) = name.split_once('.') else {
        return Err("is not of the form noun.verbed".to_owned());
    };
    check_words(&[noun, deed])?;
    let verb = deed.rsplit('_').next().unwrap_or_default();
    match is_past(verb) {
        true => Ok(()),
        false => Err(format!(
            "does not tell what has happened: {verb:?} is not in the past tense, as order.created is"
        )),
    }
}

/// Whether a command is named as what is to be done: `service.verb_object`, after the service
/// that carries it out.
///
/// ```
/// use tidings::schema::check_command_name;
///
/// assert!(check_command_name("notifications.send_email", "notifications").is_ok());
/// assert!(check_command_name("notifications.email_sent", "notifications").is_err());
/// ```
///
/// # Errors
/// What is wrong with it, as a fragment that fits behind the name.
pub fn check_command_name(name: &str, target: &str) -> Result<(), String> {
    let deed = name
        .strip_prefix(target)
        .and_then(|rest| rest.strip_prefix('.'));
    let Some(deed) = deed else {
        return Err(format!("does not begin with its service, {target}."));
    };
    check_words(&[target, deed])?;
    let first = deed.split('_').next().unwrap_or_default();
    let last = deed.rsplit('_').next().unwrap_or_default();
    let is_told = |word: &str| is_past(word) && !ALIKE.contains(&word);
    let is_gerund = first.ends_with("ing") && !NO_GERUND.contains(&first);
    // `email_sent` begins with no verb; `hold_reserved` may.
    let is_fact = deed.contains('_') && IRREGULAR.contains(&last) && is_told(last);
    match is_told(first) || is_gerund || is_fact {
        false => Ok(()),
        true => Err("does not say what is to be done, as notifications.send_email does".to_owned()),
    }
}

fn is_past(verb: &str) -> bool {
    let is_regular = verb.ends_with("ed") && !NO_PAST.contains(&verb);
    is_regular || IRREGULAR.contains(&verb) || ALIKE.contains(&verb)
}

fn check_words(parts: &[&str]) -> Result<(), String> {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .chars()
                .all(|one| one.is_ascii_lowercase() || one.is_ascii_digit())
    };
    match parts.iter().all(|part| part.split('_').all(is_word)) {
        true => Ok(()),
        false => Err("has something but small letters, digits and single underscores".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// X-01
    #[test]
    fn events_are_told_from_what_has_not_happened() {
        for name in [
            "order.created",
            "ticket.sold",
            "ticket.reservation_rejected",
            "billing_day.closed",
            "price.set",
            "seat.found",
            "letter.sent",
        ] {
            assert_eq!(check_event_name(name), Ok(()), "{name}");
        }
        for name in [
            "order.create",
            "order",
            "order.creating",
            "order.need",
            "order.",
            ".created",
            "Order.created",
            "order.created.twice",
            "order._created",
        ] {
            assert!(check_event_name(name).is_err(), "{name}");
        }
    }

    /// X-01
    #[test]
    fn commands_are_told_from_facts() {
        for name in [
            "send_email",
            "set_price",
            "bring_back",
            "embed",
            "read_meter",
            "run",
        ] {
            let name = format!("meters.{name}");
            assert_eq!(check_command_name(&name, "meters"), Ok(()), "{name}");
        }
        for name in [
            "meters.sent_email",
            "meters.email_sent",
            "meters.sending",
            "meters.closed_day",
            "mail.send",
            "meters.",
        ] {
            assert!(check_command_name(name, "meters").is_err(), "{name}");
        }
    }
}
