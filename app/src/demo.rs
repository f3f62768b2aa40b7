//! `tidings demo`: one story, told by the events of the real services, in memory.
//!
//! The services, the gateway and the outboxes are those of `tidings serve`; only the clock
//! is moved by hand, so that fifteen minutes pass at once.

mod stage;
mod words;

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Error;
use stage::{Person, Stage};

const OPENING: &str = "\
One ticket is listed, held, let go again and sold. Every line below a sentence is an event
or a command: when, which service tells of it, what has happened or is to be done.
";

/// Tells the story. It is the same, letter by letter, each time.
///
/// # Errors
/// When a step does not happen, or the output cannot be written.
pub(crate) async fn tell(out: &mut dyn Write) -> Result<(), Error> {
    let mut stage = Stage::set(out).await?;
    stage.say(OPENING)?;
    stage.say("Sam puts a ticket up for sale.")?;
    let listing = json!({
        "title": "Two seats, row F", "price_minor": 4500, "currency": "usd",
        "category": "concert", "venue": "Wigmore Hall", "city": "London",
    });
    let ticket = id_of(&stage.ask(Person::Sam, "/api/tickets", listing).await?)?;
    stage.settle().await?;

    stage.pass(
        Duration::from_secs(30),
        "Half a minute later Ann orders it. It is held for her for 15 minutes.",
    )?;
    let order = json!({ "ticket_id": ticket });
    let order = id_of(&stage.ask(Person::Ann, "/api/orders", order).await?)?;
    stage.settle().await?;

    stage.pass(
        Duration::from_secs(900),
        "Ann does not pay. The clock moves on by 15 minutes.",
    )?;
    stage.settle().await?;

    stage.say("\nAnn comes back and tries to pay for it now.")?;
    let payment = json!({ "order_id": order, "token": "tok_visa" });
    stage.refused(Person::Ann, "/api/payments", payment).await?;

    stage.pass(Duration::from_secs(60), "Bob orders the ticket.")?;
    let order = json!({ "ticket_id": ticket });
    let order = id_of(&stage.ask(Person::Bob, "/api/orders", order).await?)?;
    stage.settle().await?;

    stage.pass(Duration::from_secs(20), "Bob pays in time.")?;
    let payment = json!({ "order_id": order, "token": "tok_visa" });
    stage.ask(Person::Bob, "/api/payments", payment).await?;
    stage.settle().await?;
    stage.close().await
}

fn id_of(answer: &Value) -> Result<String, Error> {
    let id = answer["id"].as_str().map(ToOwned::to_owned);
    id.ok_or_else(|| Error::Story(format!("there is no id in {answer}")))
}
