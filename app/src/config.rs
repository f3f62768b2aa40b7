//! What is in force, and who has said so: defaults, `tidings.toml`, the environment, flags; the
//! later of these counts.

mod file;
mod masked;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;
use tidings::Storage;

use crate::cli::Serve;
use crate::services::{GATEWAY, NAMES};
use crate::{Error, services};
use file::{File, ServiceTable};
use masked::masked;

const PORT: u16 = 8080;
const SECRET: &str = "TIDINGS_SECRET";

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
    /// Where services are reached that run elsewhere.
    pub(crate) urls: BTreeMap<String, Said<String>>,
    /// Databases of single services.
    pub(crate) databases: BTreeMap<String, Said<String>>,
}

/// What flags and environment say, and who of them.
struct Given<'a>(&'a ArgMatches);

impl Given<'_> {
    /// A value that is not merely a default.
    fn said<T>(&self, id: &str, value: Option<T>) -> Option<Said<T>> {
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
        let file = File::read(serve.config.as_deref())?;
        let listen = match given.said("port", serve.port) {
            Some(Said { value, by }) => Said {
                value: SocketAddr::from((Ipv4Addr::LOCALHOST, value)),
                by,
            },
            None => match given.said("listen", serve.listen.clone()).or(file.listen) {
                Some(listen) => listen.try_map(|text| address(&text))?,
                None => Said::default(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))),
            },
        };
        let only = (!serve.only.is_empty()).then(|| serve.only.clone());
        let only = given.said("only", only).or(file.only);
        let database = given.said("database", serve.place.database.clone());
        let demo = given.said("demo", Some(true));
        let no_demo = given.said("no_demo", Some(false));
        let is_demo = [demo, no_demo].into_iter().flatten();
        let is_demo = is_demo.filter(|said| said.value == serve.is_demo()).next();
        let (urls, databases) = services_of(file.services, &given, serve)?;
        Ok(Self {
            listen,
            data: given
                .said("data", Some(serve.place.data.clone()))
                .or(file.data.map(|said| Said {
                    value: said.value.into(),
                    by: said.by,
                }))
                .unwrap_or_else(|| Said::default(serve.place.data.clone())),
            database: checked(database.or(file.database), postgres)?,
            only: checked(only, names)?,
            bus: checked(given.said("bus", serve.bus.clone()).or(file.bus), broker)?,
            gateway: checked(
                given
                    .said("gateway", serve.gateway.clone())
                    .or(file.gateway),
                http,
            )?,
            secret: secret(&given, serve, file.secret_file)?,
            demo: is_demo.or(file.demo).unwrap_or_else(|| Said::default(true)),
            smtp: given.said("smtp", serve.mail.smtp.clone()).or(file.smtp),
            mail_from: given
                .said("mail_from", serve.mail.from.clone())
                .or(file.mail_from),
            urls,
            databases,
        })
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

    pub(crate) fn storage(&self) -> Storage {
        match &self.database {
            Some(url) => Storage::Postgres(url.value.clone()),
            None => Storage::Sqlite(self.data.value.clone()),
        }
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

    /// Those of them that keep their data in the folder.
    pub(crate) fn in_folder(&self) -> Vec<&'static str> {
        let mut services = self.services();
        services.retain(|name| self.database.is_none() && !self.databases.contains_key(*name));
        services
    }

    /// What is in force, a line each: name, value, who has said it. Secrets are masked.
    pub(crate) fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let text = |said: &Option<Said<String>>| {
            let shown = said
                .as_ref()
                .map(|said| (masked(&said.value), said.by.clone()));
            shown.unwrap_or_else(|| ("none".to_owned(), Origin::Default))
        };
        let only = self.only.as_ref().map_or_else(
            || ("everything".to_owned(), Origin::Default),
            |only| (only.value.join(", "), only.by.clone()),
        );
        let secret = self.secret.as_ref().map_or_else(
            || ("none".to_owned(), Origin::Default),
            |said| (format!("{} bytes", said.value.len()), said.by.clone()),
        );
        let mut rows = vec![
            (
                "listen".to_owned(),
                (self.listen.value.to_string(), self.listen.by.clone()),
            ),
            ("only".to_owned(), only),
            (
                "data".to_owned(),
                (self.data.value.display().to_string(), self.data.by.clone()),
            ),
            ("database".to_owned(), text(&self.database)),
            ("bus".to_owned(), text(&self.bus)),
            ("gateway".to_owned(), text(&self.gateway)),
            ("secret".to_owned(), secret),
            (
                "demo".to_owned(),
                (self.demo.value.to_string(), self.demo.by.clone()),
            ),
            ("mail.smtp".to_owned(), text(&self.smtp)),
            ("mail.from".to_owned(), text(&self.mail_from)),
        ];
        for (key, all) in [("url", &self.urls), ("database", &self.databases)] {
            rows.extend(all.iter().map(|(service, said)| {
                let name = format!("services.{service}.{key}");
                (name, (masked(&said.value), said.by.clone()))
            }));
        }
        let width = |column: fn(&(String, (String, Origin))) -> usize| {
            rows.iter().map(column).max().unwrap_or_default()
        };
        let (names, values) = (width(|row| row.0.len()), width(|row| row.1.0.len()));
        for (name, (value, by)) in &rows {
            writeln!(out, "{name:<names$}  {value:<values$}  {by}")?;
        }
        out.flush()
    }
}

