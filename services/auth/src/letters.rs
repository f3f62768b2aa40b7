//! What people are written: pure texts.

use contracts::notifications::LINK_PLACE;
use tidings::Timestamp;

use crate::account::Account;
use crate::settings::Settings;

/// Subject and text.
type Text = (String, String);

fn hello(account: &Account) -> String {
    match account.name.as_str() {
        "" => "Hello,".to_owned(),
        name => format!("Hello {name},"),
    }
}

/// To somebody who has an account and no password yet.
pub(crate) fn invitation(account: &Account, by: Option<&str>, ends_at: Timestamp) -> Text {
    let who = match by {
        Some(by) => format!("{by} has invited you"),
        None => "you have been invited".to_owned(),
    };
    let as_what = match account.roles.as_slice() {
        [] => String::new(),
        roles => format!(" as {}", roles.join(", ")),
    };
    let text = format!(
        "{}\n\n{who} to Tidings{as_what}. Choose a password, and you are in:\n\n{LINK_PLACE}\n\n\
         The link is for you alone. It is good once, until {}.\n\n\
         If you did not expect this, do nothing: without a password nothing happens.\n",
        hello(account),
        ends_at.in_words_exact()
    );
    ("Your invitation to Tidings".to_owned(), text)
}

/// To somebody who has forgotten the password.
pub(crate) fn reset(account: &Account, ends_at: Timestamp) -> Text {
    let text = format!(
        "{}\n\nsomebody, we hope you, has asked for a new password for your account. \
         Choose one here:\n\n{LINK_PLACE}\n\n\
         The link is good once, until {}.\n\n\
         If it was not you, do nothing: your password stays as it is.\n",
        hello(account),
        ends_at.in_words_exact()
    );
    ("Choose a new password".to_owned(), text)
}

/// To the owner of an account that has another password now.
pub(crate) fn changed(account: &Account, at: Timestamp, settings: &Settings) -> Text {
    let site = settings.public_url.trim_end_matches('/');
    let text = format!(
        "{}\n\nthe password of your account was changed on {}. Everybody who was signed in to it \
         elsewhere has been signed out.\n\n\
         If it was not you, choose a new password at once at {site}/forgot, and tell whoever \
         administers your accounts.\n",
        hello(account),
        at.in_words_exact()
    );
    ("Your password was changed".to_owned(), text)
}
