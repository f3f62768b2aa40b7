//! Which days the page shows, and the ways to others.

use contracts::calendar::{BillingDay, RangeAsked};
use tidings::Problem;

use crate::period::{Period, PeriodAsked};

const PAGE: &str = "/exchange/analytics";
/// What is shown to whoever asks for nothing.
const DAYS_USUAL: i64 = 14;

/// The days of the page, and the links and fields that lead to others.
pub(super) struct Picker {
    pub(super) from: BillingDay,
    pub(super) to: BillingDay,
    /// What stands in the fields: what was typed, as far as those are days.
    pub(super) typed: (BillingDay, BillingDay),
    pub(super) tabs: Vec<Tab>,
    pub(super) earlier: String,
    /// None where nothing has come yet.
    pub(super) later: Option<String>,
    /// What is wrong with what was asked for.
    pub(super) refused: Option<Problem>,
}

/// A period to choose.
pub(super) struct Tab {
    pub(super) label: &'static str,
    pub(super) href: String,
    pub(super) is_current: bool,
}

impl Picker {
    /// What was asked for, or the usual with what was wrong with that.
    pub(super) fn of(period: &PeriodAsked, asked: &RangeAsked, today: BillingDay) -> Self {
        let usual = (today.minus(DAYS_USUAL - 1), today);
        let asks_for_nothing = matches!(asked.ends(), Ok((None, None)));
        match (period.period(), period.range(asked, today)) {
            (Ok(None), Ok(_)) if asks_for_nothing => Self::new(None, usual, today, true),
            (Ok(period), Ok(range)) => Self::new(period, range, today, false),
            (Err(problem), _) | (_, Err(problem)) => {
                let (from, to) = asked.ends().unwrap_or_default();
                Self {
                    typed: (from.unwrap_or(usual.0), to.unwrap_or(usual.1)),
                    refused: Some(problem),
                    ..Self::new(None, usual, today, true)
                }
            }
        }
    }

    fn new(
        period: Option<Period>,
        (from, to): (BillingDay, BillingDay),
        today: BillingDay,
        is_usual: bool,
    ) -> Self {
        let days = to.since(from) + 1;
        let (earlier, later) = match period {
            Some(period) => (around(period, from.previous()), around(period, to.next())),
            None => (
                range(from.minus(days), from.previous()),
                range(to.next(), to.minus(-days)),
            ),
        };
        let tab = |(label, of): (&'static str, Option<Period>)| Tab {
            label,
            href: match of {
                Some(of) => format!("{PAGE}?period={}", of.as_str()),
                None => PAGE.to_owned(),
            },
            is_current: match of {
                Some(_) => of == period,
                None => is_usual,
            },
        };
        let tabs = [
            ("Day", Some(Period::Day)),
            ("Week", Some(Period::Week)),
            ("Month", Some(Period::Month)),
            ("14 days", None),
        ];
        Self {
            from,
            to,
            typed: (from, to),
            tabs: tabs.map(tab).into(),
            earlier,
            later: (to < today).then_some(later),
            refused: None,
        }
    }

    /// Whether the days are none of those that there is a name for.
    pub(super) fn is_other(&self) -> bool {
        !self.tabs.iter().any(|tab| tab.is_current)
    }
}

fn around(period: Period, day: BillingDay) -> String {
    format!("{PAGE}?period={}&from={day}", period.as_str())
}

fn range(from: BillingDay, to: BillingDay) -> String {
    format!("{PAGE}?from={from}&to={to}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn picker(period: Value, range: Value) -> Picker {
        let period = serde_json::from_value(period).unwrap();
        let range = serde_json::from_value(range).unwrap();
        Picker::of(&period, &range, "2026-03-14".parse().unwrap())
    }

    fn in_short(picker: &Picker) -> (String, Option<&'static str>) {
        let current = picker.tabs.iter().find(|tab| tab.is_current);
        let days = format!("{}..{}", picker.from, picker.to);
        (days, current.map(|tab| tab.label))
    }

    #[test]
    fn whoever_asks_for_nothing_sees_two_weeks_until_today() {
        let picker = picker(json!({}), json!({ "from": "" }));
        let expected = ("2026-03-01..2026-03-14".to_owned(), Some("14 days"));
        assert_eq!(in_short(&picker), expected);
        let earlier = "/exchange/analytics?from=2026-02-15&to=2026-02-28";
        assert_eq!((picker.earlier.as_str(), picker.later), (earlier, None));
    }

    #[test]
    fn a_week_leads_to_the_week_before_and_the_one_after() {
        let picker = picker(json!({ "period": "week" }), json!({ "from": "2026-03-04" }));
        let expected = ("2026-03-02..2026-03-08".to_owned(), Some("Week"));
        assert_eq!(in_short(&picker), expected);
        let page = "/exchange/analytics?period=week&from=2026-03";
        assert_eq!(picker.earlier, format!("{page}-01"));
        assert_eq!(picker.later, Some(format!("{page}-09")));
    }

    #[test]
    fn what_cannot_be_understood_shows_the_usual_and_what_was_wrong() {
        let range = json!({ "from": "2026-03-04", "to": "2026-03-01" });
        let refused = picker(json!({}), range);
        let expected = ("2026-03-01..2026-03-14".to_owned(), Some("14 days"));
        assert_eq!(in_short(&refused), expected);
        let code = refused.refused.map(|problem| problem.code());
        assert_eq!(code, Some("range_backwards"));
        assert!(
            picker(json!({ "period": "aeon" }), json!({}))
                .refused
                .is_some()
        );
    }
}
