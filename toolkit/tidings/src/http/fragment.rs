//! Page fragments: what a service shows, without the shell around it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::Problem;

/// The inside of a page's `<main>`; the gateway puts the shell around it.
///
/// `html` must be escaped already (templates do that).
#[derive(Clone, Debug)]
pub struct Fragment {
    /// The page's title, as plain text.
    pub title: String,
    /// The HTML of the content.
    pub html: String,
    /// Where the page can follow changes by server-sent events.
    pub live: Option<String>,
    /// The status of the answer.
    pub status: StatusCode,
}

impl Fragment {
    /// A page with a title and content.
    #[must_use]
    pub fn new(title: impl Into<String>, html: String) -> Self {
        Self {
            title: title.into(),
            html,
            live: None,
            status: StatusCode::OK,
        }
    }

    /// A page out of what a template has rendered. When that has failed, the cause goes to the
    /// log and the caller is told no more than that.
    ///
    /// ```
    /// use tidings::Fragment;
    ///
    /// let html: Result<String, std::fmt::Error> = Ok("<h1>Hello</h1>".to_owned());
    /// let page = Fragment::try_new("Hello", html)?;
    /// assert_eq!(page.title, "Hello");
    /// # Ok::<(), tidings::Problem>(())
    /// ```
    ///
    /// # Errors
    /// A problem (500) when it has failed.
    pub fn try_new<E>(title: impl Into<String>, html: Result<String, E>) -> Result<Self, Problem>
    where
        E: std::error::Error + 'static,
    {
        let title = title.into();
        match html {
            Ok(html) => Ok(Self::new(title, html)),
            Err(error) => {
                let error = crate::chain(&error);
                tracing::error!(%error, page = title, "a page could not be rendered");
                Err(Problem::internal())
            }
        }
    }

    /// Says where the page can follow changes.
    #[must_use]
    pub fn live(mut self, url: impl Into<String>) -> Self {
        self.live = Some(url.into());
        self
    }

    /// Sets the status of the answer.
    #[must_use]
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl IntoResponse for Fragment {
    fn into_response(self) -> Response {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        let mut response = (self.status, self.html.clone()).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, html);
        // For the shell, which is a layer around all services.
        response.extensions_mut().insert(self);
        response
    }
}
