//! A day that is asked for.

use contracts::calendar::{BillingDay, read_day};
use serde::Deserialize;
use tidings::Problem;
use utoipa::IntoParams;

/// One day, or all.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DayAsked {
    /// Only what counts for this day: `2026-03-14`.
    day: Option<String>,
}

impl DayAsked {
    pub(crate) fn day(&self) -> Result<Option<BillingDay>, Problem> {
        read_day("day", self.day.as_deref())
    }
}
