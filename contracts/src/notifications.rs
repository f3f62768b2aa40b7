//! Carried out by `notifications`: what other services ask it to tell people.

use serde::{Deserialize, Serialize};
use tidings::schema::EventSchema;
use tidings::schemars::JsonSchema;
use tidings::{Command, Stream, Uuid};

use crate::UserId;

/// Asks to send an e-mail (C-30).
///
/// It is carried out when the message is stored; that a mail server has taken it comes later,
/// and operators see what became of it at `/console/mail`. A message may reach its reader
/// twice, when the connection to a mail server breaks at the wrong moment; both have the same
/// `Message-ID`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct SendEmail {
    /// Chosen by the sender. A second command with the same id sends nothing.
    pub message_id: Uuid,
    /// Who is to read it.
    #[schemars(extend("x-sensitive" = true))]
    pub to: Recipient,
    /// One line.
    pub subject: String,
    /// Plain text; lines end with `\n`.
    #[schemars(extend("x-sensitive" = true))]
    pub text: String,
}

/// Who is to read a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
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
        key(&self.to)
    }

    fn schema() -> Option<EventSchema> {
        Some(EventSchema::of_command::<Self>())
    }
}

fn key(reader: &Recipient) -> String {
    match reader {
        Recipient::User(user_id) => user_id.to_string(),
        Recipient::Address(address) => address.to_lowercase(),
    }
}

/// What stands in the text of a letter for its link.
pub const LINK_PLACE: &str = "{link}";

/// Asks to send an e-mail with a link that only its reader may know: an invitation, a forgotten
/// password.
///
/// The link is in no command, because commands are stored, carried by a broker and shown to
/// operators. It is asked for from the sender at each try to send the letter (a `POST` of
/// [`link_from`](Self::link_from), answered with a [`Link`]), and kept nowhere on the way. The
/// sender answers 410 when there is nothing to link to any more; then nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
pub struct SendLink {
    /// Chosen by the sender. A second command with the same id sends nothing.
    pub message_id: Uuid,
    /// Who is to read it.
    #[schemars(extend("x-sensitive" = true))]
    pub to: Recipient,
    /// One line.
    pub subject: String,
    /// Plain text with [`LINK_PLACE`] in it; lines end with `\n`.
    #[schemars(extend("x-sensitive" = true))]
    pub text: String,
    /// The sender's path that gives the link: `/api/users/links/7`.
    pub link_from: String,
}

/// The answer of a path that gives a link. It has no `Debug`, so that no log can hold it.
#[derive(Serialize, Deserialize)]
pub struct Link {
    /// The whole address.
    pub link: String,
}

impl Command for SendLink {
    const NAME: &'static str = "notifications.send_link";
    const TARGET: &'static str = "notifications";
    type Reply = ();

    /// As [`SendEmail`]'s.
    fn key(&self) -> String {
        key(&self.to)
    }

    fn schema() -> Option<EventSchema> {
        Some(EventSchema::of_command::<Self>())
    }
}

/// What becomes of letters with links, for the senders that show it to people.
#[derive(Clone, Debug, PartialEq, Eq, Stream)]
#[stream(name = "letters", key = "message_id", schemas)]
pub enum LetterEvent {
    /// The mail server has taken it, or it is kept to be read where there is none.
    #[event("letter.sent")]
    Sent {
        /// The letter.
        message_id: Uuid,
    },
    /// It cannot be sent, or was given up.
    #[event("letter.failed")]
    Failed {
        /// The letter.
        message_id: Uuid,
        /// Why, for people.
        reason: String,
    },
}
