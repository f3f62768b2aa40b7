//! What is in force, and who has said so: defaults, `tidings.toml`, the environment, flags; the
//! later of these counts.

mod alerts;
mod exchange;
mod file;
mod masked;
mod places;
mod shown;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::ArgMatches;
use clap::parser::ValueSource;
use contracts::calendar::Calendar;
use tidings::Storage;
use tidings_observe::{Format, otlp};

use crate::Error;
use crate::cli::{Layout, Serve};
use crate::folder::{Folder, Moved, must_have_installation};
use crate::services::NAMES;
use alerts::Alerts;
use exchange::Tasks;
use file::File;
use places::services_of;
use values::{address, broker, http, names, postgres, secret};

const PORT: u16 = 8080;

/// Who has said a value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Default,
    File { name: String, line: usize },
    Environment(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { name, line } => write!(f, "{name}, line {line}"),
            Origin::Environment(name) => f.write_str(name),
            Origin::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// A value, and who has said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said<T> {
    pub(crate) value: T,
    pub(crate) by: Origin,
}

impl<T> Said<T> {
    fn default(value: T) -> Self {
        let by = Origin::Default;
        Self { value, by }
    }

    /// A value of another kind, or what is wrong with this one.
    fn try_map<U>(self, read: impl FnOnce(T) -> Result<U, String>) -> Result<Said<U>, Error> {
        let Self { value, by } = self;
        match read(value) {
            Ok(value) => Ok(Said { value, by }),
            Err(reason) => Err(Error::BadSetting { by, reason }),
        }
    }
}

/// Everything that can be said of a process.
pub(crate) struct Config {
    pub(crate) listen: Said<SocketAddr>,
    pub(crate) data: Said<PathBuf>,
    pub(crate) database: Option<Said<String>>,
    pub(crate) only: Option<Said<Vec<String>>>,
    pub(crate) bus: Option<Said<String>>,
    pub(crate) gateway: Option<Said<String>>,
    pub(crate) secret: Option<Said<Vec<u8>>>,
    pub(crate) demo: Said<bool>,
    pub(crate) smtp: Option<Said<String>>,
    pub(crate) mail_from: Option<Said<String>>,
    /// The time zone of the books.
    pub(crate) billing_zone: Option<Said<String>>,
    /// How tasks are dealt, told of and called.
    pub(crate) tasks: Tasks,
    /// Whether `commands` asks once for all platforms ([`commands::Settings::first_sync`]).
    pub(crate) first_sync: Said<bool>,
    /// What is an alert, and whom it is told.
    pub(crate) alerts: Alerts,
    /// Where people reach the site.
    pub(crate) public_url: Option<Said<String>>,
    /// How the log is written.
    pub(crate) log_format: Said<Format>,
    /// Where traces are sent.
    pub(crate) otlp: Option<Said<String>>,
    /// Where services are reached that run elsewhere.
    pub(crate) urls: BTreeMap<String, Said<String>>,
    /// Databases of single services.
    pub(crate) databases: BTreeMap<String, Said<String>>,
}

/// What flags and environment say, and who of them.
struct Given<'a>(&'a ArgMatches);

impl Given<'_> {
    /// A value that is not merely a default. Commands that do not serve lack some of the flags.
    fn said<T>(&self, id: &str, value: Option<T>) -> Option<Said<T>> {
        self.0.try_contains_id(id).ok()?;
        let flag = || Origin::Flag(id.replace('_', "-"));
        let by = match self.0.value_source(id)? {
            ValueSource::CommandLine => flag(),
            ValueSource::EnvVariable => {
                Origin::Environment(format!("TIDINGS_{}", id.to_uppercase()))
            }
            _ => return None,
        };
        Some(Said { value: value?, by })
    }
}

