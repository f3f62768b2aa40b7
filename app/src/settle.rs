//! `tidings settle`: a person's decision about slots that stand still.

use std::collections::BTreeMap;
use std::io::Write;

use tidings::{Clock, Feed, Handle, Installation, LocalFeed, Start, alert};

use crate::cli::Settle;
use crate::folder::{Folder, Moved};
use crate::{Error, services};

/// Lets every slot of a subscription's stream that waits for a person go on from a moment.
///
/// Works on a stopped server's folder only, as whatever writes there; a running server on
/// PostgreSQL notices by itself.
pub(crate) async fn settle(options: Settle) -> Result<(), Error> {
    let _folder = match options.place.database {
        Some(_) => None,
        None => Some(Folder::take(&options.place.data)?),
    };
    Moved::check(&options.place)?;
    let storage = options.place.storage();
    let opened = services::open(storage, Clock::system()).await;
    let installation = opened.map_err(Error::Open)?;
    let (reader, subscription) = reader_of(&installation, &options)?;
    let writer = installation
        .streams()
        .find(|(_, stream)| stream.name == options.stream)
        .map(|(handle, _)| handle.clone());
    let writer = writer.ok_or_else(|| unknown(&options))?;
    let feed = LocalFeed::new(writer);
    let starts = feed.starts(&options.stream, options.from);
    let starts: BTreeMap<u16, u64> = starts.await.map_err(Error::Settle)?.into_iter().collect();
    let settled = decide(&reader, subscription, &options.stream, &starts).await;
    let settled = settled.map_err(Error::Settle)?;
    let out = &mut std::io::stdout();
    if settled.is_empty() {
        writeln!(out, "No slot of {} waits for a person.", options.stream)?;
    }
    for (slot, sequence) in settled {
        let stream = &options.stream;
        writeln!(out, "{stream}.{slot} goes on after {sequence}.")?;
    }
    Ok(())
}

fn reader_of(
    installation: &Installation,
    options: &Settle,
) -> Result<(Handle, &'static str), Error> {
    let found = installation.subscriptions().iter().find(|one| {
        let name = format!("{}/{}", one.service.name(), one.name);
        name == options.subscription && one.stream == options.stream
    });
    let found = found.map(|one| (one.service.clone(), one.name));
    found.ok_or_else(|| unknown(options))
}

fn unknown(options: &Settle) -> Error {
    Error::NoSubscription {
        subscription: options.subscription.clone(),
        stream: options.stream.clone(),
    }
}

/// Decides about all of them at once: a crash leaves all of them standing, or none.
async fn decide(
    reader: &Handle,
    subscription: &str,
    stream: &str,
    starts: &BTreeMap<u16, u64>,
) -> Result<Vec<(u16, u64)>, tidings::Error> {
    let about = format!("{subscription} {stream}.");
    let mut settled = Vec::new();
    let mut tx = reader.begin_own().await?;
    for open in alert::open(reader).await? {
        let slot = open.subject.strip_prefix(&about);
        let Some(slot) = slot.and_then(|slot| slot.parse().ok()) else {
            continue;
        };
        let sequence = starts.get(&slot).copied().unwrap_or(0);
        if alert::settle(&mut tx, subscription, stream, slot, sequence).await? {
            settled.push((slot, sequence));
        }
    }
    tx.commit().await?;
    settled.sort_unstable();
    Ok(settled)
}

/// Reads `now`, `beginning` or a moment.
pub(crate) fn parse_start(text: &str) -> Result<Start, String> {
    match text {
        "now" => Ok(Start::Now),
        "beginning" => Ok(Start::Beginning),
        moment => moment
            .parse()
            .map(Start::At)
            .map_err(|_| "write now, beginning, or a moment like 2026-03-14T16:00:07Z".to_owned()),
    }
}
