//! Letters about alerts, straight to the mail server.
//!
//! They are not asked for with a command and not stored as messages: what carries commands,
//! events and jobs may be what the alert is about. Whoever sends them tries again.

use lettre::message::Mailbox;
use tidings::alert::{Channel, Letter};

use crate::letter::alert_letter;
use crate::mail_server::{MailServer, Outcome};
use crate::settings::{BadSettings, Settings};

type Told<'a> = std::pin::Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Tells people of alerts by e-mail.
pub struct AlertMail {
    from: Mailbox,
    to: Vec<Mailbox>,
    server: MailServer,
}

impl AlertMail {
    /// To these addresses, by the mail server of the settings.
    ///
    /// # Errors
    /// When there is no mail server, or something is no address. No connection is tried.
    pub fn try_new(settings: &Settings, to: &[String]) -> Result<Self, BadSettings> {
        let server = settings.server.clone().ok_or(BadSettings::NoServer)?;
        let to: Result<Vec<Mailbox>, _> = to
            .iter()
            .map(|one| one.parse().map_err(|_| BadSettings::To(one.clone())))
            .collect();
        Ok(Self {
            from: settings.from.clone(),
            to: to?,
            server,
        })
    }

    async fn send(&self, letter: &Letter) -> Result<(), String> {
        let letter =
            alert_letter(&self.from, &self.to, letter).map_err(|error| error.to_string())?;
        match self.server.send(letter).await {
            Outcome::Sent => Ok(()),
            Outcome::Refused(reason) | Outcome::NotNow(reason) => Err(reason),
        }
    }
}

impl Channel for AlertMail {
    fn name(&self) -> &str {
        "mail"
    }

    fn tell<'a>(&'a self, letter: &'a Letter) -> Told<'a> {
        Box::pin(self.send(letter))
    }
}
