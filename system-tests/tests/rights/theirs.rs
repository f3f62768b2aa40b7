//! SEC-31: nobody reads or changes what is not theirs.

use std::collections::BTreeMap;
use std::time::Duration;

use system_tests::{Failure, checker};

use crate::market::Market;
use crate::person::{Person, Reader, Sent};
use crate::rows;

const REST_LIMIT: Duration = Duration::from_secs(30);

/// A request and what the four who do not own the thing get: the other side of the trade,
/// an operator, another user, nobody.
struct Case {
    method: &'static str,
    path: String,
    reader: Reader,
    sent: Sent,
    /// What its owner gets. What the owner changes comes last, one change a thing.
    owner: u16,
    others: [u16; 4],
}

fn case(method: &'static str, path: String, reader: Reader, owner: u16, others: [u16; 4]) -> Case {
    let sent = Sent::Nothing;
    Case {
        method,
        path,
        reader,
        sent,
        owner,
        others,
    }
}

impl Case {
    fn with(mut self, sent: Sent) -> Self {
        self.sent = sent;
        self
    }

    async fn ask(&self, person: &Person, expected: u16) -> Result<Option<String>, Failure> {
        let answer = person
            .ask(self.method, &self.path, self.reader, &self.sent)
            .await?;
        let asked_to_sign_in = answer.header("location").starts_with("/signin?next=/");
        let fits = answer.status == expected
            && (expected != 303 || asked_to_sign_in == (person.name == "nobody"));
        Ok((!fits).then(|| {
            format!(
                "{} {} by {} should give {expected} and gave {} {} {}",
                self.method,
                self.path,
                person.name,
                answer.status,
                answer.header("location"),
                answer.text.chars().take(200).collect::<String>()
            )
        }))
    }
}

/// What the buyer owns. The seller of the ticket and operators may read an order (C-32),
/// and only the buyer may change it; a payment is the buyer's alone (C-15).
fn of_the_buyer(market: &Market) -> Vec<Case> {
    use Reader::{Person, Program, Stream};
    let mut cases = Vec::new();
    for order in [&market.held, &market.paid] {
        let api = format!("/api/orders/{order}");
        let page = format!("/orders/{order}");
        let read = [200, 200, 404, 401];
        cases.push(case("GET", api.clone(), Program, 200, read));
        cases.push(case("GET", format!("{api}/events"), Program, 200, read));
        cases.push(case("GET", page.clone(), Person, 200, [200, 200, 404, 303]));
        cases.push(case("GET", format!("{page}/live"), Stream, 200, read));
    }
    let payment = format!("/api/payments/{}", market.payment);
    cases.push(case("GET", payment, Program, 200, [404, 404, 404, 401]));
    // An id of one kind opens nothing of another kind, not even to its owner.
    for path in [
        format!("/api/payments/{}", market.held),
        format!("/api/payments/{}", market.listing),
        format!("/api/orders/{}", market.payment),
        format!("/api/orders/{}/events", market.listing),
    ] {
        cases.push(case("GET", path, Program, 404, [404, 404, 404, 401]));
    }
    cases.extend(paying_and_cancelling(&market.paid, 409, 409));
    cases.extend(paying_and_cancelling(&market.held, 201, 409));
    cases
}

