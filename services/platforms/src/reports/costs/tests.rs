//! totals equal the rows, rows equal their platforms, and currencies stay apart.

use contracts::platforms::{Cost, Period};
use contracts::{Currency, TeamId};
use proptest::prelude::*;
use tidings::Uuid;

use super::{Entry, Group, MONTHS_MAX, Normalise, Row, Terms, Total, add_up};

fn cost(amount_minor: i64, currency: Currency, period: Period) -> Cost {
    Cost {
        amount_minor,
        currency,
        period,
    }
}

fn entry(group: &str, cost: Cost, platforms: u32) -> Entry {
    let name = Some(group.to_owned()).filter(|name| !name.is_empty());
    let group = Group {
        name,
        owner_team_id: None,
    };
    Entry {
        group,
        cost,
        platforms,
    }
}

fn comes_to(amount_minor: i64, period: Period, normalise: Normalise, months: u32) -> Option<i64> {
    let months = Some(months).filter(|months| *months > 0);
    Terms { normalise, months }.of(&cost(amount_minor, Currency::Usd, period))
}

#[test]
fn a_19_each_cost_is_rounded_by_itself_half_a_unit_upwards() {
    use Normalise::{Annual, Monthly};
    for (amount, period, normalise, months, expected) in [
        (0, Period::Free, Monthly, 0, Some(0)),
        (1_000, Period::Monthly, Monthly, 0, Some(1_000)),
        (1_000, Period::Monthly, Annual, 0, Some(12_000)),
        (1_000, Period::Annual, Annual, 0, Some(1_000)),
        // 83 and a third.
        (1_000, Period::Annual, Monthly, 0, Some(83)),
        (1_006, Period::Annual, Monthly, 0, Some(84)),
        (6, Period::Annual, Monthly, 0, Some(1)),
        (5, Period::Annual, Monthly, 0, Some(0)),
        (3_600, Period::OneTime, Monthly, 0, None),
        (3_600, Period::OneTime, Annual, 0, None),
        (3_600, Period::OneTime, Monthly, 36, Some(100)),
        (3_600, Period::OneTime, Annual, 36, Some(1_200)),
        // A year of it is rounded once and is not twelve rounded months.
        (1_000, Period::OneTime, Monthly, 36, Some(28)),
        (1_000, Period::OneTime, Annual, 36, Some(333)),
        // What is spread over less than a year costs more than it did, a year.
        (600, Period::OneTime, Annual, 6, Some(1_200)),
        (i64::MAX, Period::Monthly, Annual, 0, Some(i64::MAX)),
    ] {
        let found = comes_to(amount, period, normalise, months);
        assert_eq!(found, expected, "{amount} {period} {normalise:?} {months}");
    }
}

#[test]
fn a_19_currencies_are_never_added_together() {
    let terms = Terms {
        normalise: Normalise::Annual,
        months: None,
    };
    let entries = [
        entry("", cost(500, Currency::Usd, Period::Annual), 1),
        entry("Data", cost(100, Currency::Usd, Period::Monthly), 2),
        entry("Data", cost(700, Currency::Eur, Period::Annual), 1),
        entry("Data", cost(900, Currency::Eur, Period::OneTime), 3),
        entry("Data", cost(0, Currency::Eur, Period::Free), 4),
        entry("Web", cost(2_000, Currency::Usd, Period::Annual), 1),
    ];
    let sums = add_up(entries, terms);
    let row = |group: Option<&str>, currency, amount_minor, platforms| Row {
        group: group.map(str::to_owned),
        owner_team_id: None,
        currency,
        amount_minor,
        platforms,
    };
    let rows = [
        row(Some("Data"), Currency::Eur, 700, 1),
        row(Some("Data"), Currency::Usd, 2_400, 2),
        row(Some("Web"), Currency::Usd, 2_000, 1),
        row(None, Currency::Usd, 500, 1),
    ];
    assert_eq!(sums.rows, rows);
    let total = |currency, amount_minor, platforms| Total {
        currency,
        amount_minor,
        platforms,
    };
    let totals = [total(Currency::Eur, 700, 1), total(Currency::Usd, 4_900, 4)];
    assert_eq!(sums.totals, totals);
    assert_eq!((sums.platforms_free, sums.platforms_left_out), (4, 3));
}

#[test]
fn teams_are_told_apart_by_their_ids() {
    let team = |number| Group {
        name: Some("Data".to_owned()),
        owner_team_id: Some(TeamId::from(Uuid::from_u128(number))),
    };
    let entries = [1, 2].map(|number| Entry {
        group: team(number),
        cost: cost(100, Currency::Usd, Period::Monthly),
        platforms: 1,
    });
    let terms = Terms {
        normalise: Normalise::Monthly,
        months: None,
    };
    assert_eq!(add_up(entries, terms).rows.len(), 2);
}

fn any_cost() -> impl Strategy<Value = Cost> {
    let currency = prop_oneof![Just(Currency::Usd), Just(Currency::Eur)];
    let period = prop_oneof![
        Just(Period::Free),
        Just(Period::OneTime),
        Just(Period::Monthly),
        Just(Period::Annual),
    ];
    (0..1_000_000_000_000_i64, currency, period).prop_map(|(minor, currency, period)| {
        let minor = if period == Period::Free { 0 } else { minor };
        cost(minor, currency, period)
    })
}

proptest! {
    /// A-19, for whatever is in the register and on whatever terms.
    #[test]
    fn a_19_totals_equal_rows_and_rows_equal_their_platforms(
        costs in prop::collection::vec(("[abc]?", any_cost()), 0..60),
        annual in any::<bool>(),
        months in prop::option::of(1..=MONTHS_MAX),
    ) {
        let normalise = if annual { Normalise::Annual } else { Normalise::Monthly };
        let terms = Terms { normalise, months };
        let entries = costs.iter().map(|(group, cost)| entry(group, *cost, 1));
        let sums = add_up(entries, terms);
        for total in &sums.totals {
            let rows = sums.rows.iter().filter(|row| row.currency == total.currency);
            let (minor, platforms) = rows.fold((0, 0), |(minor, platforms), row| {
                (minor + row.amount_minor, platforms + row.platforms)
            });
            prop_assert_eq!((minor, platforms), (total.amount_minor, total.platforms));
        }
        for row in &sums.rows {
            let name = row.group.clone().unwrap_or_default();
            let of_row = costs.iter().filter(|(group, cost)| {
                *group == name && cost.currency == row.currency && cost.period != Period::Free
            });
            let shares: Vec<i64> = of_row.filter_map(|(_, cost)| terms.of(cost)).collect();
            prop_assert_eq!(shares.len() as u64, row.platforms);
            prop_assert_eq!(shares.iter().sum::<i64>(), row.amount_minor);
        }
        let counted: u64 = sums.totals.iter().map(|total| total.platforms).sum();
        let all = counted + sums.platforms_free + sums.platforms_left_out;
        prop_assert_eq!(all, costs.len() as u64);
    }

    /// So many that cost the same are as good as each by itself.
    #[test]
    fn a_19_equal_platforms_may_be_counted_together(one in any_cost(), many in 1_u32..50) {
        let terms = Terms { normalise: Normalise::Monthly, months: Some(36) };
        let each = (0..many).map(|_| entry("a", one, 1));
        prop_assert_eq!(add_up(each, terms), add_up([entry("a", one, many)], terms));
    }
}
