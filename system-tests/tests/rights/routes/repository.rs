//! The routes of the repository of commands.

use super::{Route, Rule, form, json, page, program, stream};

const REPOSITORY: Rule = Rule::Roles(&["infrastructure", "support", "engineering", "admin"]);
const WRITERS: Rule = Rule::Roles(&["infrastructure", "support", "admin"]);

pub(super) const ROUTES: &[Route] = &[
    program("GET", "/api/c/platforms", REPOSITORY),
    program("POST", "/api/c/platforms", REPOSITORY),
    program("GET", "/api/c/platforms/{platform_id}/commands", REPOSITORY),
    program(
        "POST",
        "/api/c/platforms/{platform_id}/commands",
        REPOSITORY,
    ),
    program(
        "GET",
        "/api/c/platforms/{platform_id}/commands/{command_id}",
        REPOSITORY,
    ),
    program(
        "PUT",
        "/api/c/platforms/{platform_id}/commands/{command_id}",
        REPOSITORY,
    ),
    program(
        "PATCH",
        "/api/c/platforms/{platform_id}/commands/{command_id}",
        REPOSITORY,
    ),
    program(
        "DELETE",
        "/api/c/platforms/{platform_id}/commands/{command_id}",
        REPOSITORY,
    ),
    program("GET", "/api/c/commands/{command_id}", REPOSITORY),
    program("PUT", "/api/c/commands/{command_id}", REPOSITORY),
    program("PATCH", "/api/c/commands/{command_id}", REPOSITORY),
    program("DELETE", "/api/c/commands/{command_id}", REPOSITORY),
    program("GET", "/api/c/commands/{command_id}/revisions", REPOSITORY),
    program(
        "GET",
        "/api/c/commands/{command_id}/revisions/{revision}",
        REPOSITORY,
    ),
    program(
        "POST",
        "/api/c/commands/{command_id}/revert/{revision}",
        REPOSITORY,
    ),
    program("POST", "/api/c/commands/{command_id}/render", REPOSITORY),
    program("GET", "/api/c/commands/{command_id}/usages", REPOSITORY),
    json(
        "POST",
        "/api/c/commands/{command_id}/usages",
        REPOSITORY,
        "{\"revision\": 1}",
    ),
    program(
        "PATCH",
        "/api/c/commands/{command_id}/usages/{usage_id}",
        REPOSITORY,
    ),
    program("PUT", "/api/c/commands/{command_id}/favourite", REPOSITORY),
    program(
        "DELETE",
        "/api/c/commands/{command_id}/favourite",
        REPOSITORY,
    ),
    program("GET", "/api/c/export", REPOSITORY),
    program("GET", "/api/c/import", REPOSITORY),
    program("POST", "/api/c/import", REPOSITORY),
    program("GET", "/api/c/import/{id}", REPOSITORY),
    page("GET", "/commands/import", REPOSITORY),
    page("POST", "/commands/import", REPOSITORY),
    page("GET", "/commands/import/{id}", REPOSITORY),
    program("GET", "/api/c/commands", REPOSITORY),
    page("GET", "/commands", REPOSITORY),
    page("GET", "/commands/favourites", REPOSITORY),
    page("GET", "/commands/new", REPOSITORY),
    page("POST", "/commands/new", REPOSITORY),
    page("GET", "/commands/{id}", REPOSITORY),
    page("POST", "/commands/{id}", REPOSITORY),
    page("GET", "/commands/{id}/edit", REPOSITORY),
    page("POST", "/commands/{id}/edit", REPOSITORY),
    page("GET", "/commands/{id}/revisions", REPOSITORY),
    page("POST", "/commands/{id}/publish", WRITERS),
    page("POST", "/commands/{id}/deprecate", REPOSITORY),
    page("POST", "/commands/{id}/revert", REPOSITORY),
    form("POST", "/commands/{id}/favourite", REPOSITORY, "keep=yes"),
    page("POST", "/commands/{id}/uses", REPOSITORY),
    program("GET", "/api/operations/commands", Rule::SignedIn),
    program("POST", "/api/operations/commands/secret", Rule::SignedIn),
    program("GET", "/api/operations/commands/{id}", Rule::SignedIn),
    program(
        "POST",
        "/api/operations/commands/{id}/cancel",
        Rule::SignedIn,
    ),
    stream("/api/operations/commands/{id}/live", Rule::SignedIn),
    program(
        "GET",
        "/api/operations/commands/{id}/callback",
        Rule::SignedIn,
    ),
    program(
        "POST",
        "/api/operations/commands/{id}/callback/redeliver",
        Rule::SignedIn,
    ),
];
