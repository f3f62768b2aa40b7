//! Every route that there is, and who may use it.

mod catalog;
mod events;
mod exchange;
mod fill;
mod register;
mod repair;
mod repository;

use crate::market::Market;
use crate::person::{Reader, Sent};
use fill::fill;

/// Who may come in at all. What of it is theirs is another question (`theirs.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Everybody.
    Public,
    /// Whoever has signed in.
    SignedIn,
    /// Whoever has the role `operator`.
    Operator,
    /// Whoever has one of these roles of the company.
    Roles(&'static [&'static str]),
    /// Another service of the installation, and nobody else.
    Services,
}

/// A route and its rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) rule: Rule,
    pub(crate) reader: Reader,
    /// What is sent: fields of a form, or JSON.
    form: &'static str,
}

impl Route {
    /// The address around something that is not there.
    pub(crate) fn of_nothing(&self) -> String {
        let nothing = "01890000-0000-7000-8000-000000000000";
        fill(self.path, nothing)
    }

    /// The addresses around the things of a market.
    pub(crate) fn of_all(&self, market: &Market) -> Vec<String> {
        if !self.path.contains('{') {
            return vec![self.path.to_owned()];
        }
        // Ids of one kind at the routes of another are tried as well.
        let ids = [
            &market.listing,
            &market.held,
            &market.paid,
            &market.payment,
            &market.task,
            &market.platform,
            &market.command,
        ];
        let mut all: Vec<String> = ids.iter().map(|id| fill(self.path, id)).collect();
        all.dedup();
        all
    }

    /// Enough to get past the form to the rule.
    pub(crate) fn sent(&self) -> Sent {
        match (self.method, self.reader) {
            ("POST", Reader::Person) if self.path.ends_with("/import") => Sent::Upload,
            ("POST", Reader::Person) => Sent::Form(self.form.to_owned()),
            ("POST" | "PUT" | "PATCH", _) if self.form.is_empty() => Sent::Json("{}".to_owned()),
            ("POST" | "PUT" | "PATCH", _) => Sent::Json(self.form.to_owned()),
            _ => Sent::Nothing,
        }
    }
}

const fn program(method: &'static str, path: &'static str, rule: Rule) -> Route {
    Route {
        method,
        path,
        rule,
        reader: Reader::Program,
        form: "",
    }
}

const fn json(method: &'static str, path: &'static str, rule: Rule, form: &'static str) -> Route {
    Route {
        method,
        path,
        rule,
        reader: Reader::Program,
        form,
    }
}

const fn page(method: &'static str, path: &'static str, rule: Rule) -> Route {
    form(method, path, rule, "")
}

const fn form(method: &'static str, path: &'static str, rule: Rule, form: &'static str) -> Route {
    Route {
        method,
        path,
        rule,
        reader: Reader::Person,
        form,
    }
}

const fn stream(path: &'static str, rule: Rule) -> Route {
    Route {
        method: "GET",
        path,
        rule,
        reader: Reader::Stream,
        form: "",
    }
}

const TICKET: &str = "ticket_id=01890000-0000-7000-8000-000000000000";

