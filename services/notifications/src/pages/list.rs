//! All messages.

use askama::Template;
use tidings::{Fragment, Handle, Paging, Problem, Timestamp, Uuid};

use super::badge;
use crate::message::Message;
use crate::{Settings, store};

#[derive(Template)]
#[template(path = "mail.html")]
struct Mail {
    /// Nothing leaves the machine.
    is_mailbox: bool,
    rows: Vec<Line>,
    is_first_part: bool,
    next: Option<String>,
}

struct Line {
    id: Uuid,
    subject: String,
    address: String,
    sender: String,
    status: &'static str,
    label: &'static str,
    reason: Option<String>,
    at: Timestamp,
}

impl From<Message> for Line {
    fn from(message: Message) -> Self {
        let (status, label) = badge(&message);
        Self {
            id: message.id,
            subject: message.subject,
            address: message.address,
            sender: message.sender,
            status,
            label,
            reason: message.reason,
            at: message.created_at,
        }
    }
}

/// The page, or a part of it.
pub(super) async fn page(service: &Handle, paging: &Paging) -> Result<Fragment, Problem> {
    let messages = store::list(&mut service.read().await?, paging).await?;
    let (messages, next) = paging.cut(messages, |message| (message.created_at, message.id));
    let page = Mail {
        is_mailbox: service.resource::<Settings>()?.server.is_none(),
        rows: messages.into_iter().map(Line::from).collect(),
        is_first_part: paging.after.is_none(),
        next,
    };
    Fragment::try_new("Mail", page.render())
}