type Named = BTreeMap<String, Said<String>>;

/// Addresses and databases of single services.
fn services_of(
    tables: BTreeMap<String, ServiceTable>,
    given: &Given<'_>,
    serve: &Serve,
) -> Result<(Named, Named), Error> {
    let (mut urls, mut databases) = (Named::new(), Named::new());
    for (service, table) in tables {
        if let Some(url) = checked(table.url, http)? {
            urls.insert(service.clone(), url);
        }
        if let Some(database) = checked(table.database, postgres)? {
            databases.insert(service, database);
        }
    }
    let remotes = (!serve.remote.is_empty()).then(|| serve.remote.clone());
    let Some(Said { value: remotes, by }) = given.said("remote", remotes) else {
        return Ok((urls, databases));
    };
    for text in remotes {
        let by = by.clone();
        let said = Said { value: text, by };
        let said = said.try_map(|text| {
            let (name, url) = text.split_once('=').ok_or_else(|| {
                format!("{text:?} is not SERVICE=URL, as in orders=http://10.0.0.7:8080")
            })?;
            services::check_name(name, &NAMES)?;
            Ok((name.to_owned(), http(url.to_owned())?))
        })?;
        let (name, value) = said.value;
        urls.insert(name, Said { value, by: said.by });
    }
    Ok((urls, databases))
}

fn checked<T>(
    said: Option<Said<T>>,
    check: fn(T) -> Result<T, String>,
) -> Result<Option<Said<T>>, Error> {
    said.map(|said| said.try_map(check)).transpose()
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let read = text.parse();
    read.map_err(|_| format!("{text:?} is not ADDRESS:PORT, as in 127.0.0.1:8080 or [::]:8080"))
}

fn names(only: Vec<String>) -> Result<Vec<String>, String> {
    let mut seen = BTreeSet::new();
    let known: Vec<&str> = NAMES.into_iter().chain([GATEWAY]).collect();
    for name in &only {
        services::check_name(name, &known)?;
        if !seen.insert(name) {
            return Err(format!("{name} is named twice"));
        }
    }
    if only.is_empty() {
        return Err(format!("name at least one of {}", known.join(", ")));
    }
    Ok(only)
}

/// The URL itself stays out of the text: it may hold a password.
fn postgres(url: String) -> Result<String, String> {
    let is_postgres = ["postgres://", "postgresql://"]
        .iter()
        .any(|it| url.starts_with(it));
    match is_postgres {
        true => Ok(url),
        false => Err("a database is postgres://user:password@host/name".to_owned()),
    }
}

fn broker(url: String) -> Result<String, String> {
    match ["nats://", "tls://"].iter().any(|it| url.starts_with(it)) {
        true => Ok(url),
        false => Err("a bus is nats://host:4222 or tls://host:4222".to_owned()),
    }
}

fn http(url: String) -> Result<String, String> {
    let rest = url.strip_prefix("http://").or(url.strip_prefix("https://"));
    match rest.map(|rest| rest.trim_end_matches('/')) {
        Some(host) if !host.is_empty() && !host.contains(['/', '@', '?', '#']) => Ok(url),
        _ => Err("an address of a service is http://host:port, without a path".to_owned()),
    }
}

/// The secret itself in the environment, or the name of its file anywhere. A flag would show
/// it to whoever can list processes.
fn secret(
    given: &Given<'_>,
    serve: &Serve,
    from_config: Option<Said<String>>,
) -> Result<Option<Said<Vec<u8>>>, Error> {
    let flag = given.said("secret_file", serve.secret_file.clone());
    let by_flag = flag
        .as_ref()
        .is_some_and(|said| matches!(said.by, Origin::Flag(_)));
    if !by_flag && let Ok(text) = std::env::var(SECRET) {
        let by = Origin::Environment(SECRET.to_owned());
        let said = Said {
            value: text.into_bytes(),
            by,
        };
        return said.try_map(long_enough).map(Some);
    }
    let from_config = from_config.map(|said| Said {
        value: said.value.into(),
        by: said.by,
    });
    let Some(file) = flag.or(from_config) else {
        return Ok(None);
    };
    file.try_map(|file: PathBuf| read_secret(&file)).map(Some)
}

fn read_secret(file: &Path) -> Result<Vec<u8>, String> {
    let read = std::fs::read(file);
    let bytes = read.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    long_enough(bytes.trim_ascii().to_owned())
}

fn long_enough(secret: Vec<u8>) -> Result<Vec<u8>, String> {
    match secret.len() {
        32.. => Ok(secret),
        length => Err(format!("the secret has {length} bytes; 32 are the least")),
    }
}