/// What changes an order, in an order in which its owner can do it all: pay first, and then
/// it is too late to cancel.
fn paying_and_cancelling(order: &str, paid: u16, cancelled: u16) -> Vec<Case> {
    use Reader::{Person, Program};
    let api = format!("/api/orders/{order}");
    let page = format!("/orders/{order}");
    let json = Sent::Json(format!(r#"{{"order_id": "{order}", "token": "tok_visa"}}"#));
    let pay = "/api/payments".to_owned();
    let token = Sent::Form("token=tok_visa".to_owned());
    vec![
        case("POST", pay, Program, paid, [404, 404, 404, 401]).with(json),
        case(
            "POST",
            format!("{page}/pay"),
            Person,
            409,
            [404, 404, 404, 303],
        )
        .with(token),
        case(
            "DELETE",
            api.clone(),
            Program,
            cancelled,
            [403, 404, 404, 401],
        ),
        case(
            "POST",
            format!("{api}/cancel"),
            Program,
            cancelled,
            [403, 404, 404, 401],
        ),
        case(
            "POST",
            format!("{page}/cancel"),
            Person,
            cancelled,
            [403, 404, 404, 303],
        ),
    ]
}

/// What the seller owns. Everybody may read it; here the buyer is the other side.
fn of_the_seller(market: &Market) -> Vec<Case> {
    use Reader::{Person, Program};
    let api = format!("/api/tickets/{}", market.listing);
    let page = format!("/tickets/{}", market.listing);
    let json = Sent::Json(r#"{"title": "Changed", "price_minor": 1}"#.to_owned());
    let form = Sent::Form("title=Changed+again&price=2&currency=usd&category=other".to_owned());
    let (program, person) = ([403, 403, 403, 401], [403, 403, 403, 303]);
    vec![
        case("GET", format!("{page}/edit"), Person, 200, person),
        case("PUT", api.clone(), Program, 200, program).with(json),
        case("POST", format!("{page}/edit"), Person, 303, person).with(form),
        case("POST", format!("{page}/withdraw"), Person, 303, person),
        case("POST", format!("{api}/withdraw"), Program, 200, program),
    ]
}

/// SEC-31, C-15, C-32: by the model, at every route of an order, a payment and a listing;
/// and what was refused has changed nothing, here or in any table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_or_changes_what_is_not_theirs() -> Result<(), Failure> {
    let market = Market::open().await?;
    let (bought, sold) = (of_the_buyer(&market), of_the_seller(&market));
    let books = market.site.books();
    let (rows_before, seen_before) = (rows::of(&books).await?, seen(&market).await?);

    let mut wrong = Vec::new();
    for (cases, counterpart) in [(&bought, &market.seller), (&sold, &market.buyer)] {
        let others = [counterpart, &market.operator, &market.other, &market.nobody];
        for case in cases {
            for (person, expected) in others.iter().zip(case.others) {
                wrong.extend(case.ask(person, expected).await?);
            }
        }
    }
    wrong.extend(listed_to_others(&market).await?);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    checker::come_to_rest(&books, REST_LIMIT).await?;
    let changed = rows::differences(&rows_before, &rows::of(&books).await?);
    assert!(changed.is_empty(), "{}", changed.join("\n"));
    assert_eq!(seen(&market).await?, seen_before);

    // The same requests work for the owners, so it was the right that was missing.
    for (cases, owner) in [(&bought, &market.buyer), (&sold, &market.seller)] {
        for case in cases {
            wrong.extend(case.ask(owner, case.owner).await?);
            if case.owner == 201 {
                // An order can be cancelled until `orders` has heard that it is paid.
                checker::come_to_rest(&books, REST_LIMIT).await?;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_ne!(seen(&market).await?, seen_before);
    let changed = rows::differences(&rows_before, &rows::of(&books).await?);
    for table in ["orders.orders", "payments.payments", "tickets.listings"] {
        let is_there = changed.iter().any(|line| line.starts_with(table));
        assert!(is_there, "{table} is not compared: {changed:?}");
    }
    market.close().await
}

/// What lists show to those whose things they do not list.
async fn listed_to_others(market: &Market) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    let mine = [
        "/api/orders",
        "/api/payments",
        "/api/me/listings",
        "/my/orders",
        "/my/listings",
    ];
    let mut paths: Vec<String> = mine.map(ToOwned::to_owned).to_vec();
    paths.push("/api/orders?role=seller".to_owned());
    paths.push(format!("/api/payments?order_id={}", market.paid));
    for person in [&market.other, &market.operator] {
        for path in &paths {
            let is_page = path.starts_with("/my/");
            let reader = if is_page {
                Reader::Person
            } else {
                Reader::Program
            };
            let answer = person.get(path, reader).await?;
            let ids = [&market.held, &market.paid, &market.payment, &market.listing];
            let is_empty = is_page || answer.text.trim() == "[]";
            if answer.status != 200 || !is_empty || ids.iter().any(|id| answer.text.contains(*id)) {
                wrong.push(format!("{path} shows {} {}", person.name, answer.text));
            }
        }
    }
    Ok(wrong)
}

/// Everything as its owners see it.
async fn seen(market: &Market) -> Result<BTreeMap<String, String>, Failure> {
    let paths = [
        format!("/api/orders/{}", market.held),
        format!("/api/orders/{}/events", market.held),
        format!("/api/orders/{}", market.paid),
        format!("/api/orders/{}/events", market.paid),
        format!("/api/payments?order_id={}", market.held),
        format!("/api/payments/{}", market.payment),
        format!("/api/tickets/{}", market.listing),
    ];
    let mut all = BTreeMap::new();
    for path in paths {
        let answer = market.buyer.get(&path, Reader::Program).await?;
        all.insert(path, format!("{} {}", answer.status, answer.text));
    }
    Ok(all)
}
