//! What no client should send, over real sockets: refused clearly, and nothing happens.

mod cases;
mod raw;

use std::time::Duration;

use hyper::Method;
use serde_json::json;
use system_tests::{Account, Answer, Books, Client, Failure, NoAnswer, Site, pause};

use crate::{BINARY, tell};
use cases::{Assets, Case, Sent};

/// What an answer must never hold: where we live, what we run on, how we ask the database.
const SECRETS: [&str; 13] = [
    "panicked",
    "RUST_BACKTRACE",
    ".rs:",
    "/root",
    "/home",
    "/tmp",
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "sqlite",
    "postgres",
    "no such column",
    "constraint",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_clearly_and_changes_nothing() -> Result<(), Failure> {
    refuse_everything(Site::on_sqlite(BINARY)?, "SQLite").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_is_refused_clearly_on_postgresql() -> Result<(), Failure> {
    refuse_everything(Site::on_postgres(BINARY).await?, "PostgreSQL").await
}

async fn refuse_everything(site: Site, name: &str) -> Result<(), Failure> {
    let (server, admin) = site.start_with_admin(&[]).await?;
    let somebody = Account::sign_up(site.address()).await?;
    let ticket = list(&somebody, "Two seats").await?;
    let assets = write_down(&admin).await?;
    settled().await;
    let before = everything(&site.books()).await?;

    let mut wrong = Vec::new();
    let cases = cases::all(&ticket).into_iter();
    let cases = cases.map(|case| (&somebody, case));
    let of_assets = cases::of_assets(&assets).into_iter();
    let cases: Vec<_> = cases.chain(of_assets.map(|case| (&admin, case))).collect();
    for (by, case) in &cases {
        if let Err(finding) = refused(&by.client, case).await {
            wrong.push(finding);
        }
    }
    wrong.extend(raw::refused(&somebody.client).await?);
    assert!(
        wrong.is_empty(),
        "{} findings:\n{}",
        wrong.len(),
        wrong.join("\n")
    );

    settled().await;
    assert_eq!(
        everything(&site.books()).await?,
        before,
        "nothing may have happened"
    );
    let health = somebody.client.get("/healthz").await?;
    assert_eq!((health.status, health.text.as_str()), (200, "alive\n"));
    assert_eq!(somebody.client.get("/readyz").await?.status, 200);
    assert!(!site.log().contains("panicked"), "{}", site.log());
    tell(&format!(
        "{name}: {} kinds of bad input refused, nothing changed",
        cases.len()
    ));
    drop(server);
    site.remove().await
}

/// Sends a case and judges the answer.
async fn refused(client: &Client, case: &Case) -> Result<(), String> {
    let method = Method::from_bytes(case.method.as_bytes()).map_err(|error| error.to_string())?;
    let (kind, body) = match &case.sent {
        Sent::Nothing => (None, Vec::new()),
        Sent::Json(text) => (Some("application/json"), text.clone().into_bytes()),
        Sent::Bytes(kind, bytes) => (*kind, bytes.clone()),
    };
    let answer = client
        .send_bytes(method, &case.path, kind, body.into())
        .await;
    let answer = match answer {
        Ok(answer) => answer,
        // The server need not read to the end what it refuses; then its answer may be lost.
        Err(NoAnswer::Unknown(_)) if case.statuses.contains(&413) => return Ok(()),
        Err(error) => return Err(format!("{case:?}: {error}")),
    };
    judge(case, &answer).map_err(|finding| format!("{case:?}: {finding}"))
}

fn judge(case: &Case, answer: &Answer) -> Result<(), String> {
    let shown: String = answer.text.chars().take(300).collect();
    if !case.statuses.contains(&answer.status) {
        return Err(format!("answered {} {shown}", answer.status));
    }
    check_keeps_secrets(answer)?;
    // A form that was filled in wrongly is shown again.
    let is_page = answer.text.trim_end().ends_with("</html>") && case.is_form();
    let is_refusal = answer.status >= 400 && !is_page;
    if is_refusal
        && !answer
            .header("content-type")
            .starts_with("application/problem+json")
    {
        return Err(format!("{} without a problem: {shown}", answer.status));
    }
    if is_refusal
        && answer.json()["errors"][0]["code"]
            .as_str()
            .is_none_or(str::is_empty)
    {
        return Err(format!("a problem without a code: {shown}"));
    }
    Ok(())
}

fn check_keeps_secrets(answer: &Answer) -> Result<(), String> {
    match SECRETS.iter().find(|secret| answer.text.contains(**secret)) {
        Some(secret) => Err(format!("tells {secret:?}: {}", answer.text)),
        None => Ok(()),
    }
}

/// SEC-25: what somebody types is text on every page that shows it, and no script.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_in_titles_are_text_on_every_page() -> Result<(), Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let server = site.start().await?;
    let seller = Account::sign_up(site.address()).await?;
    let buyer = Account::sign_up(site.address()).await?;
    let evil = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}";
    let ticket = list(&seller, evil).await?;
    settled().await;
    let body = json!({"ticket_id": ticket});
    let order = buyer.client.post("/api/orders", &body).await?;
    assert_eq!(order.status, 201, "{}", order.text);
    let order = order.field("id");
    let pages = [
        (&seller, format!("/tickets/{ticket}")),
        (&seller, "/my/listings".to_owned()),
        (&buyer, format!("/orders/{order}")),
        (&buyer, "/my/orders".to_owned()),
        (&buyer, "/?q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned()),
        (
            &buyer,
            "/signin?next=%22%3E%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
        ),
        (&buyer, "/%3Cscript%3Ealert(1)%3C/script%3E".to_owned()),
    ];
    for (viewer, path) in pages {
        let page = viewer.client.page(&path).await?;
        assert!(
            page.text.contains("</html>"),
            "{path} is no page: {}",
            page.text
        );
        for piece in ["<script>alert", "<img src=x", "\"'><"] {
            assert!(!page.text.contains(piece), "{path} holds {piece}");
        }
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("script-src 'self'") || policy.contains("default-src 'self'"),
            "{path} has {policy:?}"
        );
    }
    let page = seller.client.page(&format!("/tickets/{ticket}")).await?;
    assert!(
        page.text.contains("&lt;script&gt;alert(1)") || page.text.contains("&#60;script"),
        "the title is shown as it was typed"
    );
    drop(server);
    site.remove().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_never_ends_is_given_up_and_hinders_nobody() -> Result<(), Failure> {
    let site = Site::on_sqlite(BINARY)?;
    let server = site.start().await?;
    let client = Client::new(site.address());
    let slow = raw::half_requests(&client, 60).await?;
    for _ in 0..20 {
        let begun = std::time::Instant::now();
        assert_eq!(client.get("/healthz").await?.status, 200);
        assert_eq!(client.page("/").await?.status, 200);
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "others wait for the slow ones"
        );
        pause(Duration::from_millis(50)).await;
    }
    let open = raw::still_open(slow, Duration::from_secs(45)).await;
    assert!(open.is_empty(), "after 45 s these are still open: {open:?}");
    drop(server);
    site.remove().await
}

