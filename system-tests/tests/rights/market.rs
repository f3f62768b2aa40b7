//! A market with one of everything, and somebody of every kind.

use std::net::SocketAddr;
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
    /// Somebody to whom a task has fallen.
    pub(crate) worker: Person,
    /// Another one, to whom another task has fallen.
    pub(crate) colleague: Person,
    pub(crate) manager: Person,
    pub(crate) accountant: Person,
    pub(crate) infrastructure: Person,
    pub(crate) support: Person,
    pub(crate) engineering: Person,
    pub(crate) admin: Person,
    /// A platform of the register.
    pub(crate) platform: String,
    /// A command of it that support has written down.
    pub(crate) command: String,
    /// The worker's task.
    pub(crate) task: String,
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
        let admin = Person::sign_up(address, "admin").await?;
        drop(server);
        promote(&site, "operator", &email("operator"))?;
        promote(&site, "admin", &email("admin"))?;
        let server = site.start().await?;
        let worker = hire(&admin, address, "worker").await?;
        let colleague = hire(&admin, address, "colleague").await?;
        let manager = hire(&admin, address, "manager").await?;
        let accountant = hire(&admin, address, "accountant").await?;
        let infrastructure = hire(&admin, address, "infrastructure").await?;
        let support = hire(&admin, address, "support").await?;
        let engineering = hire(&admin, address, "engineering").await?;
        let seller = Person::sign_up(address, "seller").await?;
        let buyer = Person::sign_up(address, "buyer").await?;
        let other = Person::sign_up(address, "other").await?;
        let listing = list(&seller).await?;
        let held = order(&buyer, &list(&seller).await?).await?;
        let paid = order(&buyer, &list(&seller).await?).await?;
        let payment = pay(&buyer, &paid).await?;
        until(&site.books(), &paid, "complete").await?;
        until(&site.books(), &held, "awaiting_payment").await?;
        let task = deal(&manager, [&worker, &colleague]).await?;
        let platform = register(&infrastructure).await?;
        let command = write_down(&support, &platform).await?;
        checker::come_to_rest(&site.books(), STEP_LIMIT).await?;
        Ok(Self {
            nobody: Person::nobody(address),
            site,
            server,
            seller,
            buyer,
            other,
            operator,
            worker,
            colleague,
            manager,
            accountant,
            infrastructure,
            support,
            engineering,
            admin,
            platform,
            command,
            task,
            listing,
            held,
            paid,
            payment,
        })
    }

    /// Somebody of every kind.
    pub(crate) fn everybody(&self) -> [&Person; 7] {
        [
            &self.nobody,
            &self.buyer,
            &self.other,
            &self.seller,
            &self.operator,
            &self.worker,
            &self.admin,
        ]
    }

    /// Those with a role in the company.
    pub(crate) fn office(&self) -> [&Person; 8] {
        [
            &self.worker,
            &self.colleague,
            &self.manager,
            &self.accountant,
            &self.infrastructure,
            &self.support,
            &self.engineering,
            &self.admin,
        ]
    }

    /// Ends it and removes what it has left behind.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        drop(self.server);
        self.site.remove().await
    }
}

/// Gives a role that nobody can give yet, for which the server must be stopped.
fn promote(site: &Site, role: &str, email: &str) -> Result<(), Failure> {
    let mut granted = Command::new(BINARY)
        .args(["grant", role, email, "--data"])
        .arg(site.folder().join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    // It ends when its input does, which waiting would otherwise close.
    let _input = granted.stdin.take();
    if !granted.wait()?.success() {
        return Err(format!("nobody was made {role}").into());
    }
    Ok(())
}

/// Signs somebody up to whom the admin gives the role of their name.
async fn hire(admin: &Person, address: SocketAddr, name: &'static str) -> Result<Person, Failure> {
    let person = Person::sign_up(address, name).await?;
    let body = Sent::Json(format!(
        r#"{{"name": "{name}", "roles": ["{}"]}}"#,
        person.role()
    ));
    let path = format!("/api/users/{}", person.id);
    let answer = admin.ask("PATCH", &path, Reader::Program, &body).await?;
    match answer.status {
        200 => Ok(person),
        status => Err(format!("no {name}: {status} {}", answer.text).into()),
    }
}

/// Writes tasks down until each of two people has one; gives one of the first's.
async fn deal(manager: &Person, to: [&Person; 2]) -> Result<String, Failure> {
    let mut found: [Option<String>; 2] = [None, None];
    let begun = std::time::Instant::now();
    while found.iter().any(Option::is_none) && begun.elapsed() < STEP_LIMIT {
        let body = Sent::Json(r#"{"title": "Mend the gate"}"#.to_owned());
        let answer = manager.ask("POST", "/api/tasks", Reader::Program, &body);
        let answer = answer.await?;
        // Until tasks has heard of them there is nobody to whom it could fall.
        let holder = answer.json()["assignee"]["id"].clone();
        match to.iter().position(|person| holder == person.id) {
            Some(place) => found[place] = Some(answer.field("id")),
            None => pause(LOOK_EVERY).await,
        }
    }
    let [first, second] = found;
    second
        .and(first)
        .ok_or_else(|| "tasks fall to nobody".into())
}

async fn register(keeper: &Person) -> Result<String, Failure> {
    let body = r#"{"name": "Kubernetes", "publisher": "CNCF", "cost": "Free"}"#;
    let body = Sent::Json(body.to_owned());
    let path = "/api/platforms";
    made(&keeper.ask("POST", path, Reader::Program, &body).await?)
}

/// The repository hears of a platform a moment later.
async fn write_down(writer: &Person, platform: &str) -> Result<String, Failure> {
    let body = r#"{"howTo": "Show a pod", "commandLine": "kubectl get pod {{pod}}",
        "params": [{"name": "pod"}]}"#;
    let path = format!("/api/c/platforms/{platform}/commands");
    post_until_taken(writer, &path, &Sent::Json(body.to_owned())).await
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
