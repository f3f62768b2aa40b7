//! The routes of the register of platforms.

use super::{Route, Rule, page, program};

const REGISTER: Rule = Rule::Roles(&[
    "infrastructure",
    "support",
    "engineering",
    "accountant",
    "admin",
]);
const KEEPERS: Rule = Rule::Roles(&["infrastructure", "admin"]);
const REPOSITORY: Rule = Rule::Roles(&["infrastructure", "support", "engineering", "admin"]);

pub(super) const ROUTES: &[Route] = &[
    program("GET", "/api/platforms", REGISTER),
    program("POST", "/api/platforms", REPOSITORY),
    program("GET", "/api/platforms/{id}", REGISTER),
    program("PATCH", "/api/platforms/{id}", REGISTER),
    program("POST", "/api/platforms/{id}/archive", KEEPERS),
    program("POST", "/api/platforms/{id}/restore", KEEPERS),
    program("GET", "/api/platforms/{id}/history", REGISTER),
    program("GET", "/api/platforms/changes", REGISTER),
    program("GET", "/api/platforms/changes.csv", REGISTER),
    program("GET", "/api/platforms/teams", REGISTER),
    program("POST", "/api/platforms/teams", KEEPERS),
    program("PATCH", "/api/platforms/teams/{id}", KEEPERS),
    program("DELETE", "/api/platforms/teams/{id}", KEEPERS),
    program("GET", "/api/platforms/fields", REGISTER),
    program("GET", "/api/platforms/fields/{key}", REGISTER),
    program("PUT", "/api/platforms/fields/{key}", KEEPERS),
    program("DELETE", "/api/platforms/fields/{key}", KEEPERS),
    program("GET", "/api/platforms/{id}/relations", REGISTER),
    program("PUT", "/api/platforms/{id}/relations", KEEPERS),
    program("GET", "/api/platforms/reviews", REGISTER),
    program("POST", "/api/platforms/reviews", KEEPERS),
    program("GET", "/api/platforms/reviews/{id}", REGISTER),
    program("GET", "/api/platforms/reviews/{id}/items", REGISTER),
    program(
        "POST",
        "/api/platforms/reviews/{id}/items/{platform}",
        KEEPERS,
    ),
    program("POST", "/api/platforms/reviews/{id}/close", KEEPERS),
    program("GET", "/api/platforms/reviews/{id}/report.csv", REGISTER),
    page("GET", "/platforms/teams", REGISTER),
    page("POST", "/platforms/teams", KEEPERS),
    page("GET", "/platforms/teams/{id}", KEEPERS),
    page("POST", "/platforms/teams/{id}", KEEPERS),
    page("POST", "/platforms/teams/{id}/delete", KEEPERS),
    page("GET", "/platforms/fields", REGISTER),
    page("POST", "/platforms/fields", KEEPERS),
    page("GET", "/platforms/fields/{key}", KEEPERS),
    page("POST", "/platforms/fields/{key}", KEEPERS),
    page("POST", "/platforms/fields/{key}/delete", KEEPERS),
    page("GET", "/platforms/reviews", REGISTER),
    page("POST", "/platforms/reviews", KEEPERS),
    page("GET", "/platforms/reviews/{id}", REGISTER),
    page("POST", "/platforms/reviews/{id}/items/{platform}", KEEPERS),
    page("POST", "/platforms/reviews/{id}/close", KEEPERS),
];
