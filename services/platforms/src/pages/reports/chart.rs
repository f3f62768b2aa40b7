//! A chart of groups: a bar for each, the longest first, its name above it.
//!
//! It has no width of its own: places across are in percent and places down in pixels, so that
//! letters have the same size on a phone and on a desk.

use contracts::{Currency, Money};

use crate::reports::costs::{GroupBy, Normalise, Row, Sums};

/// More bars than this are noise; the table beside them has more, and the CSV every group.
const BARS_MOST: usize = 10;
/// A longer name would run into its amount on a phone.
const NAME_LETTERS_MOST: usize = 24;
/// How much of the height a group takes, and where its letters and its bar stand in it.
const GROUP: usize = 38;
const LETTERS_DOWN: usize = 14;
const BAR_DOWN: usize = 20;

/// What one currency's groups cost.
pub(super) struct Chart {
    pub(super) id: &'static str,
    pub(super) heading: String,
    /// All of it in words, for whoever does not see it.
    pub(super) summary: String,
    pub(super) height: usize,
    pub(super) bars: Vec<Bar>,
}

/// What is drawn of a group.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) amount: String,
    /// Both at length.
    pub(super) title: String,
    pub(super) letters_y: usize,
    pub(super) bar_y: usize,
    pub(super) hit_y: usize,
    pub(super) width: String,
}

/// One chart for each currency, because dollars and euros have no common length.
pub(super) fn all(sums: &Sums, by: GroupBy, normalise: Normalise) -> Vec<Chart> {
    let currencies = sums
        .totals
        .iter()
        .map(|total| (total.currency, total.money()));
    let chart = |(currency, total): (Currency, Money)| {
        let rows = sums.rows.iter().filter(|row| row.currency == currency);
        let rows: Vec<&Row> = rows.collect();
        draw(currency, total, &rows, (by, normalise))
    };
    currencies.map(chart).collect()
}

fn draw(
    currency: Currency,
    total: Money,
    rows: &[&Row],
    (by, normalise): (GroupBy, Normalise),
) -> Chart {
    let named = |row: &&Row| (called(row.group.as_deref(), by), row.amount_minor);
    // One more has no longer name than "1 other".
    let most = match rows.len() {
        count if count == BARS_MOST + 1 => count,
        _ => BARS_MOST,
    };
    let mut shown: Vec<(String, i64)> = rows.iter().take(most).map(named).collect();
    if let Some(rest @ [_, ..]) = rows.get(most..) {
        let minor = rest.iter().map(|row| row.amount_minor).sum();
        shown.push((format!("{} others", rest.len()), minor));
    }
    let most = shown.iter().map(|(_, minor)| *minor).max().unwrap_or(0);
    let bar = |(place, (name, minor)): (usize, &(String, i64))| {
        let amount = Money {
            minor: *minor,
            currency,
        };
        Bar {
            title: format!("{name}: {amount} {}", normalise.in_words()),
            name: short(name),
            amount: amount.to_string(),
            hit_y: place * GROUP,
            letters_y: place * GROUP + LETTERS_DOWN,
            bar_y: place * GROUP + BAR_DOWN,
            width: width(*minor, most),
        }
    };
    let dearest = shown.first().map(|(name, _)| name.as_str());
    let (by, period) = (by.in_words(), normalise.in_words());
    Chart {
        id: currency.code(),
        heading: format!("By {by}, in {} {period}", in_words(currency)),
        summary: format!(
            "{total} {period} in all, in {} groups; the dearest is {}. The CSV has every group.",
            rows.len(),
            dearest.unwrap_or("none")
        ),
        height: shown.len() * GROUP,
        bars: shown.iter().enumerate().map(bar).collect(),
    }
}

/// A currency for people.
pub(super) fn in_words(currency: Currency) -> &'static str {
    match currency {
        Currency::Usd => "US dollars",
        Currency::Eur => "euros",
    }
}

/// What a group is called, also the one of all that nobody has put into a group.
pub(super) fn called(group: Option<&str>, by: GroupBy) -> String {
    match group {
        Some(name) => name.to_owned(),
        None => format!("No {}", by.in_words()),
    }
}

fn short(name: &str) -> String {
    match name.char_indices().nth(NAME_LETTERS_MOST) {
        Some((end, _)) => format!("{}…", name[..end].trim_end()),
        None => name.to_owned(),
    }
}

fn width(minor: i64, most: i64) -> String {
    // Sums of whole cents up to some 10^17: what a float loses of them nobody sees.
    let part = minor as f64 / most.max(1) as f64;
    format!("{:.2}%", (part * 100.0).clamp(0.0, 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::costs::Total;

    fn row(name: &str, currency: Currency, amount_minor: i64) -> Row {
        Row {
            group: Some(name.to_owned()).filter(|name| !name.is_empty()),
            owner_team_id: None,
            currency,
            amount_minor,
            platforms: 1,
        }
    }

    fn sums(rows: Vec<Row>) -> Sums {
        let mut totals: Vec<Total> = Vec::new();
        for row in &rows {
            match totals.iter_mut().find(|one| one.currency == row.currency) {
                Some(total) => total.amount_minor += row.amount_minor,
                None => totals.push(Total {
                    currency: row.currency,
                    amount_minor: row.amount_minor,
                    platforms: 1,
                }),
            }
        }
        Sums {
            rows,
            totals,
            platforms_free: 0,
            platforms_left_out: 0,
        }
    }

    #[test]
    fn each_currency_has_its_own_chart_and_scale() {
        let sums = sums(vec![
            row("Data", Currency::Eur, 100),
            row("Data", Currency::Usd, 2_000),
            row("", Currency::Usd, 500),
        ]);
        let charts = all(&sums, GroupBy::Owner, Normalise::Monthly);
        let widths = |chart: &Chart| chart.bars.iter().map(|bar| bar.width.clone()).collect();
        let widths: Vec<Vec<String>> = charts.iter().map(widths).collect();
        assert_eq!(widths, [vec!["100.00%"], vec!["100.00%", "25.00%"]]);
        let dollars = &charts[1];
        assert_eq!(dollars.heading, "By owner, in US dollars a month");
        assert_eq!(
            dollars.summary,
            "$25.00 a month in all, in 2 groups; the dearest is Data. The CSV has every group."
        );
        assert_eq!(dollars.bars[1].title, "No owner: $5.00 a month");
        assert_eq!((dollars.height, dollars.bars[1].bar_y), (76, 58));
    }

    #[test]
    fn what_has_no_room_is_one_bar_and_long_names_are_cut() {
        let long = "é".repeat(40);
        let mut rows = vec![row(&long, Currency::Usd, 50)];
        rows.extend((0..12).map(|_| row("Some", Currency::Usd, 10)));
        let charts = all(&sums(rows), GroupBy::Publisher, Normalise::Annual);
        let bars = &charts[0].bars;
        assert_eq!(bars.len(), BARS_MOST + 1);
        assert_eq!(bars[0].name, format!("{}…", "é".repeat(24)));
        let last = &bars[BARS_MOST];
        assert_eq!(
            (last.name.as_str(), last.amount.as_str()),
            ("3 others", "$0.30")
        );
    }
}
