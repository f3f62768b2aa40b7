//! Requests that are HTTP, and nonsense.

mod api;
mod assets;

pub(super) use assets::Assets;

/// What is sent with a request.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Sent {
    Nothing,
    Json(String),
    Bytes(Option<&'static str>, Vec<u8>),
}

/// A request and the answers that are right.
pub(super) struct Case {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) sent: Sent,
    pub(super) statuses: &'static [u16],
}

impl Case {
    pub(super) fn is_form(&self) -> bool {
        matches!(
            &self.sent,
            Sent::Bytes(Some("application/x-www-form-urlencoded"), _)
        )
    }
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = match &self.sent {
            Sent::Nothing => String::new(),
            Sent::Json(text) => text.chars().take(120).collect(),
            Sent::Bytes(kind, bytes) => format!("{} bytes of {kind:?}", bytes.len()),
        };
        let path: String = self.path.chars().take(120).collect();
        write!(f, "{} {path} {body}", self.method)
    }
}

const BAD: &[u16] = &[400];
const UNKNOWN: &[u16] = &[400, 404];
const TOO_LARGE: &[u16] = &[413];
/// Odd, but nothing is wrong with it.
const FINE: &[u16] = &[200];

const NOBODY: &str = "01890000-0000-7000-8000-000000000000";
const BODY_BYTES: usize = 10 * 1024 * 1024;

/// Every case for somebody who may write to the register and to the repository.
pub(super) fn of_assets(assets: &Assets) -> Vec<Case> {
    assets::all(assets)
}

/// Every case, around one ticket that the caller sells.
pub(super) fn all(ticket: &str) -> Vec<Case> {
    let mut cases = api::offers(ticket);
    cases.extend(api::orders(ticket));
    cases.extend(api::payments());
    cases.extend(api::strangers());
    cases.extend(queries());
    cases.extend(addresses(ticket));
    cases.extend(bodies());
    cases.extend(forms(ticket));
    cases
}

fn json(
    method: &'static str,
    path: &str,
    body: impl Into<String>,
    statuses: &'static [u16],
) -> Case {
    Case {
        method,
        path: path.to_owned(),
        sent: Sent::Json(body.into()),
        statuses,
    }
}

fn bare(method: &'static str, path: impl Into<String>, statuses: &'static [u16]) -> Case {
    Case {
        method,
        path: path.into(),
        sent: Sent::Nothing,
        statuses,
    }
}

fn bytes(path: &str, kind: Option<&'static str>, body: &[u8], statuses: &'static [u16]) -> Case {
    Case {
        method: "POST",
        path: path.to_owned(),
        sent: Sent::Bytes(kind, body.to_vec()),
        statuses,
    }
}

/// Huge pages, cursors made up by hand, filters that mean nothing.
fn queries() -> Vec<Case> {
    let lists = [
        "/api/tickets",
        "/api/me/listings",
        "/api/orders",
        "/api/payments",
    ];
    let parts = [
        "limit=0",
        "limit=-1",
        "limit=201",
        "limit=99999999999999999999",
        "limit=abc",
        "limit=1.5",
        "limit=",
        "limit=1&limit=2",
        "cursor=abc",
        "cursor=_",
        "cursor=%F0%9F%8E%AB",
        "cursor=9223372036854775808_01890000-0000-7000-8000-000000000000",
        "cursor=1_01890000",
        "cursor=1%27%20OR%201=1--",
        "cursor=%00",
        "limit=%FF",
        "limit=%zz",
    ];
    let mut cases = Vec::new();
    for list in lists {
        cases.extend(parts.map(|part| bare("GET", format!("{list}?{part}"), BAD)));
    }
    let filters = [
        "sort=bogus",
        "category=bogus",
        "from=bogus",
        "to=2026-99-99",
        "price_min=-1",
        "price_min=abc",
        "price_max=1e9",
        "price_max=99999999999999999999",
    ];
    cases.extend(filters.map(|filter| bare("GET", format!("/api/tickets?{filter}"), BAD)));
    cases.extend([
        bare("GET", "/api/orders?status=bogus", BAD),
        bare("GET", "/api/orders?role=king", BAD),
        bare("GET", "/api/payments?order_id=x", BAD),
        bare("GET", "/api/tickets?q=%27%20OR%201=1%20--", FINE),
        bare("GET", "/api/tickets?q=%25_%5C", FINE),
        bare(
            "GET",
            format!("/api/tickets?q={}", "x".repeat(3000)),
            &[200, 400],
        ),
        bare(
            "GET",
            format!("/api/tickets?q={}", "x".repeat(5000)),
            &[414],
        ),
    ]);
    cases
}

