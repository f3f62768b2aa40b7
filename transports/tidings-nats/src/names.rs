//! What streams and slots are called in the broker.
//!
//! Letters, digits, `-` and `_` stay; everything else (a dot, a star, a space: what NATS gives a
//! meaning or forbids) becomes `_`. Two streams that become one name are told apart by what the
//! JetStream stream says about itself, and the second is refused.

/// The JetStream stream of a stream: `TIDINGS_ORDERS`.
pub(crate) fn stream(prefix: &str, stream: &str) -> String {
    format!("{}_{}", token(prefix), token(stream)).to_uppercase()
}

/// The subject of a slot: `tidings.orders.12`.
pub(crate) fn subject(prefix: &str, stream: &str, slot: u16) -> String {
    format!("{}.{}.{slot}", token(prefix), token(stream))
}

/// The subjects of all slots.
pub(crate) fn subjects(prefix: &str, stream: &str) -> String {
    format!("{}.{}.*", token(prefix), token(stream))
}

fn token(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let keep = |c: char| if allowed(c) { c } else { '_' };
    name.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_nothing_that_nats_would_understand() {
        assert_eq!(stream("tidings", "orders"), "TIDINGS_ORDERS");
        assert_eq!(stream("te st", "a.b*>é"), "TE_ST_A_B___");
        assert_eq!(subject("tidings", "orders", 12), "tidings.orders.12");
        assert_eq!(subjects("tidings", "mail.send"), "tidings.mail_send.*");
    }
}
