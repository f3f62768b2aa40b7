//! Who may read a feed, and who may publish (SEC-34, SEC-35).

use axum::http::{HeaderMap, header};

use crate::command;
use crate::handle::Handle;
use crate::{Identity, Kind, Problem, Rejected, StreamInfo};

/// The keys of whoever signs access tokens have not come yet.
const NO_KEYS_AGAIN_S: u32 = 5;

/// Who asks, as far as a signature shows it.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    /// A service of this installation.
    Service(String),
    /// Somebody with an access token.
    User(Identity),
}

impl Caller {
    /// Whoever has signed the token in `Authorization`; 401 without a good one.
    ///
    /// The other header in which services show who they are does not count here: a gateway
    /// sends its own with everybody's requests.
    pub(super) async fn of(headers: &HeaderMap, service: &Handle) -> Result<Self, Problem> {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token = bearer.ok_or_else(Problem::not_signed_in)?;
        let tokens = service.service_tokens();
        let caller = tokens.and_then(|of| of.verify(token, service.name(), service.now()));
        if let Some(name) = caller {
            return Ok(Self::Service(name));
        }
        match service.verifier().identify(token, service.clock()).await {
            Ok(identity) => Ok(Self::User(identity)),
            Err(Rejected::NoKeys) => Err(Problem::unavailable(NO_KEYS_AGAIN_S)),
            Err(rejected) => {
                tracing::info!(error = %crate::chain(&rejected), "a reader's token was refused");
                Err(Problem::not_signed_in())
            }
        }
    }

    /// What services ask each other for is read by the one that is asked and by operators;
    /// every other stream by every service and whoever has the role `reader`, too.
    pub(super) fn check_reads(&self, of: &Handle, stream: &StreamInfo) -> Result<(), Problem> {
        let is_for_some = stream.kind == Kind::Command;
        let may = match self {
            Self::User(identity) => {
                identity.has_role("operator") || !is_for_some && identity.has_role("reader")
            }
            Self::Service(name) => {
                !is_for_some
                    || name == of.name()
                    || command::reader_of(stream.name, of.name()) == Some(name)
            }
        };
        if may {
            return Ok(());
        }
        Err(Problem::forbidden(match is_for_some {
            true => "These are messages between two services, for the one that they are sent to.",
            false => "Feeds are for services, operators and readers.",
        }))
    }

    pub(super) fn check_publishes(&self) -> Result<(), Problem> {
        match self {
            Self::User(who) if !who.has_role("operator") && !who.has_role("publisher") => {
                let text = "Events are published by services, operators and publishers.";
                Err(Problem::forbidden(text))
            }
            _ => Ok(()),
        }
    }

    /// The caller as the actor of an event.
    pub(super) fn actor(&self) -> String {
        match self {
            Self::Service(name) => format!("service:{name}"),
            Self::User(identity) => format!("user:{}", identity.user_id),
        }
    }
}
