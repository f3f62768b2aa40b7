//! Why the program cannot run, as one line for the person who started it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::Origin;

/// What can stop the program from starting or from doing what it was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The machine gives no threads.
    #[error("start the runtime")]
    Runtime(#[source] io::Error),
    /// The data folder cannot be made or written.
    #[error("use {} as the data folder: choose another with --data", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Another server works in the data folder.
    #[error(
        "have {} for itself: another tidings is running there{}; stop it, or choose another folder with --data",
        folder.display(), with(.service)
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// What it runs there, where it does not run everything.
        service: Option<&'static str>,
    },
    /// A running server has the SQLite files, and nobody else may write them.
    #[error(
        "have {} for itself: a server is running there; stop it meanwhile (on PostgreSQL it could go on)",
        folder.display()
    )]
    InUseByServer {
        /// The folder.
        folder: PathBuf,
    },
    /// There is nothing that a command could work on.
    #[error(
        "find an installation in {}: no service has its database there; is it the right folder?",
        folder.display()
    )]
    NoInstallation {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no event and no command of that name, or of that version.
    #[error("find the schema of {name}: `tidings schema list` names all")]
    NoSchema {
        /// What was asked for.
        name: String,
    },
    /// The installation cannot be tried out.
    #[error("look at what is in flight")]
    Flight(#[source] tidings::Error),
    /// Traces were asked for in words that cannot be used.
    #[error("export traces")]
    Traces(#[source] tidings_observe::otlp::BadSettings),
    /// A projection cannot be built anew.
    #[error("build the projection anew")]
    Rebuild(#[source] tidings::projection::RebuildError),
    /// There is nothing to move.
    #[error("find the folder {}: say where the installation is with --from", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The settings name no folder to move out of.
    #[error("find what is to be moved: {by} names a database of PostgreSQL; say --from sqlite:DIR")]
    NothingToMove {
        /// Who has said so.
        by: Origin,
    },
    /// The installation was moved away.
    #[error(
        "use these files: the installation was moved to {target}; start it there with --database, or remove {} to use the files all the same",
        file.display()
    )]
    MovedAway {
        /// The file that says so.
        file: PathBuf,
        /// Where it is now.
        target: String,
    },
    /// The last move ended between giving up its source and declaring its target complete.
    #[error(
        "move the installation: the last move was broken off at its very end, and nothing starts \
         on either side; run this with --again, which does all of it anew"
    )]
    BrokenOff,
    /// The installation cannot be moved.
    #[error("move the installation")]
    Move(#[source] tidings::Error),
    /// Nobody subscribes under that name.
    #[error(
        "find a subscription {subscription} of the stream {stream}: `tidings doctor` names them all"
    )]
    NoSubscription {
        /// The name that was given.
        subscription: String,
        /// The stream that was given.
        stream: String,
    },
    /// A decision cannot be carried out.
    #[error("let the slots go on")]
    Settle(#[source] tidings::Error),
    /// The port is taken.
    #[error("listen on {address}: the port is in use; choose another with --port or --listen")]
    PortInUse {
        /// The address and port.
        address: SocketAddr,
    },
    /// The port cannot be had for another reason.
    #[error("listen on {address}")]
    Port {
        /// The address and port.
        address: SocketAddr,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The file with settings cannot be read.
    #[error("read the settings in {}", file.display())]
    ConfigFile {
        /// The file.
        file: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A setting cannot be used.
    #[error("use the settings: {by}: {reason}")]
    BadSetting {
        /// Who has said it.
        by: Origin,
        /// What is wrong, and what is allowed.
        reason: String,
    },
    /// Several processes have no secret by which to know each other.
    #[error(
        "know the processes that run {elsewhere}: give all of them one secret with --secret-file or TIDINGS_SECRET"
    )]
    NoSecret {
        /// What runs in other processes.
        elsewhere: String,
    },
    /// The bus cannot be used.
    #[error("use the bus that {by} names")]
    Bus {
        /// Who has said its address.
        by: Origin,
        /// Why not.
        #[source]
        source: tidings::Error,
    },
    /// No mail can be sent as it was asked for.
    #[error("send mail as --smtp and --mail-from say")]
    Mail(#[source] notifications::BadSettings),
    /// A service's database cannot be opened.
    #[error("open the databases")]
    Open(#[source] tidings::Error),
    /// The demonstration accounts' file cannot be read or written.
    #[error("keep the demonstration accounts in {}", file.display())]
    AccountsFile {
        /// The file.
        file: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A demonstration account or listing cannot be made.
    #[error("make the demonstration data")]
    Demonstration(#[source] tidings::Cause),
    /// The account to be changed does not exist.
    #[error("find an account with the address {email:?}: sign up first")]
    NoAccount {
        /// The address.
        email: String,
    },
    /// The accounts are in a file on another machine, or of another process.
    #[error(
        "change accounts here: by these settings auth runs elsewhere and keeps them in a file there; give the command there"
    )]
    AccountsElsewhere,
    /// An account cannot be changed.
    #[error("change the account")]
    Account(#[source] auth::Error),
    /// No server can be at this address.
    #[error("ask a server at {url:?}: say --url http://host:port")]
    BadServer {
        /// What was said.
        url: String,
    },
    /// The token to ask a server with cannot be made.
    #[error("ask the server in the name of {}", name.as_deref().unwrap_or("whoever has its accounts' database"))]
    Name {
        /// The address of the account, where one was named.
        name: Option<String>,
        /// Why not.
        #[source]
        source: auth::Error,
    },
    /// There is nothing to ask a server with.
    #[error(
        "ask the server in anybody's name: the accounts' database is not here; say where the \
         installation is with --data or --database, or put an operator's access token into \
         TIDINGS_TOKEN"
    )]
    NoToken,
    /// The server does not answer.
    #[error("ask the server at {url}: is it running? Say where with --url")]
    Ask {
        /// Its address.
        url: String,
        /// What went wrong.
        #[source]
        source: reqwest::Error,
    },
    /// Whoever answers is no server of this version.
    #[error("understand the answer of {url}: it is not that of a server of this version")]
    Strange {
        /// The address.
        url: String,
    },
    /// What was named is not there.
    #[error("find it: {text}")]
    NotThere {
        /// What the server says.
        text: String,
    },
    /// Somebody else has decided already, or it cannot be done as things are.
    #[error("do it as things are now: {text}")]
    TooLate {
        /// What the server says.
        text: String,
    },
    /// The server refuses.
    #[error("have the server do it: it refuses ({status}): {text}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// What it says.
        text: String,
    },
    /// A file that is to be sent cannot be read.
    #[error("read {}", file.display())]
    Input {
        /// The file.
        file: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A name that has to have two parts.
    #[error(
        "find a subscription {name:?}: it is written with its service, as in expiration/orders"
    )]
    BadSubscription {
        /// What was said.
        name: String,
    },
    /// What was typed is no JSON.
    #[error("use the new data: it is not JSON")]
    BadData(#[source] serde_json::Error),
    /// The operating system tells no signals.
    #[error("hear the signals that stop the program")]
    Signals(#[source] io::Error),
    /// The server ended by itself.
    #[error("serve")]
    Serve(#[source] io::Error),
    /// The output cannot be written.
    #[error("write the output")]
    Output(#[from] io::Error),
    /// A step of the story did not happen.
    #[error("tell the story: {0}")]
    Story(String),
}

fn with(service: &Option<&str>) -> String {
    service.map_or_else(String::new, |name| format!(" with {name}"))
}

impl Error {
    /// The code that the program ends with, for scripts: 4 where something is not there, 5 where
    /// somebody else was faster, otherwise 1.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NotThere { .. } => 4,
            Self::TooLate { .. } => 5,
            _ => 1,
        }
    }

    /// The whole error on one line.
    pub(crate) fn line(&self) -> String {
        let text = format!("failed to {}", tidings::chain(self));
        // A driver's message may have several lines; whoever reads it expects one.
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