impl Config {
    /// Reads the file that is named, or `tidings.toml` here if there is one, and puts together
    /// what counts.
    ///
    /// # Errors
    /// When the file cannot be read or understood, or a value cannot be used; the error names
    /// the place and what is allowed.
    pub(crate) fn read(serve: &Serve, matches: &ArgMatches) -> Result<Self, Error> {
        let given = Given(matches);
        let layout = &serve.layout;
        let mut file = File::read(layout.config.as_deref())?;
        let (tasks, alerts) = (Tasks::of(&mut file)?, Alerts::of(&mut file)?);
        let only = (!layout.only.is_empty()).then(|| layout.only.clone());
        let only = given.said("only", only).or(file.only);
        let database = given.said("database", layout.database.clone());
        let demo = given.said("demo", Some(true));
        let no_demo = given.said("no_demo", Some(false));
        let mut is_demo = [demo, no_demo].into_iter().flatten();
        let is_demo = is_demo.find(|said| said.value == serve.is_demo());
        let (urls, databases) = services_of(file.services, &given, layout)?;
        Ok(Self {
            listen: listen(&given, serve, file.listen)?,
            data: given
                .said("data", Some(layout.data.clone()))
                .or(file.data.map(|said| Said {
                    value: said.value.into(),
                    by: said.by,
                }))
                .unwrap_or_else(|| Said::default(layout.data.clone())),
            database: checked(database.or(file.database), postgres)?,
            only: checked(only, names)?,
            bus: checked(given.said("bus", layout.bus.clone()).or(file.bus), broker)?,
            gateway: checked(
                given
                    .said("gateway", layout.gateway.clone())
                    .or(file.gateway),
                http,
            )?,
            secret: secret(&given, layout, file.secret_file)?,
            demo: is_demo.or(file.demo).unwrap_or_else(|| Said::default(true)),
            smtp: given.said("smtp", serve.mail.smtp.clone()).or(file.smtp),
            mail_from: given
                .said("mail_from", serve.mail.from.clone())
                .or(file.mail_from),
            billing_zone: given
                .said("billing_zone", serve.billing_zone.clone())
                .or(file.billing_zone),
            tasks,
            first_sync: file.first_sync.unwrap_or_else(|| Said::default(false)),
            alerts,
            public_url: checked(
                given
                    .said("public_url", serve.public_url.clone())
                    .or(file.public_url),
                http,
            )?,
            log_format: log_format(
                given
                    .said("log_format", layout.log_format.clone())
                    .or(file.log_format),
            )?,
            otlp: given.said("otlp", serve.otlp.clone()).or(file.otlp),
            urls,
            databases,
        })
    }

    /// Where traces are sent, if they are, and how.
    ///
    /// # Errors
    /// When the address, or one of OpenTelemetry's variables, cannot be used.
    pub(crate) fn traces(&self) -> Result<Option<otlp::Settings>, Error> {
        let endpoint = self.otlp.as_ref().map(|said| said.value.as_str());
        let read = otlp::Settings::of_environment(endpoint, |name| std::env::var(name).ok());
        read.map_err(Error::Traces)
    }

    /// As [`Config::read`], for a command that does not serve.
    pub(crate) fn of(layout: &Layout, matches: &ArgMatches) -> Result<Self, Error> {
        Self::read(&Serve::nothing_but(layout), matches)
    }

    /// Where mail goes.
    pub(crate) fn mail(&self) -> Result<notifications::Settings, Error> {
        match (&self.smtp, &self.mail_from) {
            (Some(url), Some(from)) => {
                notifications::Settings::smtp(&url.value, &from.value).map_err(Error::Mail)
            }
            (Some(url), None) => Err(Error::BadSetting {
                by: url.by.clone(),
                reason: "a mail server needs an address that mail comes from: say --mail-from"
                    .to_owned(),
            }),
            (None, _) => Ok(notifications::Settings::mailbox()),
        }
    }

    /// Whom alerts are told.
    pub(crate) fn notices(&self) -> Result<tidings::alert::Notices, Error> {
        self.alerts.notices(&self.mail()?, self.site())
    }

    /// How people come in: where the links in their letters lead, and whether an admin who
    /// invites is shown them, because nobody else sends them.
    pub(crate) fn auth(&self) -> auth::Settings {
        auth::Settings {
            public_url: self.site(),
            shows_links: self.smtp.is_none(),
            ..auth::Settings::default()
        }
    }

    /// Where this installation is asked from here: at the gateway, or where this process listens.
    pub(crate) fn own_address(&self) -> String {
        match &self.gateway {
            Some(gateway) => gateway.value.clone(),
            None => self.listens_at(),
        }
    }

