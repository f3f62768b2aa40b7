//! Where the story happens: the services in memory, a clock moved by hand, three people.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use contracts::users::{User, UserEvent};
use serde_json::Value;
use tidings::{
    Claims, Clock, Identity, Installation, LocalFeed, Receiver, Signer, Storage, Timestamp,
    Transport, Uuid, Worker, lag,
};
use tower::ServiceExt;

use super::words::Words;
use crate::Error;
use crate::services::{self, Settings};

/// 2026-01-01T12:00:00Z.
const START: Timestamp = Timestamp::from_micros(1_767_268_800_000_000);
const DAY: Duration = Duration::from_secs(86_400);
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const EVENTS_MAX: u32 = 100;
const KEY: &str = "demo";

/// Who acts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Person {
    Sam = 1,
    Ann = 2,
    Bob = 3,
}

impl Person {
    pub(super) const ALL: [Self; 3] = [Person::Sam, Person::Ann, Person::Bob];

    pub(super) fn id(self) -> Uuid {
        Uuid::from_u128(self as u128)
    }

    fn email(self) -> String {
        format!("{self:?}@demo.example").to_lowercase()
    }
}

/// Tells the services of the people, whom the story does not sign up.
async fn introduce(installation: &Installation) -> Result<(), tidings::Error> {
    let auth = installation.handle("auth").ok_or(tidings::Error::NoRow)?;
    let mut tx = auth.begin_own().await?;
    for person in Person::ALL {
        tx.publish(UserEvent::Created(User {
            user_id: person.id().into(),
            email: person.email(),
            name: String::new(),
            roles: Vec::new(),
            disabled: false,
            version: 1,
        }))?;
    }
    tx.commit().await
}

/// The stage, and everything on it.
pub(super) struct Stage<'a> {
    installation: Arc<Installation>,
    workers: Vec<Worker>,
    /// One end per stream, by the name of its service.
    streams: Vec<(&'static str, Box<dyn Receiver>)>,
    router: Router,
    clock: Clock,
    signer: Signer,
    words: Words,
    told: usize,
    out: &'a mut dyn Write,
}

impl<'a> Stage<'a> {
    pub(super) async fn set(out: &'a mut dyn Write) -> Result<Self, Error> {
        let clock = Clock::manual(START);
        // Nobody moves the clock while a request waits for it.
        let payments = payments::Settings::default().answer_wait(Duration::ZERO);
        let settings = Settings {
            payments,
            ..Settings::default()
        };
        let opened = services::with_settings(Storage::Memory, clock.clone(), settings).await;
        let mut installation = opened.map_err(Error::Open)?;
        let workers = installation.workers();
        let no_key = |error: tidings::BadKey| Error::Story(error.to_string());
        let key = Signer::generate().map_err(no_key)?;
        let signer = Signer::new(KEY, &key).map_err(no_key)?;
        installation.verifier().trust(KEY, signer.public_key());
        let installation = Arc::new(installation);
        introduce(&installation).await.map_err(Error::Open)?;
        let mut streams = Vec::new();
        for (handle, stream) in installation.streams() {
            let feed = LocalFeed::new(handle.clone());
            let receiver = feed.open(stream.name, &[]).await.map_err(Error::Open)?;
            streams.push((handle.name(), receiver));
        }
        Ok(Self {
            router: gateway::shell(Arc::clone(&installation), gateway::Settings::default()),
            words: Words::default(),
            told: 0,
            installation,
            workers,
            streams,
            clock,
            signer,
            out,
        })
    }

    pub(super) fn say(&mut self, text: &str) -> Result<(), Error> {
        Ok(writeln!(self.out, "{text}")?)
    }

    /// Lets time pass, and says what happens then.
    pub(super) fn pass(&mut self, span: Duration, text: &str) -> Result<(), Error> {
        self.clock.advance(span);
        self.say(&format!("\n{text}"))
    }

    /// Sends a request that succeeds.
    pub(super) async fn ask(
        &mut self,
        who: Person,
        path: &str,
        body: Value,
    ) -> Result<Value, Error> {
        let (status, answer) = self.send(who, path, body).await?;
        if !status.is_success() {
            return Err(Error::Story(format!("{path} answered {status}: {answer}")));
        }
        self.tell_events().await?;
        Ok(answer)
    }

    /// Sends a request that is refused, and says why.
    pub(super) async fn refused(
        &mut self,
        who: Person,
        path: &str,
        body: Value,
    ) -> Result<(), Error> {
        let (status, answer) = self.send(who, path, body).await?;
        let (code, title) = (answer["code"].as_str(), answer["title"].as_str());
        let (true, Some(code), Some(title)) = (status.is_client_error(), code, title) else {
            return Err(Error::Story(format!("{path} answered {status}: {answer}")));
        };
        let time = super::words::time_of_day(self.clock.now());
        self.say(&format!("{time}  refused     {code:<24}  {title}"))
    }

    async fn send(
        &self,
        who: Person,
        path: &str,
        body: Value,
    ) -> Result<(StatusCode, Value), Error> {
        let failed = |error: &dyn std::fmt::Display| Error::Story(error.to_string());
        let now = self.clock.now();
        let identity = Identity {
            user_id: who.id(),
            email: who.email(),
            roles: Vec::new(),
        };
        let claims = Claims::new(&identity, now, now.plus(DAY));
        let token = self.signer.sign(&claims).map_err(|error| failed(&error))?;
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))
            .map_err(|error| failed(&error))?;
        let response = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await;
        let body = body.map_err(|error| failed(&error))?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// Lets everything happen that is due, and tells of each event as soon as it is there.
    pub(super) async fn settle(&mut self) -> Result<(), Error> {
        loop {
            let mut moved = false;
            for index in 0..self.workers.len() {
                let step = self.workers[index].step().await.map_err(Error::Story)?;
                moved |= step;
                if step {
                    self.tell_events().await?;
                }
            }
            if !moved {
                return Ok(());
            }
        }
    }

    async fn tell_events(&mut self) -> Result<(), Error> {
        for (service, receiver) in &mut self.streams {
            let events = receiver.receive(EVENTS_MAX).await.map_err(Error::Open)?;
            for event in events {
                self.told += 1;
                writeln!(self.out, "{}", self.words.line(service, &event))?;
            }
        }
        Ok(())
    }

    /// Says what is left to do: nothing.
    pub(super) async fn close(mut self) -> Result<(), Error> {
        let all = lag::subscriptions(&self.installation)
            .await
            .map_err(Error::Open)?;
        let owed: u64 = all.iter().map(|one| one.lag + one.parked + one.dead).sum();
        let (told, followers) = (self.told, all.len());
        self.say(&format!(
            "\n{told} events and commands. {followers} subscriptions follow them, and owe {owed}: each has \
             applied each of its own once.\nNow with a browser: cargo run --release"
        ))
    }
}
