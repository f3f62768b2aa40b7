//! A bounded queue of spans, and who empties it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use tidings::{Clock, chain};
use tokio::sync::Notify;

use super::proto;
use super::settings::{BadSettings, Settings};
use super::span::Finished;

/// Tries of one batch; then it is dropped, so that what is new finds a place.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Spans that are over and not yet sent.
pub(super) struct Queue {
    state: Mutex<State>,
    wake: Notify,
    max: usize,
}

#[derive(Default)]
struct State {
    spans: Vec<Finished>,
    dropped: u64,
    is_closed: bool,
}

/// What was taken out of the queue.
struct Batch {
    spans: Vec<Finished>,
    dropped: u64,
    is_last: bool,
}

impl Queue {
    pub(super) fn new(max: usize) -> Self {
        Self {
            state: Mutex::default(),
            wake: Notify::new(),
            max,
        }
    }

    /// Never waits: what finds no place is dropped, and counted.
    pub(super) fn put(&self, span: Finished) {
        let mut state = self.lock();
        if state.spans.len() >= self.max || state.is_closed {
            state.dropped += 1;
            return;
        }
        state.spans.push(span);
        let is_crowded = state.spans.len() == self.max / 2;
        drop(state);
        if is_crowded {
            self.wake.notify_one();
        }
    }

    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.wake.notify_one();
    }

    fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    fn take(&self, most: usize) -> Batch {
        let mut state = self.lock();
        let most = most.min(state.spans.len());
        let rest = state.spans.split_off(most);
        let spans = std::mem::replace(&mut state.spans, rest);
        Batch {
            is_last: state.spans.is_empty(),
            dropped: std::mem::take(&mut state.dropped),
            spans,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a batch was not taken.
enum Refused {
    /// It may be taken later.
    ForNow(String),
    ForEver(String),
}

pub(super) struct Exporter {
    client: reqwest::Client,
    settings: Settings,
    queue: Arc<Queue>,
    clock: Clock,
    /// Spans that were lost since the collector was last there.
    lost: u64,
    is_away: bool,
}

impl Exporter {
    pub(super) fn try_new(settings: &Settings, queue: Arc<Queue>) -> Result<Self, BadSettings> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(settings.timeout)
            .user_agent(concat!("tidings/", env!("CARGO_PKG_VERSION")));
        let client = client.build();
        let wrong = |error| BadSettings::new("the HTTP client for traces", chain(&error));
        Ok(Self {
            client: client.map_err(wrong)?,
            settings: settings.clone(),
            queue,
            clock: Clock::system(),
            lost: 0,
            is_away: false,
        })
    }

    /// Sends until the queue is closed, and then what is left.
    pub(super) async fn run(mut self) {
        loop {
            let is_closed = self.queue.is_closed();
            loop {
                let batch = self.queue.take(self.settings.batch_max);
                let is_last = batch.is_last;
                self.send(batch).await;
                if is_last {
                    break;
                }
            }
            if is_closed {
                return;
            }
            tokio::select! {
                () = self.queue.wake.notified() => {}
                () = self.clock.sleep(self.settings.delay) => {}
            }
        }
    }

    async fn send(&mut self, batch: Batch) {
        self.lost += batch.dropped;
        if batch.spans.is_empty() {
            return;
        }
        let body = proto::request(&batch.spans, &self.settings.resource);
        let mut tries = 1;
        loop {
            match self.post(body.clone()).await {
                Ok(()) => return self.arrived(),
                Err(Refused::ForNow(why)) => {
                    self.went_away(&why);
                    if tries >= TRIES || self.queue.is_closed() {
                        break;
                    }
                }
                Err(Refused::ForEver(why)) => {
                    self.went_away(&why);
                    break;
                }
            }
            self.clock.sleep(PAUSE * tries).await;
            tries += 1;
        }
        self.lost += batch.spans.len() as u64;
    }

    async fn post(&self, body: Vec<u8>) -> Result<(), Refused> {
        let request = self
            .client
            .post(self.settings.url.clone())
            .headers(self.settings.headers.clone())
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(body);
        let sent = request.send().await;
        // The query may be a key.
        let away = |error: reqwest::Error| Refused::ForNow(chain(&error.without_url()));
        let status = sent.map_err(away)?.status();
        match status.as_u16() {
            200..300 => Ok(()),
            429 | 502..=504 => Err(Refused::ForNow(format!("it answers with {status}"))),
            _ => Err(Refused::ForEver(format!("it answers with {status}"))),
        }
    }

    /// Says once that the collector is away, and once that it is back.
    fn went_away(&mut self, why: &str) {
        if !std::mem::replace(&mut self.is_away, true) {
            let url = self.settings.shown();
            tracing::warn!(url, error = why, "the collector does not take traces");
        }
    }

    fn arrived(&mut self) {
        if std::mem::take(&mut self.is_away) {
            let (url, lost) = (self.settings.shown(), self.lost);
            tracing::warn!(url, lost, "the collector takes traces again");
            self.lost = 0;
        }
        if self.lost > 0 {
            let lost = std::mem::take(&mut self.lost);
            tracing::warn!(lost, "more spans have come than could be sent");
        }
    }
}
