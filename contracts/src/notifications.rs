//! Carried out by `notifications`: what other services ask it to tell people.

use serde::{Deserialize, Serialize};
use tidings::{Command, Uuid};

use crate::UserId;

/// Asks to send an e-mail (C-30).
///
/// It is carried out when the message is stored; that a mail server has taken it comes later,
/// and operators see what became of it at `/console/mail`. A message may reach its reader
/// twice, when the connection to a mail server breaks at the wrong moment; both have the same
/// `Message-ID`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendEmail {
    /// Chosen by the sender. A second command with the same id sends nothing.
    pub message_id: Uuid,
    /// Who is to read it.
    pub to: Recipient,
    /// One line.
    pub subject: String,
    /// Plain text; lines end with `\n`.
    pub text: String,
}

/// Who is to read a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// The owner of an account, at the address that it has when the command is carried out.
    /// Nothing is sent to an account that has been shut.
    User(UserId),
    /// Anybody.
    Address(String),
}

impl Command for SendEmail {
    const NAME: &'static str = "notifications.send_email";
    const TARGET: &'static str = "notifications";
    type Reply = ();

    /// Messages to one reader are stored in the order in which they were asked for.
    fn key(&self) -> String {
        match &self.to {
            Recipient::User(user_id) => user_id.to_string(),
            Recipient::Address(address) => address.to_lowercase(),
        }
    }
}
