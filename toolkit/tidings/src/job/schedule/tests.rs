use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn parsed(cron: &str, zone: &str, missed: Missed) -> Parsed {
    let schedule = Schedule::cron("s", cron).zone(zone).missed(missed);
    let make = |_| Err(Error::NoRow);
    let make = Arc::new(make);
    Scheduled { schedule, make }.parse().unwrap()
}

fn after(schedule: &Parsed, first: &str, count: usize) -> Vec<String> {
    let firings = std::iter::successors(schedule.after(at(first)), |&last| schedule.after(last));
    firings.take(count).map(|at| at.to_string()).collect()
}

#[test]
fn an_hour_of_the_night_keeps_its_place_when_clocks_are_put_on_and_back() {
    let nightly = parsed("30 2 * * *", "Europe/Berlin", Missed::Once);
    // 2:30 does not exist on 29 March 2026; on 25 October it comes twice.
    assert_eq!(
        after(&nightly, "2026-03-27T12:00:00Z", 3),
        [
            "2026-03-28T01:30:00Z",
            "2026-03-29T01:00:00Z",
            "2026-03-30T00:30:00Z"
        ]
    );
    assert_eq!(
        after(&nightly, "2026-10-23T12:00:00Z", 3),
        [
            "2026-10-24T00:30:00Z",
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z"
        ]
    );
}

#[test]
fn missed_firings_are_skipped_made_up_for_once_or_all() {
    let due = at("2026-01-01T00:00:00Z");
    let now = at("2026-01-03T12:00:00Z");
    let firings = |missed| {
        let daily = parsed("0 0 * * *", "UTC", missed);
        let (firings, next) = daily.firings(due, now);
        assert_eq!(next, Some(at("2026-01-04T00:00:00Z")));
        firings
    };
    assert_eq!(firings(Missed::Skip), []);
    assert_eq!(firings(Missed::Once), [at("2026-01-03T00:00:00Z")]);
    let days = ["2026-01-01", "2026-01-02", "2026-01-03"];
    assert_eq!(
        firings(Missed::All),
        days.map(|day| at(&format!("{day}T00:00:00Z")))
    );
    let daily = parsed("0 0 * * *", "UTC", Missed::Skip);
    let late = due.plus(Duration::from_secs(59));
    assert_eq!(daily.firings(due, late).0, [due], "late is not missed");
}

#[test]
fn ten_years_of_missed_seconds_are_looked_through_at_once_and_made_up_for_in_slices() {
    let due = at("2026-01-01T00:00:00Z");
    let now = at("2036-01-01T00:00:00Z");
    let begun = std::time::Instant::now();
    let secondly = parsed("* * * * * *", "UTC", Missed::Once);
    assert_eq!(secondly.firings(due, now).0, [now]);
    let (all, next) = parsed("* * * * * *", "UTC", Missed::All).firings(due, now);
    assert_eq!((all.len(), next), (100, Some(at("2026-01-01T00:01:40Z"))));
    let yearly = parsed("0 0 1 3 *", "UTC", Missed::Once);
    assert_eq!(yearly.firings(due, now).0, [at("2035-03-01T00:00:00Z")]);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn what_is_no_schedule_is_refused_with_what_is_wrong() {
    let refused = |cron: &str, zone: &str| {
        let make = |_| Err(Error::NoRow);
        let make = Arc::new(make);
        let schedule = Schedule::cron("nightly", cron).zone(zone);
        let parsed = Scheduled { schedule, make }.parse();
        parsed
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    assert!(refused("61 * * * *", "UTC").contains("nightly: \"61 * * * *\""));
    assert!(refused("", "UTC").contains("nightly"));
    assert!(refused("0 3 * * *", "Europe/Atlantis").contains("Atlantis"));
    assert_eq!(
        parsed("0 0 30 2 *", "UTC", Missed::Once).after(at("2026-01-01T00:00:00Z")),
        None
    );
}
