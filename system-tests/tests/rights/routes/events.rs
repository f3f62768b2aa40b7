//! Events and flows, which operators look at.

use super::{Route, Rule, page, program, stream};

pub(super) const ROUTES: &[Route] = &[
    page("GET", "/console/events", Rule::Operator),
    stream("/console/events/live", Rule::Operator),
    page("GET", "/console/events/{event_id}", Rule::Operator),
    stream("/console/events/{event_id}/live", Rule::Operator),
    page("GET", "/console/trace/{id}", Rule::Operator),
    stream("/console/trace/{id}/live", Rule::Operator),
    page("GET", "/console/retried", Rule::Operator),
    stream("/console/retried/live", Rule::Operator),
    program("GET", "/ops/retried", Rule::Operator),
    program("GET", "/ops/events", Rule::Operator),
    program("GET", "/ops/events/{event_id}", Rule::Operator),
    program("GET", "/ops/trace/{id}", Rule::Operator),
];
