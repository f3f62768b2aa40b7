//! Problems: what an API answers when it cannot do what was asked (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::id::interned;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// For programs: stable, in snake case.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The field it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// An answer that says what is wrong, for people and for programs.
///
/// ```
/// use axum::http::StatusCode;
/// use tidings::Problem;
///
/// let problem = Problem::new(StatusCode::CONFLICT, "order_expired", "The hold has run out.");
/// assert_eq!(problem.status(), StatusCode::CONFLICT);
/// ```
///
/// It is sent as `application/problem+json`; the gateway shows it as a page to
/// browsers that ask for one, and adds the correlation id. It never carries the
/// text of an internal error: that goes to the log under the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
}

impl Problem {
    /// A problem with one cause.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            errors: vec![FieldError {
                code,
                message: message.into(),
                field: None,
            }],
            retry_after_s: None,
        }
    }

    /// A request (400) with one wrong field.
    #[must_use]
    pub fn field(code: &'static str, field: &str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError {
            code,
            message: message.into(),
            field: Some(field.to_owned()),
        }])
    }

    /// A request (400) with several wrong fields.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            errors,
            retry_after_s: None,
        }
    }

    /// Nobody has signed in (401).
    #[must_use]
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "Sign in first.")
    }

    /// Not yours, or not your role's (403).
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// Not here, or not for you to know of (404).
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// It does not go with the present state (409).
    #[must_use]
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// A mistake of ours (500): what went wrong is for the log alone.
    #[must_use]
    pub fn internal() -> Self {
        let text = "Something went wrong on our side.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", text)
    }

    /// Not now (503); try again after some seconds.
    #[must_use]
    pub fn unavailable(retry_after_s: u32) -> Self {
        let text = "The service cannot answer just now. Please try again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text).retry_after(retry_after_s)
    }

    /// The same under another status: 422 for fields that are understood and not allowed.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The code of the first cause.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.errors.first().map_or("problem", |error| error.code)
    }

    /// The text of the first cause.
    #[must_use]
    pub fn message(&self) -> &str {
        self.errors.first().map_or("", |error| &error.message)
    }

    /// Every cause.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The answer as JSON, with the correlation id where it is known.
    #[must_use]
    pub fn to_json(&self, correlation_id: Option<&str>) -> Response {
        let body = Body {
            r#type: format!("/problems/{}", self.code()),
            title: self.message(),
            status: self.status.as_u16(),
            code: self.code(),
            errors: &self.errors,
            correlation_id,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A problem as another process has told it.
#[derive(Deserialize)]
struct Told {
    errors: Vec<ToldField>,
}

#[derive(Deserialize)]
struct ToldField {
    code: String,
    message: String,
    field: Option<String>,
}

impl Problem {
    /// Reads the JSON of a problem of another process of the same installation. Its codes are
    /// those that the services have, so that keeping them costs a little once.
    pub(crate) fn of_json(status: StatusCode, text: &[u8]) -> Option<Self> {
        let told: Told = serde_json::from_slice(text).ok()?;
        let errors = told.errors.into_iter().map(|error| FieldError {
            code: interned(error.code),
            message: error.message,
            field: error.field,
        });
        Some(Self {
            status,
            errors: errors.collect(),
            retry_after_s: None,
        })
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.to_json(None);
        // For the layer at the edge, which knows the correlation id and what the caller reads.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        tracing::error!(error = %crate::chain(&error), "a request has failed");
        match error {
            Error::OutcomeUnknown(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "outcome_unknown",
                "The request may or may not have been carried out. Look before you repeat it.",
            ),
            error if error.is_transient() => Self::unavailable(1),
            _ => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong on our side. Nothing was changed.",
            ),
        }
    }
}
