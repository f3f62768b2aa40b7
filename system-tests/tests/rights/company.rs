//! A-21: what the register and the repository show and let change, asked by somebody of every
//! role; `rules.rs` asks the rest.

use std::time::Duration;

use system_tests::{Answer, Failure, checker};

use crate::market::Market;
use crate::person::{Person, Reader, Sent};
use crate::rows;

const REST_LIMIT: Duration = Duration::from_secs(30);

/// What each gets: nobody, a buyer without a role, an operator without one, infrastructure,
/// support, engineering, the accountant, the admin.
type Row = [u16; 8];

const REGISTER: Row = [401, 403, 403, 200, 200, 200, 200, 200];
const REPOSITORY: Row = [401, 403, 403, 200, 200, 200, 403, 200];

/// What changes something; `WHO` in the body is the name of whoever asks.
struct Write {
    method: &'static str,
    path: String,
    body: &'static str,
    row: Row,
}

fn everybody(market: &Market) -> [&Person; 8] {
    [
        &market.nobody,
        &market.buyer,
        &market.operator,
        &market.infrastructure,
        &market.support,
        &market.engineering,
        &market.accountant,
        &market.admin,
    ]
}

/// What programs read.
fn read_by_programs(market: &Market) -> Vec<(String, Row)> {
    let (platform, command) = (&market.platform, &market.command);
    let rows = [
        ("/api/platforms".to_owned(), REGISTER),
        (format!("/api/platforms/{platform}"), REGISTER),
        (format!("/api/platforms/{platform}/history"), REGISTER),
        (format!("/api/platforms/{platform}/relations"), REGISTER),
        ("/api/platforms/changes".to_owned(), REGISTER),
        ("/api/platforms/changes.csv".to_owned(), REGISTER),
        ("/api/platforms/teams".to_owned(), REGISTER),
        ("/api/platforms/fields".to_owned(), REGISTER),
        ("/api/platforms/reviews".to_owned(), REGISTER),
        ("/api/c/platforms".to_owned(), REPOSITORY),
        (format!("/api/c/platforms/{platform}/commands"), REPOSITORY),
        (
            format!("/api/c/platforms/{platform}/commands/{command}"),
            REPOSITORY,
        ),
        ("/api/c/commands?q=pod".to_owned(), REPOSITORY),
        (format!("/api/c/commands/{command}"), REPOSITORY),
        (format!("/api/c/commands/{command}/revisions"), REPOSITORY),
    ];
    rows.to_vec()
}

/// A change that whoever may make it makes in their own name.
fn change(method: &'static str, path: &str, body: &'static str, row: [u16; 5]) -> Write {
    let [infrastructure, support, engineering, accountant, admin] = row;
    Write {
        method,
        path: path.to_owned(),
        body,
        row: [
            401,
            403,
            403,
            infrastructure,
            support,
            engineering,
            accountant,
            admin,
        ],
    }
}

/// In an order in which whoever may can do it all: the archive is the end.
fn written(market: &Market) -> Vec<Write> {
    let one = format!("/api/platforms/{}", market.platform);
    let archive = change(
        "POST",
        &format!("{one}/archive"),
        "{}",
        [200, 403, 403, 403, 200],
    );
    let all = in_register(&one).into_iter().chain(in_repository(market));
    all.chain([archive]).collect()
}

