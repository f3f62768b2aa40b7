//! The e-mail of a payout (B-28): a pure text.

use contracts::calendar::{BillingDay, Calendar};
use contracts::{dollars, signed_dollars};

use crate::actions::LINES_MAX;
use crate::ledger::Entry;

/// What somebody is told of a day that was paid.
#[derive(Debug)]
pub(crate) struct Statement {
    /// Empty when it is not known.
    pub(crate) name: String,
    pub(crate) day: BillingDay,
    /// What was in the account before the day.
    pub(crate) opening_minor: i64,
    /// The day's entries, oldest first; one more than the most says that there are more.
    pub(crate) lines: Vec<Entry>,
    pub(crate) paid_minor: i64,
}

/// Subject and text.
pub(crate) fn payout(statement: &Statement, calendar: &Calendar) -> (String, String) {
    let day = statement.day.in_words();
    let paid = dollars(statement.paid_minor);
    let subject = format!("Your pay for {day}: {paid}");
    let hello = match statement.name.as_str() {
        "" => "Hello,".to_owned(),
        name => format!("Hello {name},"),
    };
    let mut text = format!(
        "{hello}\n\nthe books of {day} are closed. We pay you {paid}.\n\n\
         Your account on this day (times are {}):\n\n",
        calendar.zone()
    );
    text.push_str(&line(
        statement.opening_minor,
        "Carried over from the day before",
    ));
    let most = LINES_MAX as usize;
    for entry in statement.lines.iter().take(most) {
        let time = calendar.time_of_day(entry.at);
        let late = if entry.late {
            " (of an earlier day)"
        } else {
            ""
        };
        let what = format!("{time}  {}{late}", told(entry));
        text.push_str(&line(entry.delta_minor(), &what));
    }
    if statement.lines.len() > most {
        text.push_str("                …  and more, which you find under “My account”\n");
    }
    text.push_str(&line(-statement.paid_minor, "Paid out to you"));
    text.push_str(&line(0, "Carried over to the next day"));
    text.push_str("\nYou find every entry at any time under “My account”.\n");
    (subject, text)
}

fn told(entry: &Entry) -> String {
    let words = entry.in_words();
    match (entry.title(), entry.jira_id()) {
        (Some(title), Some(jira_id)) => format!("{words}: {jira_id} {title}"),
        (Some(title), None) => format!("{words}: {title}"),
        (None, _) => words,
    }
}

fn line(minor: i64, what: &str) -> String {
    format!("{:>17}  {what}\n", signed_dollars(minor))
}
