//! The pages of the register; they work without a script and follow changes with one.

mod fields;
mod imports;
mod reports;
mod reviews;
mod teams;
mod wrong;

use axum::Router;
use tidings::{Handle, PageRefusal as Refusal, SignedIn};

use crate::access::Member;

/// The routes of the pages.
pub(crate) fn routes() -> Router<Handle> {
    Router::new()
        .merge(teams::routes())
        .merge(fields::routes())
        .merge(reviews::routes())
        .merge(imports::routes())
        .merge(reports::routes())
}

/// Whoever has signed in and has a part in the register, or the way to do so and come back.
fn member(who: Option<SignedIn>, next: &str) -> Result<Member, Refusal> {
    let SignedIn(who) = who.ok_or_else(|| Refusal::SignIn(next.to_owned()))?;
    Ok(Member::of(&who)?)
}
