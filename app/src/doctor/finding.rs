//! What was found, and how it is told.

use std::io::{self, Write};

use serde_json::json;

/// How good or bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// As it should be.
    Ok,
    /// Works, and may cost something one day.
    Warning,
    /// Something that is promised does not hold, or something stands still.
    Problem,
}

impl Grade {
    fn word(self) -> &'static str {
        match self {
            Grade::Ok => "ok",
            Grade::Warning => "warning",
            Grade::Problem => "problem",
        }
    }
}

struct Finding {
    section: &'static str,
    subject: String,
    grade: Grade,
    text: String,
}

/// Everything that was found, in the order of looking.
#[derive(Default)]
pub(super) struct Findings {
    all: Vec<Finding>,
    /// Which of several like ones is looked at.
    about: String,
}

impl Findings {
    /// What is found from now on is about this one of several; about the only one when empty.
    pub(super) fn about(&mut self, one: &str) {
        one.clone_into(&mut self.about);
    }

    pub(super) fn add(&mut self, grade: Grade, section: &'static str, subject: &str, text: &str) {
        let subject = format!("{} {subject}", self.about);
        self.all.push(Finding {
            section,
            subject: subject.trim_start().to_owned(),
            grade,
            text: text.to_owned(),
        });
    }

    pub(super) fn ok(&mut self, section: &'static str, subject: &str, text: &str) {
        self.add(Grade::Ok, section, subject, text);
    }

    pub(super) fn warning(&mut self, section: &'static str, subject: &str, text: &str) {
        self.add(Grade::Warning, section, subject, text);
    }

    pub(super) fn problem(&mut self, section: &'static str, subject: &str, text: &str) {
        self.add(Grade::Problem, section, subject, text);
    }

    pub(super) fn worst(&self) -> Grade {
        let grades = self.all.iter().map(|finding| finding.grade);
        grades.max().unwrap_or(Grade::Ok)
    }

    pub(super) fn has_problem(&self, section: &str) -> bool {
        let of_section = self.all.iter().filter(|finding| finding.section == section);
        of_section.map(|finding| finding.grade).max() == Some(Grade::Problem)
    }

    fn count(&self, grade: Grade) -> usize {
        let all = self.all.iter();
        all.filter(|finding| finding.grade == grade).count()
    }

    fn summary(&self) -> String {
        let count = |grade, one: &str, many: &str| match self.count(grade) {
            0 => None,
            1 => Some(format!("1 {one}")),
            number => Some(format!("{number} {many}")),
        };
        let counts: Vec<String> = [
            count(Grade::Problem, "problem", "problems"),
            count(Grade::Warning, "warning", "warnings"),
        ]
        .into_iter()
        .flatten()
        .collect();
        match counts.is_empty() {
            true => "Everything that is promised holds.".to_owned(),
            false => format!("{}.", counts.join(" and ")),
        }
    }

    /// For people: a paragraph a section, a line a finding.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut gap = "";
        for section in self.all.chunk_by(|one, next| one.section == next.section) {
            let name = section.first().map_or("", |finding| finding.section);
            writeln!(out, "{gap}{name}")?;
            gap = "\n";
            let widths = section
                .iter()
                .map(|finding| finding.subject.chars().count());
            let width = widths.max().unwrap_or(0).min(64);
            for Finding {
                subject,
                grade,
                text,
                ..
            } in section
            {
                let word = grade.word();
                writeln!(out, "  {word:<8} {subject:<width$}  {text}")?;
            }
        }
        writeln!(out, "\n{}", self.summary())
    }

    /// For programs.
    pub(super) fn print_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let findings = self.all.iter().map(|finding| {
            json!({
                "section": finding.section,
                "subject": finding.subject,
                "grade": finding.grade.word(),
                "text": finding.text,
            })
        });
        let findings: Vec<_> = findings.collect();
        let document = json!({
            "problems": self.count(Grade::Problem),
            "warnings": self.count(Grade::Warning),
            "findings": findings,
        });
        writeln!(out, "{document:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_aligned_by_section_and_summed_up() {
        let mut findings = Findings::default();
        findings.ok("database", "fsync", "is on");
        findings.problem("database", "synchronous_commit", "is off");
        findings.warning("streams", "orders", "is short");
        let mut out = Vec::new();
        findings.print(&mut out).unwrap();
        let expected = "database\n  \
              ok       fsync               is on\n  \
              problem  synchronous_commit  is off\n\n\
            streams\n  \
              warning  orders  is short\n\n\
            1 problem and 1 warning.\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert!(findings.has_problem("database") && !findings.has_problem("streams"));
    }
}