    /// Where people reach the site: if nothing is said, where the gateway is, or where this
    /// process listens, as a browser on this machine would call it.
    pub(crate) fn site(&self) -> String {
        let said = self.public_url.as_ref().or(self.gateway.as_ref());
        said.map_or_else(|| self.listens_at(), |said| said.value.clone())
    }

    fn listens_at(&self) -> String {
        let address = self.listen.value;
        match address.ip().is_unspecified() {
            true => format!("http://localhost:{}", address.port()),
            false => format!("http://{address}"),
        }
    }

    /// The days of the books.
    pub(crate) fn calendar(&self) -> Result<Calendar, Error> {
        let Some(zone) = self.billing_zone.clone() else {
            return Ok(Calendar::utc());
        };
        let read = |name: String| {
            let calendar = Calendar::try_new(&name);
            calendar.map_err(|_| {
                format!("{name:?} is not a time zone, as Europe/Berlin or America/New_York")
            })
        };
        Ok(zone.try_map(read)?.value)
    }

    pub(crate) fn storage(&self) -> Storage {
        match &self.database {
            Some(url) => Storage::Postgres(url.value.clone()),
            None => Storage::Sqlite(self.data.value.clone()),
        }
    }

    /// Where one service keeps its data.
    pub(crate) fn storage_of(&self, service: &str) -> Storage {
        match self.databases.get(service) {
            Some(url) => Storage::Postgres(url.value.clone()),
            None => self.storage(),
        }
    }

    /// Those of these services that keep their data in the folder.
    pub(crate) fn in_folder(&self, services: &[&'static str]) -> Vec<&'static str> {
        let all = services.iter().copied();
        all.filter(|name| matches!(self.storage_of(name), Storage::Sqlite(_)))
            .collect()
    }

    /// Takes from the data folder what these services have there: a command that writes needs
    /// it for itself.
    ///
    /// # Errors
    /// When there is no installation, a server works there, or it was moved away.
    pub(crate) fn take(&self, services: &[&'static str]) -> Result<Option<Folder>, Error> {
        let services = self.in_folder(services);
        if services.is_empty() {
            return Ok(None);
        }
        must_have_installation(&self.data.value)?;
        let folder = Folder::share(&self.data.value, &services)?;
        Moved::of(&self.data.value).refuse()?;
        Ok(Some(folder))
    }

    /// Whether this service, or the gateway, runs in this process.
    pub(crate) fn runs(&self, name: &str) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| only.value.iter().any(|one| one == name))
    }

    /// The services that run in this process.
    pub(crate) fn services(&self) -> Vec<&'static str> {
        NAMES.into_iter().filter(|name| self.runs(name)).collect()
    }
}

/// What flags, environment and file of a command that does not serve say of its log; nothing
/// where it has no installation, and what cannot be read is told where it is needed.
pub(crate) fn log_format_of(matches: &ArgMatches) -> Option<Format> {
    let file = matches.try_get_one::<PathBuf>("config").ok()?;
    let said = matches.try_get_one::<String>("log_format").ok()?.cloned();
    let in_file = || File::read(file.map(PathBuf::as_path)).ok()?.log_format;
    let said = said.or_else(|| in_file().map(|said| said.value));
    said?.parse().ok()
}

/// How the log is written: for people, where nobody says otherwise.
fn log_format(said: Option<Said<String>>) -> Result<Said<Format>, Error> {
    match said {
        Some(format) => format.try_map(|name| name.parse()),
        None => Ok(Said::default(Format::default())),
    }
}

/// The address to listen on; a port is one of this machine.
fn listen(
    given: &Given<'_>,
    serve: &Serve,
    in_file: Option<Said<String>>,
) -> Result<Said<SocketAddr>, Error> {
    if let Some(Said { value, by }) = given.said("port", serve.port) {
        let value = SocketAddr::from((Ipv4Addr::LOCALHOST, value));
        return Ok(Said { value, by });
    }
    match given.said("listen", serve.listen.clone()).or(in_file) {
        Some(listen) => listen.try_map(|text| address(&text)),
        None => Ok(Said::default(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))),
    }
}

fn checked<T>(
    said: Option<Said<T>>,
    check: fn(T) -> Result<T, String>,
) -> Result<Option<Said<T>>, Error> {
    said.map(|said| said.try_map(check)).transpose()
}
