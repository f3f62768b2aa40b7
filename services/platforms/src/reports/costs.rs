//! What platforms cost a month or a year, group by group.
//!
//! Each platform's cost is turned into whole minor units of the period by itself, half a unit
//! upwards, and only these are added up. So a row is exactly the sum of its platforms, a total
//! exactly the sum of its rows, and no division is undone. Twelve such months may therefore be
//! some units more or less than the year: whoever needs the year asks for the year.

use std::collections::BTreeMap;

use contracts::platforms::{Cost, Period};
use contracts::{Currency, Money, TeamId};
use serde::Serialize;
use utoipa::ToSchema;

/// One-time costs are spread over three years unless somebody says otherwise.
pub(crate) const MONTHS_USUAL: u32 = 36;
/// Nothing lasts longer than fifty years.
pub(crate) const MONTHS_MAX: u32 = 600;

contracts::words! {
    /// Of what period a report speaks.
    pub(crate) enum Normalise ("period of a report") {
        /// What a month costs.
        Monthly = "monthly",
        /// What a year costs.
        Annual = "annual",
    }
}

impl Normalise {
    /// For people: so much a month.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Monthly => "a month",
            Self::Annual => "a year",
        }
    }
}

contracts::words! {
    /// By what a report groups.
    pub(crate) enum GroupBy ("group") {
        /// Whose platforms they are.
        Owner = "owner",
        /// Who makes them.
        Publisher = "publisher",
        /// Who bears the cost.
        CostCentre = "cost_centre",
        /// Which budget it is planned in.
        BudgetCode = "budget_code",
        /// Where they stand in their lives.
        Lifecycle = "lifecycle",
        /// What sort of things they are.
        Kind = "kind",
    }
}

impl GroupBy {
    /// For people.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Publisher => "publisher",
            Self::CostCentre => "cost centre",
            Self::BudgetCode => "budget code",
            Self::Lifecycle => "lifecycle",
            Self::Kind => "kind",
        }
    }
}

contracts::words! {
    /// What becomes of costs that are paid once.
    pub(crate) enum OneTime ("way with one-time costs") {
        /// They are left out.
        Exclude = "exclude",
        /// They are spread over months.
        Amortise = "amortise",
    }
}

/// On what terms costs are made comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) normalise: Normalise,
    /// Over how many months one-time costs are spread, evenly and whenever they were paid; none
    /// leaves them out.
    pub(crate) months: Option<u32>,
}

impl Terms {
    /// What a cost comes to in the period; none of a one-time cost that is left out.
    pub(crate) fn of(self, cost: &Cost) -> Option<i64> {
        let (times, over) = match (cost.period, self.normalise) {
            (Period::Free, _) => return Some(0),
            (Period::Monthly, Normalise::Monthly) | (Period::Annual, Normalise::Annual) => (1, 1),
            (Period::Monthly, Normalise::Annual) => (12, 1),
            (Period::Annual, Normalise::Monthly) => (1, 12),
            (Period::OneTime, Normalise::Monthly) => (1, self.months?),
            (Period::OneTime, Normalise::Annual) => (12, self.months?),
        };
        Some(share(cost.amount_minor, times, over))
    }
}

/// An amount times something over something, rounded to the nearest, half a unit upwards.
fn share(amount_minor: i64, times: u32, over: u32) -> i64 {
    let over = i128::from(over.max(1));
    let doubled = i128::from(amount_minor) * i128::from(times) * 2 + over;
    bounded(doubled.div_euclid(over * 2))
}

/// What no register holds ends at the end of the numbers.
fn bounded(amount: i128) -> i64 {
    let end = if amount < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(amount).unwrap_or(end)
}

/// A group: its name, and the team where groups are owners.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group {
    /// None where nobody has said to which one a platform belongs.
    pub(crate) name: Option<String>,
    pub(crate) owner_team_id: Option<TeamId>,
}

/// So many platforms of a group that cost the same.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) group: Group,
    pub(crate) cost: Cost,
    pub(crate) platforms: u32,
}

/// What a group costs in a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Row {
    /// What the group is called; null where nobody has said to which one platforms belong.
    pub(crate) group: Option<String>,
    /// The team, where groups are owners.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(crate) owner_team_id: Option<TeamId>,
    #[schema(value_type = String, example = "usd")]
    pub(crate) currency: Currency,
    pub(crate) amount_minor: i64,
    /// How many platforms that is for.
    pub(crate) platforms: u64,
}

impl Row {
    pub(crate) fn money(&self) -> Money {
        Money {
            minor: self.amount_minor,
            currency: self.currency,
        }
    }
}

/// What all groups together cost in a currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Total {
    #[schema(value_type = String, example = "usd")]
    pub(crate) currency: Currency,
    pub(crate) amount_minor: i64,
    pub(crate) platforms: u64,
}

impl Total {
    pub(crate) fn money(&self) -> Money {
        Money {
            minor: self.amount_minor,
            currency: self.currency,
        }
    }
}

/// Rows, and what they come to: one total for each currency, because dollars and euros make no
/// sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Sums {
    /// By currency, the dearest group first.
    pub(crate) rows: Vec<Row>,
    /// One for each currency that is in the rows.
    pub(crate) totals: Vec<Total>,
    /// Platforms that cost nothing, which are in no row.
    pub(crate) platforms_free: u64,
    /// Platforms with a one-time cost that was left out.
    pub(crate) platforms_left_out: u64,
}

/// Adds entries up on terms.
pub(crate) fn add_up(entries: impl IntoIterator<Item = Entry>, terms: Terms) -> Sums {
    let (mut platforms_free, mut platforms_left_out) = (0, 0);
    let mut groups: BTreeMap<(&'static str, Group), (Currency, i128, u64)> = BTreeMap::new();
    for entry in entries {
        let platforms = u64::from(entry.platforms);
        if entry.cost.period == Period::Free {
            platforms_free += platforms;
            continue;
        }
        let Some(minor) = terms.of(&entry.cost) else {
            platforms_left_out += platforms;
            continue;
        };
        let currency = entry.cost.currency;
        let sum = groups.entry((currency.code(), entry.group));
        let sum = sum.or_insert((currency, 0, 0));
        sum.1 += i128::from(minor) * i128::from(entry.platforms);
        sum.2 += platforms;
    }
    let row = |((_, group), (currency, minor, platforms)): ((_, Group), _)| Row {
        group: group.name,
        owner_team_id: group.owner_team_id,
        currency,
        amount_minor: bounded(minor),
        platforms,
    };
    let mut rows: Vec<Row> = groups.into_iter().map(row).collect();
    // They come by currency and name; the sort keeps that where amounts are the same.
    rows.sort_by_key(|row| (row.currency.code(), std::cmp::Reverse(row.amount_minor)));
    Sums {
        totals: totals(&rows),
        rows,
        platforms_free,
        platforms_left_out,
    }
}

fn totals(rows: &[Row]) -> Vec<Total> {
    let mut totals: Vec<Total> = Vec::new();
    for row in rows {
        match totals.last_mut() {
            Some(total) if total.currency == row.currency => {
                total.amount_minor = total.amount_minor.saturating_add(row.amount_minor);
                total.platforms += row.platforms;
            }
            _ => totals.push(Total {
                currency: row.currency,
                amount_minor: row.amount_minor,
                platforms: row.platforms,
            }),
        }
    }
    totals
}

#[cfg(test)]
mod tests;
