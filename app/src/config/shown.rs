//! What is in force, for people.

use std::io::Write;

use super::masked::masked;
use super::{Config, Origin, Said};

impl Config {
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
            ("public_url".to_owned(), self.shown_site()),
        ];
        rows.extend(self.shown_services());
        rows.extend(self.shown_watching());
        rows.extend(self.tasks.shown());
        rows.extend(self.alerts.shown());
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

    /// What single services are told, beside the tasks.
    fn shown_services(&self) -> [(String, (String, Origin)); 2] {
        let zone = self.billing_zone.as_ref().map_or_else(
            || ("UTC".to_owned(), Origin::Default),
            |said| (said.value.clone(), said.by.clone()),
        );
        let first_sync = &self.first_sync;
        let first_sync = (first_sync.value.to_string(), first_sync.by.clone());
        [
            ("billing_zone".to_owned(), zone),
            ("commands.first_sync".to_owned(), first_sync),
        ]
    }

    /// Its log, and its traces.
    fn shown_watching(&self) -> [(String, (String, Origin)); 2] {
        let format = &self.log_format;
        let format = (format.value.name().to_owned(), format.by.clone());
        [
            ("log_format".to_owned(), format),
            ("otlp".to_owned(), self.shown_traces()),
        ]
    }

    /// Also where the environment alone says it, in OpenTelemetry's words.
    fn shown_traces(&self) -> (String, Origin) {
        let by = self.otlp.as_ref().map(|said| said.by.clone());
        match self.traces() {
            Ok(None) => ("none".to_owned(), Origin::Default),
            Ok(Some(traces)) => {
                let by = by.unwrap_or_else(|| Origin::Environment("OTEL_EXPORTER_OTLP".to_owned()));
                (traces.shown(), by)
            }
            Err(error) => (error.line(), Origin::Default),
        }
    }

    fn shown_site(&self) -> (String, Origin) {
        let said = self.public_url.as_ref().or(self.gateway.as_ref());
        let by = said.map_or(Origin::Default, |said| said.by.clone());
        (self.site(), by)
    }
}
