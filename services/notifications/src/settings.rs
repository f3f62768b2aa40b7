//! Where mail goes.

use std::fmt;

use lettre::message::Mailbox;

use crate::mail_server::MailServer;

/// What can be set.
#[derive(Clone)]
pub struct Settings {
    pub(crate) from: Mailbox,
    /// `None`: nothing leaves the machine.
    pub(crate) server: Option<MailServer>,
}

/// Settings with which no mail can be sent. Never tells the address of the server, which may
/// hold a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSettings {
    /// The address of the mail server.
    #[error(
        "use the mail server's address: it must be smtp://host:port, smtps://user:password@host, \
         or smtp://user:password@host?tls=required"
    )]
    Server,
    /// The address that mail comes from.
    #[error("use {0:?} as the address that mail comes from")]
    From(String),
    /// An address that mail goes to.
    #[error("use {0:?} as an address that mail goes to")]
    To(String),
    /// Letters can go nowhere.
    #[error("send letters without a mail server")]
    NoServer,
}

impl Settings {
    /// Nothing leaves the machine: messages are kept to be read at `/console/mail`.
    #[must_use]
    pub fn mailbox() -> Self {
        let address = lettre::Address::new("tidings", "localhost")
            .expect("tidings@localhost is an e-mail address");
        Self {
            from: Mailbox::new(Some("Tidings".to_owned()), address),
            server: None,
        }
    }

    /// Messages are sent by this mail server, and come from this address.
    ///
    /// ```
    /// use notifications::Settings;
    ///
    /// let settings = Settings::smtp("smtps://user:secret@mail.example.com", "Tickets <no-reply@example.com>");
    /// assert!(settings.is_ok());
    /// ```
    ///
    /// `smtps://` speaks TLS from the first byte (port 465), `smtp://…?tls=required` begins it
    /// after the greeting (port 587), `smtp://` alone does without, for a server on the same
    /// machine.
    ///
    /// # Errors
    /// When one of the two is no such address. No connection is tried.
    pub fn smtp(url: &str, from: &str) -> Result<Self, BadSettings> {
        let from: Mailbox = from
            .parse()
            .map_err(|_| BadSettings::From(from.to_owned()))?;
        let server = MailServer::try_new(url, from.email.domain()).ok_or(BadSettings::Server)?;
        Ok(Self {
            from,
            server: Some(server),
        })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = self.server.as_ref().map(|_| "…");
        f.debug_struct("Settings")
            .field("from", &self.from.to_string())
            .field("server", &server)
            .finish()
    }
}
