//! The other side of the calls: what it was told, and what goes wrong on the way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tidings::{Call, Found, Outcome};

/// The other side: what it was told to do, and what goes wrong next.
#[derive(Clone, Default)]
pub(super) struct Bank {
    pub(super) done: Arc<Mutex<Vec<String>>>,
    /// Words for the next calls and questions; without one they go well.
    next: Arc<Mutex<VecDeque<&'static str>>>,
    pub(super) keys: Arc<Mutex<Vec<String>>>,
}

impl Bank {
    pub(super) fn with(words: &[&'static str]) -> Self {
        let bank = Self::default();
        bank.next.lock().unwrap().extend(words);
        bank
    }

    fn of(call: &Call) -> Arc<Self> {
        call.service().resource::<Self>().unwrap()
    }

    fn word(&self) -> &'static str {
        self.next.lock().unwrap().pop_front().unwrap_or_default()
    }

    pub(super) fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }

    fn is_done(&self, what: &str) -> bool {
        self.done.lock().unwrap().iter().any(|done| done == what)
    }

    fn call(&self, what: &str, key: &str) -> Outcome<String> {
        self.keys.lock().unwrap().push(key.to_owned());
        let word = self.word();
        if matches!(word, "" | "late") {
            self.done.lock().unwrap().push(what.to_owned());
        }
        match word {
            "" => Outcome::Done(format!("receipt of {what}")),
            "no" => Outcome::Failed("no money".to_owned()),
            _ => Outcome::Unknown("timed out".to_owned()),
        }
    }

    fn ask(&self, what: &str) -> Found<String> {
        match self.word() {
            "silent" => Found::Unknown("no answer".to_owned()),
            _ if self.is_done(what) => Found::Done(format!("receipt of {what}")),
            _ => Found::NotThere,
        }
    }
}

pub(super) async fn charge(what: String, call: Call) -> Outcome<String> {
    Bank::of(&call).call(&what, call.idempotency_key())
}

pub(super) async fn look_up(what: String, call: Call) -> Found<String> {
    Bank::of(&call).ask(&what)
}

pub(super) async fn refund(what: String, call: Call) -> Outcome<()> {
    let called = Bank::of(&call).call(&what, call.idempotency_key());
    called.map(drop)
}

pub(super) async fn look_up_refund(what: String, call: Call) -> Found<()> {
    Bank::of(&call).ask(&what).map(drop)
}
