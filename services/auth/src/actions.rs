//! What can be done here, one file a use case.

mod administer;
mod change_account;
mod change_password;
mod create_account;
mod enter;
mod forget_password;
mod invite;
mod issue_token;
mod operate;
mod send_link;
mod sign_in;
mod sign_out;
mod sign_up;
mod sweep;
mod use_link;
mod who;

pub(crate) use administer::{NAME_LETTERS_MAX, Newcomer, Wish, add_person, change_person};
pub use change_account::{disable_account, enable_account, grant_role, revoke_role};
pub(crate) use change_password::{change_password, load, sessions, sign_out_elsewhere};
pub use create_account::{create_account, name_account};
pub(crate) use enter::Entered;
pub(crate) use forget_password::{SendReset, forget_password, send_reset};
pub(crate) use invite::{BadGuest, Guest, Invited, PEOPLE_MAX, invite, invite_again, withdraw};
pub(crate) use issue_token::issue_token;
pub use operate::operator_token;
pub(crate) use send_link::give_link;
pub(crate) use sign_in::sign_in;
pub(crate) use sign_out::sign_out;
pub(crate) use sign_up::sign_up;
pub(crate) use sweep::{Sweep, schedule_sweep, sweep};
pub(crate) use use_link::{account_of_link, use_link};
pub(crate) use who::{account_of_bearer, account_of_session};
