//! What it costs that somebody looks on: lines, and traces to a collector in this process, each
//! beside the same work while nobody does.

use std::io;
use std::thread;

use tidings::Storage;
use tidings_observe::otlp::Settings;
use tidings_observe::{Format, Lines, Otlp, Sink, with_spans};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::report::{Report, Turn};
use crate::{BACKLOG, Outcome, Place, ROUNDS, ours};

/// Who looks on.
#[derive(Clone, Copy)]
enum Who {
    Nobody,
    /// Lines at the usual level: none is written, but each could say what it belongs to.
    Lines,
    LinesAndTraces,
}

pub(crate) async fn run(report: &mut Report, place: &mut Place) -> Outcome<()> {
    for (slices, how) in [(false, "one by one"), (true, "as slices")] {
        for _ in 0..ROUNDS {
            let nobody = backlog(place.fresh().await?, slices, Who::Nobody).await?;
            for (who, name) in [
                (Who::Lines, "with lines"),
                (Who::LinesAndTraces, "with lines and traces"),
            ] {
                let ours = backlog(place.fresh().await?, slices, who).await?;
                let what = format!("events/s {how} {name}, beside none");
                let (hand, peer) = (Some(nobody), None);
                report.add(place.word(), &what, Turn { ours, hand, peer });
            }
        }
    }
    Ok(())
}

/// On a thread of its own, because who looks on is a thread's affair.
async fn backlog(storage: Storage, slices: bool, who: Who) -> Outcome<f64> {
    let work = move || -> Outcome<f64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(watched(storage, slices, who))
    };
    let thread = thread::spawn(work);
    let joined = tokio::task::spawn_blocking(move || thread.join()).await?;
    joined.map_err(|_| "the thread has panicked")?
}

/// At the usual level, to nowhere.
fn lines<S>() -> Filtered<Lines, EnvFilter, S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = Lines::new(Format::Text, Sink::new(io::sink()));
    lines.with_filter(with_spans("warn"))
}

async fn watched(storage: Storage, slices: bool, who: Who) -> Outcome<f64> {
    match who {
        Who::Nobody => ours::backlog(storage, BACKLOG, slices).await,
        Who::Lines => {
            let log = tracing_subscriber::registry().with(lines());
            let _guard = tracing::subscriber::set_default(log);
            ours::backlog(storage, BACKLOG, slices).await
        }
        Who::LinesAndTraces => {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            let endpoint = format!("http://{}", listener.local_addr()?);
            thread::spawn(move || collect(listener));
            let otlp = Otlp::new(Settings::to(&endpoint)?);
            let log = tracing_subscriber::registry()
                .with(otlp.layer())
                .with(lines());
            let _guard = tracing::subscriber::set_default(log);
            let exporting = otlp.start()?;
            let rate = ours::backlog(storage, BACKLOG, slices).await;
            exporting.finish(std::time::Duration::from_secs(5)).await;
            rate
        }
    }
}

/// Takes whatever comes, until the process ends.
fn collect(listener: TcpListener) -> Outcome<()> {
    let listener = listener.into_std()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(take(stream));
        }
    })
}

async fn take(mut stream: TcpStream) -> Outcome<()> {
    let mut read = Vec::new();
    loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap_or("0").trim().parse()?;
        while read.len() < end + 4 + length {
            stream.read_buf(&mut read).await?;
        }
        read.drain(..end + 4 + length);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await?;
    }
}
