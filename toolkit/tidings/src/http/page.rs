//! Why a page is not shown.

use axum::response::{IntoResponse, Redirect, Response};

use super::{Problem, SignedIn};
use crate::Identity;

/// Why a page is not shown: what [`Problem`] says, or that its reader has to sign in first,
/// who then comes back to it.
///
/// ```
/// use tidings::{Fragment, PageRefusal, SignedIn};
///
/// async fn mine(who: Option<SignedIn>) -> Result<Fragment, PageRefusal> {
///     let who = PageRefusal::unless_signed_in(who, "/mine")?;
///     Ok(Fragment::try_new("Mine", Ok::<_, std::fmt::Error>(who.email))?)
/// }
/// ```
#[derive(Debug)]
pub enum PageRefusal {
    /// Whoever asks has not signed in. The path is the page's own, never the caller's: it is
    /// put into an address as it is.
    SignIn(String),
    /// Anything else.
    Problem(Problem),
}

impl PageRefusal {
    /// Whoever has signed in.
    ///
    /// # Errors
    /// For nobody: the way to sign in and come back to this page.
    pub fn unless_signed_in(who: Option<SignedIn>, page: &str) -> Result<Identity, Self> {
        match who {
            Some(SignedIn(identity)) => Ok(identity),
            None => Err(Self::SignIn(page.to_owned())),
        }
    }
}

impl<T: Into<Problem>> From<T> for PageRefusal {
    fn from(cause: T) -> Self {
        Self::Problem(cause.into())
    }
}

impl IntoResponse for PageRefusal {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(next) => Redirect::to(&format!("/signin?next={next}")).into_response(),
            Self::Problem(problem) => problem.into_response(),
        }
    }
}
