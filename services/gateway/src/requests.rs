//! How requests were answered, and how long it took.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use tidings::meters::{Distribution, Histogram};

const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// Any other method: whoever asks must not be able to make up labels.
const OTHER: &str = "_OTHER";

/// A route as the code writes it, empty where there was none; so there are no more of them than
/// the code has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) route: String,
    pub(crate) method: &'static str,
    pub(crate) status: u16,
}

/// Answers since the process began.
#[derive(Default)]
pub(crate) struct Requests(Mutex<BTreeMap<Kind, Arc<Histogram>>>);

impl Requests {
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: Option<&str>,
        status: StatusCode,
        took: Duration,
    ) {
        let known = KNOWN.into_iter().find(|known| *known == method.as_str());
        let kind = Kind {
            route: route.unwrap_or_default().to_owned(),
            method: known.unwrap_or(OTHER),
            status: status.as_u16(),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = Arc::clone(all.entry(kind).or_default());
        drop(all);
        histogram.observe(took);
    }

    pub(crate) fn read(&self) -> Vec<(Kind, Distribution)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.iter().map(|(kind, took)| (kind.clone(), took.read()));
        all.collect()
    }
}