/// Unknown routes and methods, and addresses that are trying something.
fn addresses(ticket: &str) -> Vec<Case> {
    let mut cases = vec![
        bare("GET", "/api/nothing", &[404]),
        bare("GET", "/api", &[404]),
        bare("GET", "/nothing/at/all", &[404]),
        bare("GET", "/assets/..%2f..%2fCargo.toml", &[400, 404]),
        bare("GET", "/assets/../../etc/passwd", &[400, 404]),
        bare("GET", "/%2e%2e/%2e%2e/etc/passwd", &[400, 404]),
        bare("GET", "//example.com/", &[400, 404]),
        bare("GET", "/%00", &[400, 404]),
        bare("GET", "/%FF%FE", &[400, 404]),
        bare("GET", format!("/{}", "a/".repeat(4000)), &[414]),
        bare("GET", "/api/tickets/x", UNKNOWN),
        bare("GET", format!("/api/tickets/{NOBODY}"), &[404]),
        bare("GET", format!("/api/tickets/{ticket}%00"), &[400, 404]),
        bare("GET", "/api/orders/x", UNKNOWN),
        bare("GET", format!("/api/orders/{NOBODY}"), &[404]),
        bare("GET", format!("/api/payments/{NOBODY}"), &[404]),
        bare("GET", "/tickets/x", UNKNOWN),
        bare("GET", "/orders/x", UNKNOWN),
        bare("GET", "/orders/x/live", UNKNOWN),
        bare("GET", "/console", &[403, 404]),
        bare("GET", "/ops/dead", &[403, 404]),
    ];
    for method in ["DELETE", "PATCH", "PUT", "TRACE", "BREW"] {
        cases.push(bare(method, "/api/tickets", &[405]));
        cases.push(bare(method, "/healthz", &[405]));
    }
    cases.push(bare("GET", "/api/users/signup", &[405]));
    cases.push(bare("POST", "/api/openapi.json", &[405]));
    cases
}

/// Bodies that are not what they say, and bodies that are too large.
fn bodies() -> Vec<Case> {
    let json = Some("application/json");
    let huge = format!(
        "{{\"title\":\"{}\",\"price_minor\":1}}",
        "x".repeat(BODY_BYTES)
    );
    let just_too_large = format!(
        "{{\"title\":\"{}\",\"price_minor\":1}}",
        "x".repeat(64 * 1024)
    );
    let fine = b"{\"title\":\"x\",\"price_minor\":100}";
    let mut cases = vec![
        bytes(
            "/api/tickets",
            json,
            b"{\"title\":\"\xff\xfe\",\"price_minor\":100}",
            BAD,
        ),
        bytes(
            "/api/tickets",
            json,
            b"\xef\xbb\xbf{\"title\":\"x\",\"price_minor\":100}",
            BAD,
        ),
        bytes("/api/tickets", json, &[0; 64], BAD),
        bytes("/api/tickets", None, fine, &[415]),
        bytes("/api/tickets", Some("text/plain"), fine, &[415]),
        bytes(
            "/api/tickets",
            Some("application/x-www-form-urlencoded"),
            fine,
            &[415],
        ),
        bytes("/api/tickets", Some("multipart/form-data"), fine, &[415]),
    ];
    for path in [
        "/api/tickets",
        "/api/orders",
        "/api/payments",
        "/api/users/signin",
        "/sell",
        "/nothing",
    ] {
        cases.push(bytes(path, json, huge.as_bytes(), TOO_LARGE));
        cases.push(bytes(path, json, just_too_large.as_bytes(), TOO_LARGE));
    }
    cases
}

/// Forms of the pages, filled in by nobody who has seen them.
fn forms(ticket: &str) -> Vec<Case> {
    let form = Some("application/x-www-form-urlencoded");
    let refused: &[u16] = &[400, 404, 415, 422];
    let edit = format!("/tickets/{ticket}/edit");
    let order = format!("ticket_id={ticket}");
    let pay = format!("/orders/{NOBODY}/pay");
    let mut cases = vec![
        bytes("/orders", form, b"", refused),
        bytes(
            "/orders",
            form,
            b"ticket_id=x&expected_price_minor=y",
            refused,
        ),
        bytes("/orders", form, order.as_bytes(), refused),
        bytes("/orders", Some("application/json"), b"{}", refused),
        bytes(&pay, form, b"token=tok_visa", &[404]),
        bytes(&pay, form, b"", refused),
        bytes("/orders/x/cancel", form, b"", refused),
    ];
    for path in ["/sell", edit.as_str()] {
        cases.push(bytes(path, form, b"%ff=%fe&title=%ff", refused));
        cases.push(bytes(path, Some("text/plain"), b"title=x", refused));
    }
    cases
}
