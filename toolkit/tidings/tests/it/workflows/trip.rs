//! A workflow of ten steps, for stories in which processes end: three services with books in
//! which every effect is a line, and nothing is idempotent by itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings::{
    Call, Error, Event, Fate, Fault, Flow, Found, Handle, Job, Migration, Outcome, Service,
    StepFailed, Stream, Tx, Workflow, params,
};

const BOOK: &[Migration] = &[Migration::new(
    "0001_book",
    "CREATE TABLE book (
        place BIGINT NOT NULL, trip TEXT NOT NULL, line TEXT NOT NULL, key TEXT
    )",
)];

async fn write(tx: &mut Tx, trip: &str, line: &str, key: Option<&str>) -> Result<(), Error> {
    let sql = "INSERT INTO book (place, trip, line, key)
        SELECT count(*), $1, $2, $3 FROM book WHERE trip = $1";
    tx.execute(sql, params![trip, line, key]).await?;
    Ok(())
}

/// The lines of every trip in a service's book.
pub(crate) async fn book(service: &Handle) -> BTreeMap<String, Vec<String>> {
    let sql = "SELECT trip, line FROM book ORDER BY trip, place";
    let mut conn = service.read().await.expect("a connection");
    let rows: Vec<(String, String)> = conn.query(sql, &[]).await.expect("the book");
    let mut book: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (trip, line) in rows {
        book.entry(trip).or_default().push(line);
    }
    book
}

/// What the run is started with: how it ends, and in which calls the answer is lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trip {
    pub(crate) id: String,
    pub(crate) fails: bool,
    /// One bit: the first call is lost on its way; another: its answer is.
    pub(crate) doubt: u32,
}

impl Workflow for Trip {
    const NAME: &'static str = "trip";
}

#[derive(Clone, Debug, PartialEq, Stream)]
#[stream(name = "trips", key = "id", slots = 4)]
pub(crate) enum TripEvent {
    #[event("trip.booked")]
    Booked { id: String, fails: bool, doubt: u32 },
    #[event("trip.approved")]
    Approved { id: String },
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("use the store")]
    Store(#[from] Error),
    #[error("confirm the trip: it is full")]
    Full,
}

impl Fault for Trouble {
    fn fate(&self) -> Fate {
        match self {
            Trouble::Store(error) => error.fate(),
            Trouble::Full => Fate::Fail,
        }
    }
}

