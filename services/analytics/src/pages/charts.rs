//! The three charts of the page: what management earned, who was in the red, which task was
//! worth most.

use contracts::calendar::BillingDay;
use contracts::{dollars, signed_dollars};

use super::chart::{About, Chart, Point};
use super::row::{Best, Row};

const DOLLAR: i64 = 100;
/// A longer title would run out of a chart on a phone.
const TITLE_MOST: usize = 20;

/// Draws them; the rows are the oldest day first.
pub(super) fn all(rows: &[&Row], from: BillingDay, to: BillingDay) -> Vec<Chart> {
    let days = from.to_in_words(to);
    vec![
        earned(rows, &days),
        in_the_red(rows, &days),
        best(rows, &days),
    ]
}

fn earned(rows: &[&Row], days: &str) -> Chart {
    let total = rows.iter().map(|row| row.management_minor).sum();
    let total = signed_dollars(total);
    let about = About {
        id: "earned",
        heading: "Management earned by day",
        summary: format!(
            "Management earned by day, {days}: {total} in all. The table below has every day."
        ),
        unit: DOLLAR,
        label: whole_dollars,
    };
    draw(about, rows, |row| {
        let text = format!("{}: {}", row.date.in_words(), row.earned());
        (Some(row.management_minor), text.clone(), text)
    })
}

fn in_the_red(rows: &[&Row], days: &str) -> Chart {
    let most = rows.iter().filter_map(|row| row.in_the_red).max();
    let most = most.unwrap_or(0);
    let about = About {
        id: "red",
        heading: "In the red at the end of the day",
        summary: format!(
            "People in the red when each day was closed, {days}: {most} at the most. The table \
             below has every day."
        ),
        unit: 1,
        label: |count| count.to_string(),
    };
    draw(about, rows, |row| {
        let words = row.date.in_words();
        let text = match (row.in_the_red, row.is_open) {
            (Some(count), false) => format!("{words}: {count} in the red"),
            (Some(count), true) => format!("Now: {count} in the red"),
            (None, _) => format!("{words}: the day was not closed"),
        };
        let count = row
            .in_the_red
            .map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        (count, text.clone(), text)
    })
}

fn best(rows: &[&Row], days: &str) -> Chart {
    let all = rows.iter().filter_map(|row| row.best.as_ref());
    let most = all.map(|best| best.reward_minor).max();
    let most = most.map_or("none was completed".to_owned(), |most| {
        format!("{} at the most", dollars(most))
    });
    let about = About {
        id: "best",
        heading: "Most expensive completed task",
        summary: format!(
            "The most expensive task completed on each day, {days}: {most}. The table below has \
             every day."
        ),
        unit: DOLLAR,
        label: whole_dollars,
    };
    draw(about, rows, |row| match &row.best {
        None => {
            let text = format!("{}: no task was completed", row.date.in_words());
            (None, text.clone(), text)
        }
        Some(best) => (
            Some(best.reward_minor),
            format!(
                "{}: {} · {}",
                row.date.in_short(),
                best.worth(),
                short(best)
            ),
            format!("{}: {}, {}", row.date.in_words(), best.worth(), best.title),
        ),
    })
}

/// What is drawn of a day: its value, a line, and all there is to say.
type Told = (Option<i64>, String, String);

fn draw(about: About, rows: &[&Row], tell: impl Fn(&Row) -> Told) -> Chart {
    let leads_on = about.id == "best";
    let point = |row: &&Row| {
        let (value, tip, title) = tell(row);
        Point {
            date: row.date,
            value,
            is_open: row.is_open,
            tip,
            title,
            href: (leads_on && value.is_some()).then(|| format!("#day-{}", row.date)),
        }
    };
    let points: Vec<Point> = rows.iter().map(point).collect();
    Chart::of(about, &points)
}

fn whole_dollars(minor: i64) -> String {
    dollars(minor).trim_end_matches(".00").to_owned()
}

fn short(best: &Best) -> String {
    match best.title.char_indices().nth(TITLE_MOST) {
        Some((end, _)) => format!("{}…", best.title[..end].trim_end()),
        None => best.title.clone(),
    }
}
