//! SEC-30: every route has a rule, and keeps it.

use std::collections::BTreeSet;

use system_tests::{Answer, Failure};

use crate::declared::{self, Named};
use crate::market::Market;
use crate::person::{Person, Reader};
use crate::routes::{self, Route, Rule};

/// SEC-30: the table of rules names every route that there is and no other, and whoever
/// does not fit a route's rule is stopped there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_has_a_rule() -> Result<(), Failure> {
    let market = Market::open().await?;
    let document = market
        .nobody
        .get("/api/openapi.json", Reader::Program)
        .await?;
    let mut there_are = declared::described(&document.json());
    let written = declared::written()?;
    assert!(
        there_are.len() > 25 && written.len() > 35,
        "too few to be all: {} described, {} in the sources",
        there_are.len(),
        written.len()
    );
    there_are.extend(written);
    let table: BTreeSet<Named> = routes::all()
        .map(|route| (route.method.to_owned(), route.path.to_owned()))
        .collect();
    assert_eq!(table.len(), routes::all().count(), "a route has two rules");
    let without: Vec<_> = there_are.difference(&table).collect();
    assert!(without.is_empty(), "routes without a rule: {without:?}");
    let nowhere: Vec<_> = table.difference(&there_are).collect();
    assert!(nowhere.is_empty(), "rules without a route: {nowhere:?}");

    let mut wrong = Vec::new();
    for route in routes::all() {
        let others = [&market.nobody, &market.other, &market.operator];
        for person in others.into_iter().chain(market.office()) {
            if let Err(finding) = keeps_rule(route, person).await? {
                wrong.push(finding);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    market.close().await
}

async fn keeps_rule(route: &Route, person: &Person) -> Result<Result<(), String>, Failure> {
    // Signing out would end the session that the next question needs.
    if route.path.ends_with("/signout") && person.name != "nobody" {
        return Ok(Ok(()));
    }
    let path = route.of_nothing();
    let answer = person
        .ask(route.method, &path, route.reader, &route.sent())
        .await?;
    let fits = match (route.rule, person.name) {
        (Rule::Public, _) | (Rule::SignedIn, "other" | "operator") => is_let_in(&answer),
        (Rule::Operator, "operator") => is_let_in(&answer),
        (Rule::Operator, "other") | (Rule::Roles(_), "other" | "operator") => answer.status == 403,
        (_, "nobody") => is_asked_to_sign_in(route, &answer),
        // B-31: whoever sees their own tasks only is not told what there is.
        (Rule::Roles(roles), _) if is_of_one_task(route) && roles.contains(&person.role()) => {
            let sees_all = ["manager", "admin"].contains(&person.role());
            answer.status == if sees_all { 404 } else { 403 }
        }
        (Rule::Roles(roles), _) if !roles.contains(&person.role()) => answer.status == 403,
        (Rule::SignedIn | Rule::Roles(_), _) => is_let_in(&answer),
        (Rule::Operator, _) => answer.status == 403,
        // Whoever has signed in is no service, as somebody who has not.
        (Rule::Services, _) => answer.status == 401,
    };
    Ok(if fits {
        Ok(())
    } else {
        Err(format!(
            "{} {path} is {:?}; {} got {} {:?} {}",
            route.method,
            route.rule,
            person.name,
            answer.status,
            answer.header("location"),
            answer.text.chars().take(200).collect::<String>()
        ))
    })
}

/// A route around one task, of which each sees what is theirs.
fn is_of_one_task(route: &Route) -> bool {
    ["/api/tasks/{id}", "/exchange/tasks/{id}"]
        .iter()
        .any(|path| route.path.starts_with(path))
}

/// Whatever else is wrong with the request: it is not who sends it.
fn is_let_in(answer: &Answer) -> bool {
    ![401, 403, 405, 415].contains(&answer.status)
        && answer.status < 500
        && !answer.header("location").starts_with("/signin")
}

fn is_asked_to_sign_in(route: &Route, answer: &Answer) -> bool {
    match route.reader {
        Reader::Person => {
            answer.status == 303 && answer.header("location").starts_with("/signin?next=/")
        }
        Reader::Program | Reader::Stream => answer.status == 401,
    }
}
