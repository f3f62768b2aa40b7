//! Why a page is not shown.

use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Problem, SignedIn};
use crate::Identity;

/// What is written in other letters where an address is the value of a query's parameter.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

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
    /// Whoever asks has not signed in. The address is the page's, with its query if it has
    /// one, as the request says it.
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
            Self::SignIn(next) => {
                let next = utf8_percent_encode(&next, IN_QUERY);
                Redirect::to(&format!("/signin?next={next}")).into_response()
            }
            Self::Problem(problem) => problem.into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{StatusCode, header};

    use super::*;

    #[test]
    fn whoever_signs_in_comes_back_to_all_of_the_address() {
        for (page, location) in [
            ("/mine", "/signin?next=/mine"),
            (
                "/mine?tab=2&x=%26",
                "/signin?next=/mine%3Ftab%3D2%26x%3D%2526",
            ),
            ("/mine/a\nb", "/signin?next=/mine/a%0Ab"),
            ("/mine/\u{e9}", "/signin?next=/mine/%C3%A9"),
        ] {
            let answer = PageRefusal::SignIn(page.to_owned()).into_response();
            assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{page:?}");
            assert_eq!(answer.headers()[header::LOCATION], location);
        }
    }
}