/// What a step is about: the trip and the line that it writes.
type Entry = (Trip, &'static str);

async fn trip(trip: Trip, cx: &mut Flow) -> Result<(), StepFailed> {
    let of = |line| (trip.clone(), line);
    cx.step("seat", of("seat"), write_in_tx).await?;
    cx.undo("seat_undo", of("seat_undo"), undo_in_tx);
    let charged = cx.call("charge", of("charge"), call_bank);
    charged.reconcile(ask_bank).await?;
    cx.undo_call("charge_undo", of("charge_undo"), call_bank)
        .reconcile(ask_bank);
    cx.step("invoice", of("invoice"), write_in_tx).await?;
    cx.undo("invoice_undo", of("invoice_undo"), undo_in_tx);
    cx.sleep("cool_off", Duration::from_secs(600)).await;
    let id = trip.id.clone();
    cx.job("print", &Print { id }).await?;
    let is_approval = |event: &TripEvent| matches!(event, TripEvent::Approved { .. });
    cx.wait_until("approval", None, is_approval).await;
    let hotel = cx.call("hotel", of("hotel"), call_hotel);
    hotel.repeatable().await?;
    cx.undo_call("hotel_undo", of("hotel_undo"), call_hotel)
        .repeatable();
    cx.step("points", of("points"), write_in_tx).await?;
    let departure = cx.started_at().plus(Duration::from_secs(3600));
    cx.sleep_until("departure", departure).await;
    cx.step("confirm", of("confirm"), write_in_tx).await
}

async fn write_in_tx((trip, line): Entry, tx: &mut Tx) -> Result<(), Trouble> {
    write(tx, &trip.id, line, None).await?;
    match line == "confirm" && trip.fails {
        true => Err(Trouble::Full),
        false => Ok(()),
    }
}

async fn undo_in_tx(entry: Entry, tx: &mut Tx) -> Result<(), Trouble> {
    write_in_tx(entry, tx).await
}

#[derive(Serialize, Deserialize)]
struct Print {
    id: String,
}

impl Job for Print {
    const KIND: &'static str = "print";
    /// Each crash costs all jobs that are running an attempt, and the stories are full of them.
    const ATTEMPTS_MAX: u32 = 100;
}

async fn print(job: Print, tx: &mut Tx) -> Result<(), Error> {
    write(tx, &job.id, "print", None).await
}

/// The other side: a service with a book of its own.
#[derive(Clone, Default)]
struct Bank(Arc<Mutex<Option<Handle>>>);

impl Bank {
    fn of(call: &Call) -> Result<Handle, Error> {
        let bank = call.service().resource::<Self>()?;
        let handle = bank.0.lock().expect("nobody panics here").clone();
        handle.ok_or(Error::NoRow)
    }
}

async fn enter(trip: &Trip, line: &str, call: &Call) -> Result<(), Error> {
    let mut tx = Bank::of(call)?.begin_own().await?;
    write(&mut tx, &trip.id, line, Some(call.idempotency_key())).await?;
    tx.commit().await
}

async fn is_there(call: &Call) -> Result<bool, Error> {
    let bank = Bank::of(call)?;
    let sql = "SELECT count(*) FROM book WHERE key = $1";
    let key = params![call.idempotency_key()];
    let (count,): (i64,) = bank.read().await?.query_one(sql, key).await?;
    Ok(count > 0)
}

/// Not idempotent: called twice, it enters a second line.
async fn call_bank((trip, line): Entry, call: Call) -> Outcome<()> {
    let lost = |bit: u32| call.attempt() == 1 && trip.doubt & bit != 0;
    if lost(1) {
        return Outcome::Unknown("lost on its way".to_owned());
    }
    match enter(&trip, line, &call).await {
        Ok(()) if lost(2) => Outcome::Unknown("the answer was lost".to_owned()),
        Ok(()) => Outcome::Done(()),
        Err(error) => Outcome::Unknown(error.to_string()),
    }
}

async fn ask_bank(_: Entry, call: Call) -> Found<()> {
    match is_there(&call).await {
        Ok(true) => Found::Done(()),
        Ok(false) => Found::NotThere,
        Err(error) => Found::Unknown(error.to_string()),
    }
}

/// Recognises the key of a call.
async fn call_hotel(entry: Entry, call: Call) -> Outcome<()> {
    match is_there(&call).await {
        Ok(true) => Outcome::Done(()),
        Ok(false) => call_bank(entry, call).await,
        Err(error) => Outcome::Unknown(error.to_string()),
    }
}

async fn on_trip(event: Event<TripEvent>, tx: &mut Tx) -> Result<(), Error> {
    if let TripEvent::Booked { id, fails, doubt } = event.data.clone() {
        let trip = Trip { id, fails, doubt };
        tx.start(&trip, &trip.id).await?;
    }
    tx.tell::<Trip, _>(event.data.key(), &event.data).await?;
    Ok(())
}

/// The shop that books trips, the service that carries them out, and the bank.
pub(crate) fn services() -> Vec<Service> {
    let bank = Bank::default();
    let slot = bank.clone();
    vec![
        Service::new("shop")
            .migrations(BOOK)
            .publishes::<TripEvent>(),
        Service::new("bank")
            .migrations(BOOK)
            .on_start(move |handle| {
                *slot.0.lock().expect("nobody panics here") = Some(handle);
                async { Ok(()) }
            }),
        Service::new("trips")
            .migrations(BOOK)
            .subscribes("trips", on_trip)
            .workflow(trip)
            .job(print)
            .resource(bank),
    ]
}

/// Books a trip, which is approved at once, and notes it in the shop's book.
pub(crate) async fn book_trip(shop: &Handle, trip: &Trip) -> Result<(), Error> {
    let mut tx = shop.begin_own().await?;
    write(&mut tx, &trip.id, "booked", None).await?;
    let Trip { id, fails, doubt } = trip.clone();
    let approved = TripEvent::Approved { id: id.clone() };
    tx.publish(TripEvent::Booked { id, fails, doubt })?;
    tx.publish(approved)?;
    tx.commit().await
}

/// What must stand in the books of the service and of the bank once the trip has ended.
pub(crate) fn expected(fails: bool) -> (Vec<&'static str>, Vec<&'static str>) {
    match fails {
        false => (
            vec!["seat", "invoice", "print", "points", "confirm"],
            vec!["charge", "hotel"],
        ),
        true => (
            vec![
                "seat",
                "invoice",
                "print",
                "points",
                "invoice_undo",
                "seat_undo",
            ],
            vec!["charge", "hotel", "hotel_undo", "charge_undo"],
        ),
    }
}
