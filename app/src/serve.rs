//! `tidings serve`: every service, the web pages and the API on one port.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tidings::{Clock, Running};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::accounts::{self, Account};
use crate::cli::Serve;
use crate::folder::{Folder, Moved};
use crate::{Error, door, services};

/// How long what was begun may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(25);

pub(crate) async fn serve(options: Serve) -> Result<(), Error> {
    let mail = options.mail.settings().map_err(Error::Mail)?;
    let mut signals = Signals::listen()?;
    let _folder = Folder::take(&options.place.data)?;
    Moved::check(&options.place)?;
    let listener = listen(options.port).await?;
    let settings = services::Settings {
        mail,
        ..services::Settings::default()
    };
    let storage = options.place.storage();
    let opened = services::with_settings(storage, Clock::system(), settings).await;
    let mut installation = opened.map_err(Error::Open)?;
    let accounts = match options.is_demo() {
        true => accounts::prepare(&installation, &options.place.data).await?,
        false => Vec::new(),
    };
    let running = installation.start();
    let stopping = watch::Sender::new(false);
    let settings = gateway::Settings {
        stopping: Some(stopping.subscribe()),
    };
    let router = gateway::shell(Arc::new(installation), settings);
    let address = listener.local_addr().map_err(Error::Serve)?;
    greet(address, &accounts, &mut io::stdout())?;
    let mut server = tokio::spawn(door::serve(listener, router, stopping.subscribe()));
    tokio::select! {
        ended = &mut server => return ended.map_err(|error| Error::Serve(io::Error::other(error))),
        () = signals.next() => {}
    }
    stopping.send_replace(true);
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

async fn listen(port: u16) -> Result<TcpListener, Error> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    bound.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => Error::PortInUse { port },
        _ => Error::Port { port, source },
    })
}

fn greet(address: SocketAddr, accounts: &[Account], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "Tidings is at http://{address}")?;
    for Account { email, password } in accounts {
        writeln!(out, "  {email:<24} {password}")?;
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
