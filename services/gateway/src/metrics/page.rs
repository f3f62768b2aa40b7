//! The exposition format: a family's header, then its samples.

use std::fmt::{Display, Write as _};

use tidings::lag::SubscriptionStatus;
use tidings::meters::Distribution;

use super::families::{FAMILIES, Family};

#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
    family: &'static str,
}

impl Page {
    /// Begins a family of the table.
    pub(super) fn family(&mut self, name: &'static str) {
        self.family = name;
        let found = FAMILIES.iter().find(|family| family.name == name);
        debug_assert!(found.is_some(), "{name} is in no table");
        if let Some(Family { kind, help, .. }) = found {
            // Writing to a string cannot fail.
            let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        }
    }

    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: u64) {
        self.line("", labels, None, &value);
    }

    /// In seconds, or another measure that has parts.
    pub(super) fn sample_s(&mut self, labels: &[(&str, &str)], value: f64) {
        self.line("", labels, None, &value);
    }

    pub(super) fn histogram(&mut self, labels: &[(&str, &str)], of: &Distribution) {
        for (bound, count) in &of.at_most {
            self.line("_bucket", labels, Some(("le", &bound.to_string())), count);
        }
        self.line("_bucket", labels, Some(("le", "+Inf")), &of.count);
        self.line("_sum", labels, None, &of.sum_s);
        self.line("_count", labels, None, &of.count);
    }

    fn line(
        &mut self,
        suffix: &str,
        labels: &[(&str, &str)],
        last: Option<(&str, &str)>,
        value: &dyn Display,
    ) {
        debug_assert!(
            self.has_labels(labels),
            "{} has other labels than {labels:?}",
            self.family
        );
        self.text.push_str(self.family);
        self.text.push_str(suffix);
        let mut end = "";
        for (name, label) in labels.iter().copied().chain(last) {
            let before = if end.is_empty() { '{' } else { ',' };
            let label = label
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _ = write!(self.text, "{before}{name}=\"{label}\"");
            end = "}";
        }
        let _ = writeln!(self.text, "{end} {value}");
    }

    /// Whether the table says the same.
    fn has_labels(&self, labels: &[(&str, &str)]) -> bool {
        let found = FAMILIES.iter().find(|family| family.name == self.family);
        let names = labels.iter().map(|(name, _)| *name);
        found.is_some_and(|family| names.eq(family.labels.iter().copied()))
    }

    pub(super) fn of_each(
        &mut self,
        all: &[SubscriptionStatus],
        value: fn(&SubscriptionStatus) -> u64,
    ) {
        for one in all {
            let labels = [
                ("service", &*one.service),
                ("subscription", &one.name),
                ("stream", &one.stream),
            ];
            self.sample(&labels, value(one));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tidings::meters::Histogram;

    use super::Page;

    #[test]
    fn labels_are_escaped_as_the_format_says() {
        let mut page = Page::default();
        page.family("tidings_calls_in_flight");
        page.sample(&[("from", "a\"b\\c\nd"), ("to", "x")], 7);
        let text = "# HELP tidings_calls_in_flight Calls that are under way.\n\
            # TYPE tidings_calls_in_flight gauge\n\
            tidings_calls_in_flight{from=\"a\\\"b\\\\c\\nd\",to=\"x\"} 7\n";
        assert_eq!(page.text, text);
    }

    #[test]
    fn a_histogram_counts_upwards_and_ends_with_all() {
        let took = Histogram::default();
        took.observe(Duration::from_millis(4));
        took.observe(Duration::from_secs(30));
        let mut page = Page::default();
        page.family("tidings_job_run_duration_seconds");
        page.histogram(&[("service", "a"), ("kind", "x")], &took.read());
        for line in [
            "tidings_job_run_duration_seconds_bucket{service=\"a\",kind=\"x\",le=\"0.0025\"} 0",
            "tidings_job_run_duration_seconds_bucket{service=\"a\",kind=\"x\",le=\"0.005\"} 1",
            "tidings_job_run_duration_seconds_bucket{service=\"a\",kind=\"x\",le=\"10\"} 1",
            "tidings_job_run_duration_seconds_bucket{service=\"a\",kind=\"x\",le=\"+Inf\"} 2",
            "tidings_job_run_duration_seconds_sum{service=\"a\",kind=\"x\"} 30.004",
            "tidings_job_run_duration_seconds_count{service=\"a\",kind=\"x\"} 2",
        ] {
            assert!(
                page.text.contains(&format!("{line}\n")),
                "{line}\n{}",
                page.text
            );
        }
    }
}
