//! One message.

use askama::Template;
use tidings::{Fragment, Handle, Problem, Uuid};

use super::{badge, load};
use crate::Settings;
use crate::message::Message;

#[derive(Template)]
#[template(path = "message.html")]
struct OneMessage<'a> {
    message: Message,
    from: String,
    status: &'static str,
    label: &'static str,
    is_mailbox: bool,
    is_resent: bool,
    /// Why what was asked for was not done.
    refused: Option<&'a str>,
}

/// The page of a message, with what has come of the act before it.
pub(super) async fn page(
    service: &Handle,
    id: Uuid,
    is_resent: bool,
    refused: Option<&str>,
) -> Result<Fragment, Problem> {
    let message = load(service, id).await?;
    let settings = service.resource::<Settings>()?;
    let (status, label) = badge(&message);
    let title = message.subject.clone();
    let page = OneMessage {
        message,
        from: settings.from.to_string(),
        status,
        label,
        is_mailbox: settings.server.is_none(),
        is_resent,
        refused,
    };
    Fragment::try_new(title, page.render())
}