fn in_register(one: &str) -> Vec<Write> {
    vec![
        change(
            "POST",
            "/api/platforms",
            r#"{"name": "A of WHO", "publisher": "P", "lifecycle": "proposed"}"#,
            [201, 201, 201, 403, 201],
        ),
        change(
            "POST",
            "/api/platforms",
            r#"{"name": "B of WHO", "publisher": "P", "lifecycle": "experimental"}"#,
            [201, 403, 403, 403, 201],
        ),
        change(
            "PATCH",
            one,
            r#"{"cost": "$120.00 a year", "cost_centre": "WHO"}"#,
            [200, 403, 403, 200, 200],
        ),
        change(
            "PATCH",
            one,
            r#"{"description": "As WHO says"}"#,
            [200, 403, 403, 403, 200],
        ),
        change(
            "POST",
            "/api/platforms/teams",
            r#"{"name": "Team of WHO"}"#,
            [201, 403, 403, 403, 201],
        ),
        change(
            "PUT",
            "/api/platforms/fields/rack",
            r#"{"label": "Rack of WHO", "type": "text"}"#,
            [201, 403, 403, 403, 200],
        ),
        change(
            "PUT",
            &format!("{one}/relations"),
            r#"{"relations": []}"#,
            [200, 403, 403, 403, 200],
        ),
        change(
            "POST",
            "/api/platforms/reviews",
            r#"{"name": "Review of WHO", "due_on": "2999-01-01"}"#,
            [201, 403, 403, 403, 201],
        ),
    ]
}

fn in_repository(market: &Market) -> Vec<Write> {
    let commands = format!("/api/c/platforms/{}/commands", market.platform);
    let own = format!("/api/c/commands/{}", market.command);
    vec![
        change(
            "POST",
            &commands,
            r#"{"howTo": "Say WHO", "commandLine": "echo WHO", "status": "published"}"#,
            [201, 201, 403, 403, 201],
        ),
        change(
            "POST",
            &commands,
            r#"{"howTo": "Draft of WHO", "commandLine": "echo draft WHO", "status": "draft"}"#,
            [201, 201, 201, 403, 201],
        ),
        // A-25
        change(
            "POST",
            &commands,
            r#"{"howTo": "Raw of WHO", "commandLine": "echo WHO {{all}}",
                "params": [{"name": "all", "type": "raw"}], "status": "draft"}"#,
            [201, 403, 403, 403, 201],
        ),
        change(
            "PATCH",
            &own,
            r#"{"description": "As WHO says"}"#,
            [200, 200, 403, 403, 200],
        ),
    ]
}

async fn ask(
    person: &Person,
    method: &str,
    path: &str,
    sent: &Sent,
    expected: u16,
) -> Result<Option<String>, Failure> {
    let answer: Answer = person.ask(method, path, Reader::Program, sent).await?;
    let leaks = answer.status == 403 && answer.text.contains("Kubernetes");
    let told: String = answer.text.chars().take(160).collect();
    let wrong = answer.status != expected || leaks;
    Ok(wrong.then(|| {
        format!(
            "{method} {path} by {} should give {expected} and gave {} {told}",
            person.name, answer.status
        )
    }))
}

/// Does those of the writes that are to be refused, or the others.
async fn write(market: &Market, refused: bool) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    for write in written(market) {
        for (person, expected) in everybody(market).into_iter().zip(write.row) {
            if (expected >= 400) == refused {
                let sent = Sent::Json(write.body.replace("WHO", person.name));
                wrong.extend(ask(person, write.method, &write.path, &sent, expected).await?);
            }
        }
    }
    Ok(wrong)
}

/// For every role; what is refused has changed nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_21_each_role_of_the_register_and_the_repository_gets_what_is_its_own()
-> Result<(), Failure> {
    let market = Market::open().await?;
    let books = market.site.books();
    let before = rows::of(&books).await?;
    let mut wrong = Vec::new();
    for (path, row) in read_by_programs(&market) {
        for (person, expected) in everybody(&market).into_iter().zip(row) {
            wrong.extend(ask(person, "GET", &path, &Sent::Nothing, expected).await?);
        }
    }
    wrong.extend(write(&market, true).await?);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    checker::come_to_rest(&books, REST_LIMIT).await?;
    let changed = rows::differences(&before, &rows::of(&books).await?);
    assert!(changed.is_empty(), "{}", changed.join("\n"));

    // The same requests work for whoever may, so it was the right that was missing.
    let wrong = write(&market, false).await?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    market.close().await
}
