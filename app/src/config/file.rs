//! `tidings.toml`: what may stand in it, and where what is wrong with it stands.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::alerts::{AlertsTable, WrittenAlerts};
use super::{Origin, Said};
use crate::Error;
use crate::services::{self, NAMES};

const NAME: &str = "tidings.toml";

/// What a file says, with the line of each value.
#[derive(Default)]
pub(super) struct File {
    pub(super) listen: Option<Said<String>>,
    pub(super) data: Option<Said<String>>,
    pub(super) database: Option<Said<String>>,
    pub(super) only: Option<Said<Vec<String>>>,
    pub(super) bus: Option<Said<String>>,
    pub(super) gateway: Option<Said<String>>,
    pub(super) secret_file: Option<Said<String>>,
    pub(super) demo: Option<Said<bool>>,
    pub(super) smtp: Option<Said<String>>,
    pub(super) mail_from: Option<Said<String>>,
    pub(super) billing_zone: Option<Said<String>>,
    pub(super) tasks: TasksTable,
    pub(super) first_sync: Option<Said<bool>>,
    pub(super) public_url: Option<Said<String>>,
    pub(super) log_format: Option<Said<String>>,
    pub(super) otlp: Option<Said<String>>,
    pub(super) services: BTreeMap<String, ServiceTable>,
    pub(super) alerts: AlertsTable,
}

/// What a file says of tasks.
#[derive(Default)]
pub(super) struct TasksTable {
    pub(super) same_assignee: Option<Said<String>>,
    pub(super) records: Option<Said<i64>>,
    /// How the states are called.
    pub(super) open: Option<Said<String>>,
    pub(super) completed: Option<Said<String>>,
}

/// What a file says of one service.
pub(super) struct ServiceTable {
    pub(super) url: Option<Said<String>>,
    pub(super) database: Option<Said<String>>,
}

pub(super) type Text = Option<Spanned<String>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    listen: Text,
    data: Text,
    database: Text,
    only: Option<Spanned<Vec<String>>>,
    bus: Text,
    gateway: Text,
    secret_file: Text,
    demo: Option<Spanned<bool>>,
    billing_zone: Text,
    public_url: Text,
    log_format: Text,
    otlp: Text,
    #[serde(default)]
    mail: Mail,
    #[serde(default)]
    tasks: Tasks,
    #[serde(default)]
    commands: Commands,
    #[serde(default)]
    services: BTreeMap<Spanned<String>, Service>,
    #[serde(default)]
    alerts: WrittenAlerts,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Mail {
    smtp: Text,
    from: Text,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Tasks {
    same_assignee: Text,
    records: Option<Spanned<i64>>,
    open: Text,
    completed: Text,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Commands {
    first_sync: Option<Spanned<bool>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    url: Text,
    database: Text,
}

impl File {
    /// Reads the file that is named, which must be there, or the usual one, if it is there.
    pub(super) fn read(named: Option<&Path>) -> Result<Self, Error> {
        let path = named.unwrap_or(Path::new(NAME));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => {
                let file = path.to_owned();
                return Err(Error::ConfigFile { file, source });
            }
        };
        let place = Place {
            name: path.display().to_string(),
            text: &text,
        };
        let written: Written = toml::from_str(&text).map_err(|error| Error::BadSetting {
            by: place.at(error.span().unwrap_or_default()),
            reason: error.message().trim().replace('\n', "; "),
        })?;
        place.of(written)
    }
}

/// The file, for naming lines.
pub(super) struct Place<'a> {
    name: String,
    text: &'a str,
}

impl Place<'_> {
    pub(super) fn at(&self, span: Range<usize>) -> Origin {
        let before = self.text.as_bytes().iter().take(span.start);
        Origin::File {
            name: self.name.clone(),
            line: 1 + before.filter(|byte| **byte == b'\n').count(),
        }
    }

    pub(super) fn said<T>(&self, value: Option<Spanned<T>>) -> Option<Said<T>> {
        value.map(|value| Said {
            by: self.at(value.span()),
            value: value.into_inner(),
        })
    }

    fn of(&self, written: Written) -> Result<File, Error> {
        let mut services = BTreeMap::new();
        for (name, table) in written.services {
            services::check_name(name.get_ref(), &NAMES).map_err(|reason| Error::BadSetting {
                by: self.at(name.span()),
                reason,
            })?;
            let table = ServiceTable {
                url: self.said(table.url),
                database: self.said(table.database),
            };
            services.insert(name.into_inner(), table);
        }
        Ok(File {
            listen: self.said(written.listen),
            data: self.said(written.data),
            database: self.said(written.database),
            only: self.said(written.only),
            bus: self.said(written.bus),
            gateway: self.said(written.gateway),
            secret_file: self.said(written.secret_file),
            demo: self.said(written.demo),
            smtp: self.said(written.mail.smtp),
            mail_from: self.said(written.mail.from),
            billing_zone: self.said(written.billing_zone),
            tasks: TasksTable {
                same_assignee: self.said(written.tasks.same_assignee),
                records: self.said(written.tasks.records),
                open: self.said(written.tasks.open),
                completed: self.said(written.tasks.completed),
            },
            first_sync: self.said(written.commands.first_sync),
            public_url: self.said(written.public_url),
            log_format: self.said(written.log_format),
            otlp: self.said(written.otlp),
            services,
            alerts: written.alerts.at(self),
        })
    }
}
