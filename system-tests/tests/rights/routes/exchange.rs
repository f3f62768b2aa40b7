//! The routes of the task exchange, and of people, whom its admins administer.

use super::{Route, Rule, page, program, stream};

/// Who has a part in the task exchange, and who deals the tasks (B-14, B-31).
const EXCHANGE: Rule = Rule::Roles(&["worker", "manager", "accountant", "admin"]);
const DEALERS: Rule = Rule::Roles(&["manager", "admin"]);
/// Who may see the books; admins close days.
const BOOKS: Rule = Rule::Roles(&["accountant", "admin"]);
const ADMINS: Rule = Rule::Roles(&["admin"]);

pub(super) const ROUTES: &[Route] = &[
    // People, for admins.
    program("GET", "/api/users", ADMINS),
    program("POST", "/api/users", ADMINS),
    program("GET", "/api/users/{id}", ADMINS),
    program("PATCH", "/api/users/{id}", ADMINS),
    page("GET", "/users", ADMINS),
    page("POST", "/users", ADMINS),
    page("GET", "/users/new", ADMINS),
    page("GET", "/users/{id}", ADMINS),
    page("POST", "/users/{id}", ADMINS),
    // Invitations.
    program("POST", "/api/users/invitations", ADMINS),
    program("POST", "/api/users/{id}/invitation", ADMINS),
    program("DELETE", "/api/users/{id}/invitation", ADMINS),
    page("GET", "/users/invitations", ADMINS),
    page("POST", "/users/invitations", ADMINS),
    page("POST", "/users/{id}/invitation", ADMINS),
    page("POST", "/users/{id}/withdraw", ADMINS),
    // Tasks.
    program("GET", "/api/tasks", EXCHANGE),
    program("POST", "/api/tasks", EXCHANGE),
    program("GET", "/api/tasks/{id}", EXCHANGE),
    program("POST", "/api/tasks/{id}/complete", EXCHANGE),
    program("GET", "/api/tasks/{id}/assignments", EXCHANGE),
    program("POST", "/api/tasks/shuffle", DEALERS),
    program("GET", "/api/tasks/shuffles", DEALERS),
    program("GET", "/api/tasks/shuffles/{id}", DEALERS),
    page("GET", "/exchange/tasks", EXCHANGE),
    page("POST", "/exchange/tasks", EXCHANGE),
    stream("/exchange/tasks/live", EXCHANGE),
    page("GET", "/exchange/tasks/new", EXCHANGE),
    page("GET", "/exchange/tasks/{id}", EXCHANGE),
    stream("/exchange/tasks/{id}/live", EXCHANGE),
    page("POST", "/exchange/tasks/{id}/complete", EXCHANGE),
    page("GET", "/exchange/team", DEALERS),
    stream("/exchange/team/live", DEALERS),
    page("POST", "/exchange/shuffle", DEALERS),
    // Accounting.
    program("GET", "/api/accounts/me", EXCHANGE),
    program("GET", "/api/accounts/me/log", EXCHANGE),
    program("GET", "/api/accounts/me/log.csv", EXCHANGE),
    program("GET", "/api/accounts", BOOKS),
    program("GET", "/api/accounts/{id}", BOOKS),
    program("GET", "/api/accounts/{id}/log", BOOKS),
    program("GET", "/api/accounts/{id}/log.csv", BOOKS),
    program("POST", "/api/accounts/{id}/adjustments", BOOKS),
    program("GET", "/api/accounting/summary", BOOKS),
    program("GET", "/api/accounting/check", BOOKS),
    program("GET", "/api/accounting/days/{date}", BOOKS),
    program("POST", "/api/accounting/days/{date}/close", ADMINS),
    program("GET", "/api/accounting/payouts", BOOKS),
    program("GET", "/api/accounting/payouts.csv", BOOKS),
    page("GET", "/exchange/account", EXCHANGE),
    stream("/exchange/account/live", EXCHANGE),
    page("GET", "/exchange/books", BOOKS),
    stream("/exchange/books/live", BOOKS),
    page("GET", "/exchange/books/accounts", BOOKS),
    page("GET", "/exchange/books/accounts/{id}", BOOKS),
    stream("/exchange/books/accounts/{id}/live", BOOKS),
    page("POST", "/exchange/books/accounts/{id}/adjustments", BOOKS),
    page("GET", "/exchange/books/payouts", BOOKS),
    page("GET", "/exchange/books/days/{date}", BOOKS),
    page("POST", "/exchange/books/days/{date}/close", ADMINS),
    // Analytics.
    program("GET", "/api/analytics/today", ADMINS),
    program("GET", "/api/analytics/most-expensive", ADMINS),
    program("GET", "/api/analytics/days", ADMINS),
    page("GET", "/exchange/analytics", ADMINS),
    stream("/exchange/analytics/live", ADMINS),
    // What becomes of shuffles; each account sees its own.
    program("GET", "/api/operations/tasks", Rule::SignedIn),
    program("POST", "/api/operations/tasks/secret", Rule::SignedIn),
    program("GET", "/api/operations/tasks/{id}", Rule::SignedIn),
    program("POST", "/api/operations/tasks/{id}/cancel", Rule::SignedIn),
    stream("/api/operations/tasks/{id}/live", Rule::SignedIn),
    program("GET", "/api/operations/tasks/{id}/callback", Rule::SignedIn),
    program(
        "POST",
        "/api/operations/tasks/{id}/callback/redeliver",
        Rule::SignedIn,
    ),
];
