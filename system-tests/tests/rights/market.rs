//! A market with one of everything, and somebody of every kind.

use std::process::{Command, Stdio};
use std::time::Duration;

use system_tests::{Answer, Books, Failure, Server, Site, checker, pause};

use crate::BINARY;
use crate::person::{Person, Reader, Sent, email};

const STEP_LIMIT: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The market. Its process ends with it.
pub(crate) struct Market {
    pub(crate) site: Site,
    server: Server,
    pub(crate) nobody: Person,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
    /// Another buyer, who has nothing to do with what the first one bought.
    pub(crate) other: Person,
    pub(crate) operator: Person,
    /// A ticket that nobody has ordered.
    pub(crate) listing: String,
    /// The buyer's order that waits for its payment.
    pub(crate) held: String,
    /// The buyer's order that is paid for.
    pub(crate) paid: String,
    /// The payment for it.
    pub(crate) payment: String,
}

impl Market {
    pub(crate) async fn open() -> Result<Self, Failure> {
        let site = Site::on_sqlite(BINARY)?;
        let address = site.address();
        let server = site.start().await?;
        let operator = Person::sign_up(address, "operator").await?;
        drop(server);
        promote(&site, &email("operator"))?;
        let server = site.start().await?;
        let seller = Person::sign_up(address, "seller").await?;
        let buyer = Person::sign_up(address, "buyer").await?;
        let other = Person::sign_up(address, "other").await?;
        let listing = list(&seller).await?;
        let held = order(&buyer, &list(&seller).await?).await?;
        let paid = order(&buyer, &list(&seller).await?).await?;
        let payment = pay(&buyer, &paid).await?;
        until(&site.books(), &paid, "complete").await?;
        until(&site.books(), &held, "awaiting_payment").await?;
        checker::come_to_rest(&site.books(), STEP_LIMIT).await?;
        Ok(Self {
            nobody: Person::nobody(address),
            site,
            server,
            seller,
            buyer,
            other,
            operator,
            listing,
            held,
            paid,
            payment,
        })
    }

    /// Somebody of every kind.
    pub(crate) fn everybody(&self) -> [&Person; 5] {
        [
            &self.nobody,
            &self.buyer,
            &self.other,
            &self.seller,
            &self.operator,
        ]
    }

    /// Ends it and removes what it has left behind.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        drop(self.server);
        self.site.remove().await
    }
}

/// Makes somebody an operator, for which the server must be stopped.
fn promote(site: &Site, email: &str) -> Result<(), Failure> {
    let mut granted = Command::new(BINARY)
        .args(["grant", "operator", email, "--data"])
        .arg(site.folder().join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    // It ends when its input does, which waiting would otherwise close.
    let _input = granted.stdin.take();
    if !granted.wait()?.success() {
        return Err("nobody was made an operator".into());
    }
    Ok(())
}

async fn list(seller: &Person) -> Result<String, Failure> {
    let body = Sent::Json(r#"{"title": "Two seats", "price_minor": 5000}"#.to_owned());
    let answer = seller
        .ask("POST", "/api/tickets", Reader::Program, &body)
        .await?;
    made(&answer)
}

/// Orders hears of a listing a moment later, and until then there is no such ticket.
async fn order(buyer: &Person, ticket: &str) -> Result<String, Failure> {
    let body = Sent::Json(format!(r#"{{"ticket_id": "{ticket}"}}"#));
    post_until_taken(buyer, "/api/orders", &body).await
}

/// Payments hears of an order a moment later.
async fn pay(buyer: &Person, order: &str) -> Result<String, Failure> {
    let body = Sent::Json(format!(r#"{{"order_id": "{order}", "token": "tok_visa"}}"#));
    post_until_taken(buyer, "/api/payments", &body).await
}

async fn post_until_taken(who: &Person, path: &str, body: &Sent) -> Result<String, Failure> {
    let begun = std::time::Instant::now();
    loop {
        let answer = who.ask("POST", path, Reader::Program, body).await?;
        if answer.status == 201 || begun.elapsed() > STEP_LIMIT {
            return made(&answer);
        }
        pause(LOOK_EVERY).await;
    }
}

/// Looks into the books: reading by the API must not have been done before a test does it.
async fn until(books: &Books, order: &str, status: &str) -> Result<(), Failure> {
    let begun = std::time::Instant::now();
    let query = format!("SELECT status FROM orders WHERE id = '{order}'");
    loop {
        let lines = books.read("orders", &query).await?;
        if lines.first().is_some_and(|line| line.text(0) == status) {
            return Ok(());
        }
        if begun.elapsed() > STEP_LIMIT {
            return Err(format!("the order is never {status}: {lines:?}").into());
        }
        pause(LOOK_EVERY).await;
    }
}

fn made(answer: &Answer) -> Result<String, Failure> {
    match answer.status {
        201 => Ok(answer.field("id")),
        status => Err(format!("nothing was made: {status} {}", answer.text).into()),
    }
}
