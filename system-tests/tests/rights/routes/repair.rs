//! What operators do about events that could not be applied, about subscriptions, and the record
//! of it.

use super::{Route, Rule, form, page, program, stream};

pub(super) const ROUTES: &[Route] = &[
    page("GET", "/console/dead", Rule::Operator),
    stream("/console/dead/live", Rule::Operator),
    form(
        "POST",
        "/console/dead/retry",
        Rule::Operator,
        "subscription=nobody",
    ),
    page(
        "GET",
        "/console/dead/{service}/{subscription}/{event_id}",
        Rule::Operator,
    ),
    stream(
        "/console/dead/{service}/{subscription}/{event_id}/live",
        Rule::Operator,
    ),
    page(
        "POST",
        "/console/dead/{service}/{subscription}/{event_id}/try",
        Rule::Operator,
    ),
    form(
        "POST",
        "/console/dead/{service}/{subscription}/{event_id}/edit",
        Rule::Operator,
        "data=1&note=x",
    ),
    page(
        "POST",
        "/console/dead/{service}/{subscription}/{event_id}/retry",
        Rule::Operator,
    ),
    page(
        "POST",
        "/console/dead/{service}/{subscription}/{event_id}/discard",
        Rule::Operator,
    ),
    page("GET", "/console/subscriptions", Rule::Operator),
    stream("/console/subscriptions/live", Rule::Operator),
    page(
        "POST",
        "/console/subscriptions/{service}/{subscription}/pause",
        Rule::Operator,
    ),
    page(
        "POST",
        "/console/subscriptions/{service}/{subscription}/resume",
        Rule::Operator,
    ),
    page(
        "POST",
        "/console/subscriptions/{service}/{subscription}/rebuild",
        Rule::Operator,
    ),
    page("GET", "/console/audit", Rule::Operator),
    stream("/console/audit/live", Rule::Operator),
    program("GET", "/ops/dead", Rule::Operator),
    program("POST", "/ops/dead/retry", Rule::Operator),
    program(
        "GET",
        "/ops/dead/{service}/{subscription}/{event_id}",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/dead/{service}/{subscription}/{event_id}/try",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/dead/{service}/{subscription}/{event_id}/edit",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/dead/{service}/{subscription}/{event_id}/retry",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/dead/{service}/{subscription}/{event_id}/discard",
        Rule::Operator,
    ),
    program("GET", "/ops/subscriptions", Rule::Operator),
    program(
        "POST",
        "/ops/subscriptions/{service}/{subscription}/pause",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/subscriptions/{service}/{subscription}/resume",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/subscriptions/{service}/{subscription}/rebuild",
        Rule::Operator,
    ),
    program("GET", "/ops/audit", Rule::Operator),
];
