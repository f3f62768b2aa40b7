//! From a commit to the effect of its event in another service: on PostgreSQL alone, and with a
//! broker between; beside the same by hand and beside queues that others have made, in turns.
//!
//! Every contender is a program of its own in a fresh database, so that processor time, memory
//! and the server's log can be told apart.

mod broker;
mod by_hand;
mod by_hand_bus;
mod child;
mod disk;
mod event;
mod ours;
mod processes;
mod referee;
mod storage;
mod table;

use std::time::Duration;

pub(crate) use child::run as contend;
pub(crate) use referee::Contender;
use referee::{Figures, Referee};
use table::{Column, Table};

use broker::Broker;

use crate::peer::Peers;
use crate::{Outcome, ROUNDS};

/// How long writers write in a live turn.
const SPAN: Duration = Duration::from_secs(3);
/// Seconds before waits are counted, and for how many they are.
const WARM: u64 = 1;
const LATE: u64 = 5;
const PER_SECOND: u64 = 200;
/// Events of a backlog.
const BACKLOG: u64 = 20_000;
/// Events of a backlog that has grown long: a tenth of what `--full` takes.
const LONG: u64 = 100_000;
const WRITERS: [u64; 3] = [1, 8, 32];
/// Bytes of a note in the event.
const NOTES: [u64; 3] = [0, 300, 1_000];

const HAND: &str = "by hand, as sets";
const HAND_BUS: &str = "JetStream: by hand, as sets";

const RATES: &[Column] = &[
    ("events/s", |turn| turn.get("rate").copied()),
    ("CPU s per 10,000: program", |turn| per_10_000(turn, "cpu")),
    ("PostgreSQL", |turn| per_10_000(turn, "postgres")),
    ("broker", |turn| per_10_000(turn, "broker")),
    ("WAL bytes an event", |turn| each(turn, "wal")),
    ("rows made dead an event", |turn| each(turn, "dead")),
    ("peak MB", |turn| turn.get("peak").copied()),
];
const WAITS: &[Column] = &[
    ("p99 ms", |turn| turn.get("p99").copied()),
    ("p50 ms", |turn| turn.get("p50").copied()),
    ("fsync p50 ms", |turn| turn.get("fsync_p50").copied()),
    ("fsync p99 ms", |turn| turn.get("fsync_p99").copied()),
    ("CPU s per 10,000: program", |turn| per_10_000(turn, "cpu")),
    ("PostgreSQL", |turn| per_10_000(turn, "postgres")),
    ("WAL bytes an event", |turn| each(turn, "wal")),
];
const STORAGE: &[Column] = &[
    ("WAL bytes: published", |turn| turn.get("publish").copied()),
    ("numbered", |turn| turn.get("number").copied()),
    ("applied", |turn| turn.get("apply").copied()),
    ("bytes of the event", |turn| turn.get("bytes").copied()),
    ("goal: 1.4 × bytes + 200", |turn| {
        turn.get("bytes").map(|bytes| bytes * 1.4 + 200.0)
    }),
    ("dead rows of events", |turn| {
        turn.get("dead_events").copied()
    }),
    ("rows made dead an event", |turn| each(turn, "dead")),
];

fn each(turn: &Figures, name: &str) -> Option<f64> {
    Some(turn.get(name)? / turn.get("count")?)
}

fn per_10_000(turn: &Figures, name: &str) -> Option<f64> {
    each(turn, name).map(|seconds| seconds * 10_000.0)
}

/// Whose rate a contender's is compared with.
fn by_hand(name: &str) -> &str {
    match name.starts_with("JetStream") {
        true => HAND_BUS,
        false => HAND,
    }
}

/// Who is measured at what.
struct Field {
    hand: Contender,
    one: Contender,
    slices: Contender,
    peers: Vec<Contender>,
    /// The first three again, with a broker between.
    bus: Vec<Contender>,
}

/// `network` alone runs all; `network-backlog`, `network-live`, `network-latency`,
/// `network-storage`, `network-slots` and `network-lag` one part each.
pub(crate) fn wanted(part: &str) -> bool {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let parts = words.iter().filter(|word| !word.starts_with("--"));
    let mut none = true;
    for word in parts {
        if word == "network" || word == part || part == "any" && word.starts_with("network-") {
            return true;
        }
        none &= word == "postgres";
    }
    none
}

