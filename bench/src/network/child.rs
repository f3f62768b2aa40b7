//! One contender as a program of its own, so that its processor time and memory are its alone.
//!
//! It says `ready`, waits for a line, works, prints a name and a figure a line, says `done`, and
//! waits for a line again: the referee looks at it while it still lives.

use std::io::Write;

use super::{by_hand, by_hand_bus, ours};
use crate::Outcome;

/// Who measures what, and where.
#[derive(Clone, Copy)]
pub(super) struct Turn<'a> {
    pub(super) who: &'a str,
    pub(super) part: &'a str,
    pub(super) url: &'a str,
    /// Events of a backlog, writers, events a second, or bytes of a note.
    pub(super) count: u64,
    pub(super) nats: Option<&'a str>,
}

/// `contender WHO PART URL COUNT [NATS]`.
pub(crate) async fn run(words: &[String]) -> Outcome<()> {
    let [who, part, url, count, rest @ ..] = words else {
        return Err("contender WHO PART URL COUNT [NATS]".into());
    };
    let turn = Turn {
        who,
        part,
        url,
        count: count.parse()?,
        nats: rest.first().map(String::as_str),
    };
    match (who.as_str(), turn.nats) {
        ("hand", None) => by_hand::run(turn).await?,
        ("hand", Some(nats)) => by_hand_bus::run(turn, nats).await?,
        _ => ours::run(turn).await?,
    }
    println!("done");
    wait_for_a_line()
}

/// What was prepared is not counted, what comes now is.
pub(super) fn ready() -> Outcome<()> {
    println!("ready");
    std::io::stdout().flush()?;
    wait_for_a_line()
}

pub(super) fn say(name: &str, figure: f64) {
    println!("{name} {figure}");
}

/// Half and all but one in a hundred of some waits, in milliseconds.
pub(super) fn say_waits(mut waits: Vec<f64>) -> Outcome<()> {
    waits.sort_by(f64::total_cmp);
    let last = waits.len().checked_sub(1).ok_or("nothing was applied")?;
    say("p50", waits[last / 2]);
    say("p99", waits[last * 99 / 100]);
    Ok(())
}

fn wait_for_a_line() -> Outcome<()> {
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}
