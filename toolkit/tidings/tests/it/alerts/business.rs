//! Business detectors: what they find is open for as long as they find it.

use tidings::alert::{AlertRules, Finding, Look, Rule};
use tidings::{Error, Handle, Migration, Service, Timestamp, params};

use super::{MINUTE, SECOND, names, open};
use crate::bed::{Bed, Stage, clock, on_both};

on_both!(
    what_a_detector_finds_is_open_until_it_is_found_no_more,
    a_detector_goes_by_the_rule_of_an_operator,
    a_detector_that_fails_closes_nothing_and_hides_nothing,
    more_than_can_be_shown_is_told_in_parts,
);

const PARCELS: &[Migration] = &[Migration::new(
    "0001_parcels",
    "CREATE TABLE parcels (id TEXT PRIMARY KEY, sent_at BIGINT NOT NULL, arrived BIGINT NOT NULL)",
)];

async fn lost(mut look: Look) -> Result<Vec<Finding>, Error> {
    let sql = "SELECT id FROM parcels WHERE arrived = 0 AND sent_at < $1 ORDER BY id LIMIT $2";
    let (before, most) = (look.before, look.most());
    let rows: Vec<(String,)> = look.query(sql, params![before, most]).await?;
    let finding = |(id,)| Finding::new(format!("parcel {id}"), "it has not arrived");
    Ok(rows.into_iter().map(finding).collect())
}

async fn broken(mut look: Look) -> Result<Vec<Finding>, Error> {
    let table: Vec<(i64,)> = look.query("SELECT count(*) FROM breaks", &[]).await?;
    Ok(table
        .iter()
        .map(|_| Finding::new("it", "it is broken"))
        .collect())
}

fn post() -> Service {
    Service::new("post")
        .migrations(PARCELS)
        .detects("parcel lost", 10 * MINUTE, lost)
}

async fn stage(bed: &Bed, service: Service, rules: AlertRules) -> Stage {
    let clock = clock();
    let setup = bed.setup(&clock).service(service).alert_rules(rules);
    let mut stage = Stage::open(setup, clock).await;
    stage.settle().await;
    stage
}

async fn send(post: &Handle, id: &str, at: Timestamp) {
    let sql = "INSERT INTO parcels (id, sent_at, arrived) VALUES ($1, $2, 0)";
    write(post, sql, params![id, at]).await;
}

async fn write(service: &Handle, sql: &str, params: &[tidings::Value]) {
    let mut tx = service.begin_own().await.unwrap();
    tx.execute(sql, params).await.unwrap();
    tx.commit().await.unwrap();
}

async fn what_a_detector_finds_is_open_until_it_is_found_no_more(bed: Bed) {
    let mut stage = stage(&bed, post(), AlertRules::default()).await;
    let post = stage.handle("post");
    send(&post, "1", stage.clock.now()).await;
    stage.advance(9 * MINUTE).await;
    assert_eq!(names(&post).await, [""; 0]);
    stage.advance(2 * MINUTE).await;
    let expected = ["detector", "parcel lost: parcel 1", "it has not arrived"];
    let expected = expected.map(str::to_owned).into();
    assert_eq!(open(&post).await, [expected]);
    write(&post, "UPDATE parcels SET arrived = 1", &[]).await;
    stage.advance(31 * SECOND).await;
    assert_eq!(names(&post).await, [""; 0]);
}

async fn a_detector_goes_by_the_rule_of_an_operator(bed: Bed) {
    let soon = AlertRules::default().detector("post/parcel lost", Rule::after(MINUTE));
    let mut stage = stage(&bed, post(), soon).await;
    let post = stage.handle("post");
    send(&post, "1", stage.clock.now()).await;
    stage.advance(2 * MINUTE).await;
    assert_eq!(names(&post).await, ["detector: parcel lost: parcel 1"]);
    let off = AlertRules::default().kind("detector", Rule::off());
    let mut stage = self::stage(&bed, self::post(), off).await;
    stage.advance(20 * MINUTE).await;
    assert_eq!(
        names(&stage.handle("post")).await,
        [""; 0],
        "nobody looks for it"
    );
}

async fn a_detector_that_fails_closes_nothing_and_hides_nothing(bed: Bed) {
    const BREAKS: &[Migration] = &[Migration::new(
        "0002_breaks",
        "CREATE TABLE breaks (id BIGINT)",
    )];
    let service = post().migrations(BREAKS);
    let service = service.detects("broken", MINUTE, broken);
    let mut stage = stage(&bed, service, AlertRules::default()).await;
    let post = stage.handle("post");
    stage.settle().await;
    assert_eq!(names(&post).await, [""; 0], "not at the start");
    stage.advance(31 * SECOND).await;
    assert_eq!(names(&post).await, ["detector: broken: it"]);
    write(&post, "DROP TABLE breaks", &[]).await;
    send(&post, "1", stage.clock.now()).await;
    stage.advance(11 * MINUTE).await;
    let mut both = names(&post).await;
    both.sort();
    assert_eq!(
        both,
        ["detector: broken: it", "detector: parcel lost: parcel 1"]
    );
}

async fn more_than_can_be_shown_is_told_in_parts(bed: Bed) {
    let mut stage = stage(&bed, post(), AlertRules::default()).await;
    let post = stage.handle("post");
    for number in 100..170 {
        send(&post, &number.to_string(), stage.clock.now()).await;
    }
    stage.advance(11 * MINUTE).await;
    assert_eq!(names(&post).await.len(), 50);
    write(
        &post,
        "UPDATE parcels SET arrived = 1 WHERE id < '150'",
        &[],
    )
    .await;
    stage.advance(31 * SECOND).await;
    let left = names(&post).await;
    assert_eq!(left.len(), 20);
    assert!(left.contains(&"detector: parcel lost: parcel 169".to_owned()));
}
