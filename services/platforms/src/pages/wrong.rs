//! What is wrong with a form that was sent, for the page that shows it again.

use axum::http::StatusCode;
use tidings::{FieldError, Problem};

use crate::Error;

/// Nothing at first.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    pub(super) all: Vec<FieldError>,
    pub(super) status: StatusCode,
}

impl Wrong {
    /// Somebody else was faster.
    pub(super) fn stale() -> Self {
        let told = FieldError {
            code: "stale_version",
            message: "Somebody else has changed it since you have opened this page.".to_owned(),
            field: None,
        };
        Self {
            all: vec![told],
            status: StatusCode::PRECONDITION_FAILED,
        }
    }

    /// Whether that is what is wrong.
    pub(super) fn is_stale(&self) -> bool {
        self.status == StatusCode::PRECONDITION_FAILED
    }

    /// What is wrong with a field.
    pub(super) fn of(&self, field: &str) -> Option<&str> {
        let mut of_field = self
            .all
            .iter()
            .filter(|one| one.field.as_deref() == Some(field));
        of_field.next().map(|one| one.message.as_str())
    }
}

impl TryFrom<Error> for Wrong {
    type Error = Problem;

    /// What the sender can mend; anything else has a page of its own.
    fn try_from(error: Error) -> Result<Self, Problem> {
        let problem = Problem::from(error);
        match problem.status() {
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => Ok(Self {
                all: problem.errors().to_vec(),
                status: problem.status(),
            }),
            _ => Err(problem),
        }
    }
}
