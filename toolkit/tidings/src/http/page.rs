//! Why a page is not shown.

use axum::response::{IntoResponse, Redirect, Response};

use super::Problem;

/// Why a page is not shown: what [`Problem`] says, or that its reader has to sign in first,
/// who then comes back to it.
///
/// ```
/// use tidings::{Fragment, PageRefusal, SignedIn};
///
/// async fn mine(who: Option<SignedIn>) -> Result<Fragment, PageRefusal> {
///     let SignedIn(who) = who.ok_or_else(|| PageRefusal::SignIn("/mine".to_owned()))?;
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
