//! Who calls whom, and whether they get answers.

use axum::extract::State;
use tidings::{BreakerState, CallStatus, Installation, Json, Timestamp};

use super::operator::Operator;
use crate::Gateway;
use crate::health::elsewhere::CALLER;

/// One pair, in words. What changes with every call is left out: it would make the open page
/// load itself again and again.
pub(super) struct CallRow {
    pub(super) name: String,
    pub(super) way: &'static str,
    pub(super) state: &'static str,
    pub(super) words: &'static str,
    pub(super) more: Option<String>,
    pub(super) since: Option<Timestamp>,
    pub(super) error: Option<String>,
}

/// For programs.
pub(super) async fn list(_: Operator, State(gateway): State<Gateway>) -> Json<Vec<CallStatus>> {
    Json(gateway.installation().calls())
}

/// For the page, without our own looking after the others: it says itself who does not answer.
pub(super) fn rows(installation: &Installation) -> Vec<CallRow> {
    let calls = installation.calls().into_iter();
    calls.filter(|call| call.from != CALLER).map(row).collect()
}

fn row(status: CallStatus) -> CallRow {
    let (state, words) = match (status.state, status.failures) {
        // Whoever was never asked has not answered.
        (BreakerState::Closed, 0) if status.tries == 0 => ("idle", "Not asked yet"),
        (BreakerState::Closed, 0) => ("running", "Answers"),
        (BreakerState::Closed, _) => ("lagging", "Failing"),
        (BreakerState::Open, _) => ("dead", "Left alone"),
        (BreakerState::HalfOpen, _) => ("lagging", "On trial"),
    };
    let more = match (status.state, status.failures) {
        (BreakerState::Closed, 0) => None,
        (BreakerState::Closed, 1) => Some("once so far".to_owned()),
        (BreakerState::Closed, times) => Some(format!("{times} times in a row")),
        (BreakerState::Open, _) => Some("calls end at once".to_owned()),
        (BreakerState::HalfOpen, _) => Some("one call at a time".to_owned()),
    };
    CallRow {
        name: format!("{} → {}", status.from, status.to),
        way: if status.is_remote {
            "Over the network"
        } else {
            "In this process"
        },
        state,
        words,
        more,
        since: status.opened_at,
        error: status.last_error,
    }
}