/// A new route is to be written down here.
const ROUTES: &[Route] = &[
    program("GET", "/healthz", Rule::Public),
    program("GET", "/readyz", Rule::Public),
    program("GET", "/status", Rule::Public),
    // To the machine itself; these tests are on it.
    program("GET", "/metrics", Rule::Public),
    program("GET", "/.well-known/jwks.json", Rule::Public),
    program("GET", "/assets/{name}", Rule::Public),
    program("GET", "/api/openapi.json", Rule::Public),
    page("GET", "/api/docs", Rule::Public),
    page("GET", "/problems/{code}", Rule::Public),
    // Accounts.
    program("POST", "/api/users/signup", Rule::Public),
    program("POST", "/api/users/signin", Rule::Public),
    program("POST", "/api/users/signout", Rule::Public),
    program("GET", "/api/users/currentuser", Rule::Public),
    program("POST", "/api/users/token", Rule::SignedIn),
    // What a letter is told of its link, nobody else is.
    program("POST", "/api/users/links/{id}", Rule::Services),
    program("POST", "/api/users/accept", Rule::Public),
    program("POST", "/api/users/forgot", Rule::Public),
    program("POST", "/api/users/reset", Rule::Public),
    program("POST", "/api/users/password", Rule::SignedIn),
    program("GET", "/api/users/sessions", Rule::SignedIn),
    program("DELETE", "/api/users/sessions", Rule::SignedIn),
    page("GET", "/invitation/{token}", Rule::Public),
    page("POST", "/invitation/{token}", Rule::Public),
    page("GET", "/reset/{token}", Rule::Public),
    page("POST", "/reset/{token}", Rule::Public),
    page("GET", "/forgot", Rule::Public),
    page("POST", "/forgot", Rule::Public),
    page("GET", "/account", Rule::SignedIn),
    page("POST", "/account/password", Rule::SignedIn),
    page("POST", "/account/sessions/end", Rule::SignedIn),
    page("GET", "/signin", Rule::Public),
    page("POST", "/signin", Rule::Public),
    page("GET", "/signup", Rule::Public),
    page("POST", "/signup", Rule::Public),
    page("POST", "/signout", Rule::Public),
    // Tickets.
    program("GET", "/api/tickets", Rule::Public),
    program("POST", "/api/tickets", Rule::SignedIn),
    program("GET", "/api/tickets/{id}", Rule::Public),
    program("PUT", "/api/tickets/{id}", Rule::SignedIn),
    program("POST", "/api/tickets/{id}/withdraw", Rule::SignedIn),
    program("GET", "/api/me/listings", Rule::SignedIn),
    page("GET", "/", Rule::Public),
    page("GET", "/sell", Rule::SignedIn),
    page("POST", "/sell", Rule::SignedIn),
    page("GET", "/my/listings", Rule::SignedIn),
    stream("/my/listings/live", Rule::SignedIn),
    stream("/tickets/live", Rule::Public),
    page("GET", "/tickets/{id}", Rule::Public),
    stream("/tickets/{id}/live", Rule::Public),
    page("GET", "/tickets/{id}/edit", Rule::SignedIn),
    page("POST", "/tickets/{id}/edit", Rule::SignedIn),
    page("POST", "/tickets/{id}/withdraw", Rule::SignedIn),
    // Orders.
    program("GET", "/api/orders", Rule::SignedIn),
    program("POST", "/api/orders", Rule::SignedIn),
    program("GET", "/api/orders/{id}", Rule::SignedIn),
    program("DELETE", "/api/orders/{id}", Rule::SignedIn),
    program("POST", "/api/orders/{id}/cancel", Rule::SignedIn),
    program("GET", "/api/orders/{id}/events", Rule::SignedIn),
    form("POST", "/orders", Rule::SignedIn, TICKET),
    page("GET", "/orders/{id}", Rule::SignedIn),
    page("POST", "/orders/{id}/cancel", Rule::SignedIn),
    stream("/orders/{id}/live", Rule::SignedIn),
    page("GET", "/my/orders", Rule::SignedIn),
    stream("/my/orders/live", Rule::SignedIn),
    // Payments.
    program("GET", "/api/payments", Rule::SignedIn),
    program("POST", "/api/payments", Rule::SignedIn),
    program("GET", "/api/payments/{id}", Rule::SignedIn),
    form("POST", "/orders/{id}/pay", Rule::SignedIn, "token=tok_visa"),
    // Operators.
    page("GET", "/console", Rule::Operator),
    stream("/console/live", Rule::Operator),
    page(
        "GET",
        "/console/settle/{service}/{subscription}/{stream}",
        Rule::Operator,
    ),
    stream(
        "/console/settle/{service}/{subscription}/{stream}/live",
        Rule::Operator,
    ),
    page(
        "POST",
        "/console/settle/{service}/{subscription}/{stream}",
        Rule::Operator,
    ),
    page(
        "POST",
        "/console/jobs/{service}/{job_id}/retry",
        Rule::Operator,
    ),
    page("GET", "/console/mail", Rule::Operator),
    page("GET", "/console/mail/{id}", Rule::Operator),
    page("POST", "/console/mail/{id}/resend", Rule::Operator),
    page(
        "POST",
        "/console/jobs/{service}/{job_id}/cancel",
        Rule::Operator,
    ),
    page("GET", "/console/jobs", Rule::Operator),
    stream("/console/jobs/live", Rule::Operator),
    page("GET", "/console/jobs/{service}/{job_id}", Rule::Operator),
    stream("/console/jobs/{service}/{job_id}/live", Rule::Operator),
    page("GET", "/console/workflows", Rule::Operator),
    stream("/console/workflows/live", Rule::Operator),
    page(
        "GET",
        "/console/workflows/{service}/{run_id}",
        Rule::Operator,
    ),
    stream("/console/workflows/{service}/{run_id}/live", Rule::Operator),
    page("GET", "/console/operations", Rule::Operator),
    stream("/console/operations/live", Rule::Operator),
    page(
        "GET",
        "/console/operations/{service}/{operation_id}",
        Rule::Operator,
    ),
    stream(
        "/console/operations/{service}/{operation_id}/live",
        Rule::Operator,
    ),
    page("GET", "/console/callbacks", Rule::Operator),
    stream("/console/callbacks/live", Rule::Operator),
    page(
        "POST",
        "/console/workflows/{service}/{run_id}/retry",
        Rule::Operator,
    ),
    page(
        "POST",
        "/console/workflows/{service}/{run_id}/cancel",
        Rule::Operator,
    ),
    form(
        "POST",
        "/console/workflows/{service}/{run_id}/abandon",
        Rule::Operator,
        "note=x",
    ),
    form(
        "POST",
        "/console/workflows/{service}/{run_id}/steps/{position}",
        Rule::Operator,
        "verdict=again&text=&note=x",
    ),
    page(
        "POST",
        "/console/operations/{service}/{operation_id}/cancel",
        Rule::Operator,
    ),
    page(
        "POST",
        "/console/callbacks/{service}/{callback_id}/redeliver",
        Rule::Operator,
    ),
    program("GET", "/ops/workflows", Rule::Operator),
    program("GET", "/ops/workflows/counts", Rule::Operator),
    program("GET", "/ops/operations", Rule::Operator),
    program("GET", "/ops/callbacks", Rule::Operator),
    program("GET", "/ops/workflows/{service}/{run_id}", Rule::Operator),
    program(
        "GET",
        "/ops/operations/{service}/{operation_id}",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/workflows/{service}/{run_id}/retry",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/workflows/{service}/{run_id}/cancel",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/workflows/{service}/{run_id}/abandon",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/workflows/{service}/{run_id}/steps/{position}",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/operations/{service}/{operation_id}/cancel",
        Rule::Operator,
    ),
    program(
        "POST",
        "/ops/callbacks/{service}/{callback_id}/redeliver",
        Rule::Operator,
    ),
    // Feeds; services read them with tokens of their own.
    program("GET", "/feed/{stream}", Rule::Operator),
    program("POST", "/feed/{stream}", Rule::Operator),
    program("GET", "/feed/{stream}/heads", Rule::Operator),
    program("GET", "/feed/{stream}/{slot}", Rule::Operator),
    program("GET", "/ops/streams", Rule::Operator),
    program("GET", "/ops/instances", Rule::Operator),
    program("GET", "/ops/projections", Rule::Operator),
    program(
        "POST",
        "/ops/projections/{service}/{name}/rebuild",
        Rule::Operator,
    ),
    program("GET", "/ops/alerts", Rule::Operator),
    program(
        "POST",
        "/ops/alerts/{service}/{alert_id}/acknowledge",
        Rule::Operator,
    ),
    page("GET", "/console/alerts", Rule::Operator),
    stream("/console/alerts/live", Rule::Operator),
    form(
        "POST",
        "/console/alerts/{service}/{alert_id}/acknowledge",
        Rule::Operator,
        "note=why",
    ),
    program("GET", "/ops/jobs", Rule::Operator),
    program("GET", "/ops/calls", Rule::Operator),
    program(
        "POST",
        "/ops/settle/{service}/{subscription}/{stream}",
        Rule::Operator,
    ),
    program("POST", "/ops/jobs/{service}/{job_id}/retry", Rule::Operator),
    program(
        "POST",
        "/ops/jobs/{service}/{job_id}/cancel",
        Rule::Operator,
    ),
    program("GET", "/ops/jobs/{service}/{job_id}", Rule::Operator),
    program("GET", "/ops/jobs/counts", Rule::Operator),
    program("GET", "/ops/schedules", Rule::Operator),
];

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    let more = [
        catalog::ROUTES,
        events::ROUTES,
        exchange::ROUTES,
        register::ROUTES,
        repair::ROUTES,
        repository::ROUTES,
    ];
    ROUTES.iter().chain(more.into_iter().flatten())
}

/// The routes that are read.
pub(crate) fn read() -> impl Iterator<Item = &'static Route> {
    all().filter(|route| route.method == "GET")
}