async fn list(seller: &Account, title: &str) -> Result<String, Failure> {
    let body = json!({"title": title, "price_minor": 5000});
    let answer = seller.client.post("/api/tickets", &body).await?;
    match answer.status {
        201 => Ok(answer.field("id")),
        _ => Err(format!("listing gave {} {}", answer.status, answer.text).into()),
    }
}

/// A platform with a command, `pod` being what has to be filled in.
async fn write_down(by: &Account) -> Result<Assets, Failure> {
    let body = json!({"name": "Kubernetes", "publisher": "CNCF"});
    let platform = by.client.post("/api/platforms", &body).await?.field("id");
    settled().await;
    let body = json!({
        "howTo": "Restart a pod", "commandLine": "kubectl delete pod {{pod}}", "status": "published",
        "params": [{"name": "pod", "type": "string", "required": true}],
    });
    let path = format!("/api/c/platforms/{platform}/commands");
    let answer = by.client.post(&path, &body).await?;
    match answer.status {
        201 => Ok(Assets {
            platform,
            command: answer.field("id"),
        }),
        _ => Err(format!("writing down gave {} {}", answer.status, answer.text).into()),
    }
}

/// Longer than an event needs from service to service when nothing else is going on.
async fn settled() {
    pause(Duration::from_millis(1500)).await;
}

/// How much there is of everything, and how often it was said to have changed.
async fn everything(books: &Books) -> Result<Vec<i64>, Failure> {
    let tables = [
        ("auth", "accounts"),
        ("auth", "tidings_outbox"),
        ("tickets", "listings"),
        ("tickets", "tidings_outbox"),
        ("orders", "orders"),
        ("orders", "tickets"),
        ("orders", "tidings_outbox"),
        ("expiration", "tidings_workflows"),
        ("payments", "payments"),
        ("payments", "simulator_charges"),
        ("payments", "tidings_outbox"),
        ("payments", "tidings_jobs"),
        ("payments", "tidings_workflows"),
        ("notifications", "messages"),
        ("platforms", "platforms"),
        ("platforms", "changes"),
        ("platforms", "imports"),
        ("platforms", "tidings_outbox"),
        ("commands", "commands"),
        ("commands", "revisions"),
        ("commands", "usages"),
        ("commands", "imports"),
        ("commands", "tidings_outbox"),
    ];
    let mut counts = Vec::new();
    for (service, table) in tables {
        counts.push(
            books
                .count(service, &format!("SELECT count(*) FROM {table}"))
                .await?,
        );
    }
    Ok(counts)
}