pub(crate) async fn run(url: &str, peers: &Peers) -> Outcome<()> {
    let broker = Broker::start()?;
    let field = field(peers, broker.as_ref())?;
    let pid = broker.as_ref().map(Broker::pid);
    let mut referee = Referee::new(url.to_owned(), pid).await?;
    if wanted("network-backlog") {
        backlog(&mut referee, &field).await?;
    }
    if wanted("network-live") {
        live(&mut referee, &field).await?;
    }
    if wanted("network-latency") {
        latency(&mut referee, &field).await?;
    }
    if wanted("network-storage") {
        storage(&mut referee).await?;
    }
    if wanted("network-slots") {
        slots(&mut referee).await?;
    }
    if wanted("network-lag") {
        lag(&mut referee, &field).await?;
    }
    Ok(())
}

fn own(name: &'static str, who: &str) -> Outcome<Contender> {
    Ok(Contender {
        name,
        program: std::env::current_exe()?,
        first: vec!["contender".to_owned(), who.to_owned()],
        nats: None,
    })
}

fn field(peers: &Peers, broker: Option<&Broker>) -> Outcome<Field> {
    let mut bus = Vec::new();
    if let Some(broker) = broker {
        for (name, who) in [
            (HAND_BUS, "hand"),
            ("JetStream: tidings, one by one", "one"),
            ("JetStream: tidings, as slices", "slices"),
        ] {
            let mut contender = own(name, who)?;
            contender.nats = Some(broker.url());
            bus.push(contender);
        }
    }
    Ok(Field {
        hand: own(HAND, "hand")?,
        one: own("tidings, one by one", "one")?,
        slices: own("tidings, as slices", "slices")?,
        peers: peers.network(),
        bus,
    })
}

impl Field {
    fn everybody(&self) -> impl Iterator<Item = &Contender> {
        [&self.hand, &self.one, &self.slices]
            .into_iter()
            .chain(&self.peers)
            .chain(&self.bus)
    }
}

async fn backlog(referee: &mut Referee, field: &Field) -> Outcome<()> {
    let mut table = Table::default();
    for _ in 0..ROUNDS {
        for who in field.everybody() {
            let mut turn = referee.turn(who, "backlog", BACKLOG).await?;
            turn.insert("count".to_owned(), BACKLOG as f64);
            table.add(who.name, turn);
        }
    }
    table.print("From a backlog", RATES, by_hand);
    Ok(())
}

async fn live(referee: &mut Referee, field: &Field) -> Outcome<()> {
    for writers in WRITERS {
        let mut table = Table::default();
        for _ in 0..ROUNDS {
            for who in field.everybody() {
                table.add(who.name, referee.turn(who, "live", writers).await?);
            }
        }
        table.print(&format!("Live, {writers} writers"), RATES, by_hand);
    }
    Ok(())
}

async fn latency(referee: &mut Referee, field: &Field) -> Outcome<()> {
    let mut table = Table::default();
    for _ in 0..ROUNDS {
        for who in field.everybody() {
            let (p50, p99) = disk::fsync()?;
            let mut turn = referee.turn(who, "latency", PER_SECOND).await?;
            turn.insert("fsync_p50".to_owned(), p50);
            turn.insert("fsync_p99".to_owned(), p99);
            table.add(who.name, turn);
        }
    }
    let title = format!("From BEGIN to the committed effect at {PER_SECOND}/s");
    table.print(&title, WAITS, by_hand);
    Ok(())
}

async fn storage(referee: &mut Referee) -> Outcome<()> {
    let mut table = Table::default();
    let who = own("tidings", "nothing")?;
    for note in NOTES {
        let turn = referee.turn(&who, "storage", note).await?;
        table.add(&format!("a note of {note} bytes"), turn);
    }
    table.print("What an event costs the log", STORAGE, by_hand);
    Ok(())
}

async fn slots(referee: &mut Referee) -> Outcome<()> {
    let mut table = Table::default();
    let all = [
        own("16 slots", "slices-16")?,
        own("64 slots", "slices")?,
        own("256 slots", "slices-256")?,
    ];
    for _ in 0..ROUNDS {
        for who in &all {
            let mut turn = referee.turn(who, "backlog", BACKLOG).await?;
            turn.insert("count".to_owned(), BACKLOG as f64);
            table.add(who.name, turn);
        }
    }
    table.print("Slots, from a backlog as slices", RATES, |_| "64 slots");
    Ok(())
}

async fn lag(referee: &mut Referee, field: &Field) -> Outcome<()> {
    let full = std::env::args().any(|word| word == "--full");
    let events = if full { LONG * 10 } else { LONG };
    let mut table = Table::default();
    let bus = field
        .bus
        .iter()
        .filter(|who| who.name != "JetStream: tidings, one by one");
    for who in [&field.hand, &field.slices].into_iter().chain(bus) {
        let mut turn = referee.turn(who, "backlog", events).await?;
        turn.insert("count".to_owned(), events as f64);
        table.add(who.name, turn);
    }
    table.print(&format!("A backlog of {events} events"), RATES, by_hand);
    Ok(())
}
