//! `tidings serve`: every service, the web pages and the API on one port, or a part of them.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tidings::Running;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::accounts::{self, Account};
use crate::config::Config;
use crate::folder::{Folder, Moved};
use crate::front::Front;
use crate::services::GATEWAY;
use crate::{Error, map, opening, process};

/// How long what was begun may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(25);

pub(crate) async fn serve(mut config: Config) -> Result<(), Error> {
    config.mail()?;
    config.calendar()?;
    config.notices()?;
    let mut signals = Signals::listen()?;
    let in_folder = config.in_folder(&config.services());
    let _folder = Folder::share(&config.data.value, &in_folder)?;
    if !in_folder.is_empty() {
        Moved::of(&config.data.value).refuse()?;
    }
    let mut front = Front::try_new(listen(config.listen.value).await?, &config)?;
    // Any free port was asked for, perhaps; letters name the one that it is.
    config.listen.value = front.address;
    let opened = tokio::select! {
        opened = opening::open(&config, || front.open()) => opened,
        // Nothing has begun yet that would have to be finished.
        () = signals.next() => return Ok(()),
    };
    let mut installation = opened?;
    let accounts = match config.demo.value {
        true => accounts::prepare(&installation, &config.data.value).await?,
        false => Vec::new(),
    };
    let running = installation.start();
    let settings = gateway::Settings {
        stopping: Some(front.stopping.subscribe()),
        streams_at: map::servers(&config),
    };
    let installation = Arc::new(installation);
    let waiting = tokio::spawn(process::tell_of_waiting(Arc::clone(&installation)));
    let router = match config.runs(GATEWAY) {
        true => gateway::shell(installation, settings),
        false => gateway::behind(installation, settings),
    };
    let mut server = front.show(router);
    greet(&config, front.address, &accounts, &mut io::stdout())?;
    tokio::select! {
        ended = &mut server => return ended.map_err(|error| Error::Serve(io::Error::other(error))),
        () = signals.next() => {}
    }
    waiting.abort();
    front.stopping.send_replace(true);
    let end = finish(server, running);
    tokio::select! {
        ended = tokio::time::timeout(GRACE, end) => {
            if ended.is_err() {
                tracing::warn!(grace_s = GRACE.as_secs(), "stopped before everything was finished; the next start goes on from there");
            }
        }
        // Whoever asks twice does not want to wait; nothing is lost that was acknowledged.
        () = signals.next() => tracing::warn!("stopped at once by a second signal"),
    }
    Ok(())
}

/// Requests first: some of them wait for what the workers do.
async fn finish(server: tokio::task::JoinHandle<()>, running: Running) {
    if let Err(error) = server.await {
        tracing::warn!(%error, "the server has ended badly");
    }
    running.stop().await;
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::PortInUse { address },
        _ => Error::Port { address, source },
    })
}

fn greet(
    config: &Config,
    address: SocketAddr,
    accounts: &[Account],
    out: &mut dyn Write,
) -> io::Result<()> {
    match &config.only {
        None => writeln!(out, "Tidings is at http://{address}")?,
        Some(only) => {
            let names = only.value.join(", ");
            writeln!(out, "Tidings is at http://{address} with {names}")?;
        }
    }
    for account in accounts.iter().filter(|account| account.is_told) {
        let Account {
            email, password, ..
        } = account;
        writeln!(out, "  {email:<28} {password}")?;
    }
    out.flush()
}

/// The two ways to ask a program to stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> Result<Self, Error> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(Error::Signals)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::Signals)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
