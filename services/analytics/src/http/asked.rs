//! The days that an administrator asks for.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use contracts::calendar::{BillingDay, Calendar, RangeAsked};
use tidings::{Handle, Problem, Query};

use crate::access::Admin;
use crate::period::{Period, PeriodAsked};

/// The first day and the last, of which calendar, and the period that they were widened to.
pub(super) struct Asked {
    pub(super) calendar: Arc<Calendar>,
    pub(super) period: Option<Period>,
    pub(super) from: BillingDay,
    pub(super) to: BillingDay,
}

impl FromRequestParts<Handle> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Handle) -> Result<Self, Problem> {
        Admin::from_request_parts(parts, service).await?;
        let Query(period) = Query::<PeriodAsked>::from_request_parts(parts, service).await?;
        let Query(range) = Query::<RangeAsked>::from_request_parts(parts, service).await?;
        let calendar = service.resource::<Calendar>()?;
        let (from, to) = period.range(&range, calendar.day_of(service.now()))?;
        Ok(Self {
            calendar,
            period: period.period()?,
            from,
            to,
        })
    }
}
