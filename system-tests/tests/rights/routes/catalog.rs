//! The routes of the catalogue of events, and of the map.

use super::{Route, Rule, page, program, stream};

pub(super) const ROUTES: &[Route] = &[
    program("GET", "/events/docs.json", Rule::Public),
    page("GET", "/events/docs", Rule::Public),
    page("GET", "/console/map", Rule::Operator),
    stream("/console/map/live", Rule::Operator),
    page("GET", "/console/catalogue", Rule::Operator),
    stream("/console/catalogue/live", Rule::Operator),
    page("GET", "/console/catalogue/{event_type}", Rule::Operator),
    page(
        "GET",
        "/console/catalogue/{event_type}/{version}",
        Rule::Operator,
    ),
    stream(
        "/console/catalogue/{event_type}/{version}/live",
        Rule::Operator,
    ),
    program("GET", "/ops/schemas", Rule::Operator),
    program("GET", "/ops/schemas/{event_type}/{version}", Rule::Operator),
];
