//! The mail server, and what its answers mean.

use std::time::Duration;

use lettre::transport::smtp;
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor};

/// For one command. A connection that says nothing for so long is given up.
const COMMAND_LIMIT: Duration = Duration::from_secs(20);

/// Codes by which a server refuses us and not the message: it wants a name and a password, or
/// others than ours.
const NOT_LET_IN: [&str; 4] = ["530", "534", "535", "538"];

#[derive(Clone)]
pub(crate) struct MailServer(AsyncSmtpTransport<Tokio1Executor>);

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server has taken it.
    Sent,
    /// The server will never take it.
    Refused(String),
    /// It was not taken now, or nobody knows: the connection broke.
    NotNow(String),
}

impl MailServer {
    /// `None` when the address is not a mail server's.
    pub(crate) fn try_new(url: &str, own_name: &str) -> Option<Self> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).ok()?;
        // The path of the address is the name that we go by, if there is one.
        let (_, rest) = url.split_once("://")?;
        let place = rest.split('?').next().unwrap_or_default();
        let builder = match place.trim_end_matches('/').contains('/') {
            true => builder,
            false => builder.hello_name(ClientId::Domain(own_name.to_owned())),
        };
        Some(Self(builder.timeout(Some(COMMAND_LIMIT)).build()))
    }

    /// Tries once, on a connection of its own.
    pub(crate) async fn send(&self, letter: Letter) -> Outcome {
        let Err(error) = self.0.send(letter).await else {
            return Outcome::Sent;
        };
        let reason = tidings::chain(&error);
        if is_about_the_message(&error) && self.lets_us_in().await {
            return Outcome::Refused(reason);
        }
        Outcome::NotNow(reason)
    }

    /// A server that refuses everybody refuses no message: it is misconfigured, or does not
    /// know us any more, and a person will mend that.
    async fn lets_us_in(&self) -> bool {
        self.0.test_connection().await.unwrap_or(false)
    }
}

fn is_about_the_message(error: &smtp::Error) -> bool {
    let code = error.status().map(|code| code.to_string());
    let not_let_in = code.is_some_and(|code| NOT_LET_IN.contains(&code.as_str()));
    // The client refuses what the server says that it cannot take, such as an address that is
    // not in ASCII.
    (error.is_permanent() && !not_let_in) || error.is_client()
}
