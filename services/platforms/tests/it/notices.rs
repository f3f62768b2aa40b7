//! Who is told, and when, that a licence comes to its end.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::notifications::{Recipient, SendEmail};
use serde_json::{Value, json};
use tidings::{Error, Migration, Received, Service, Storage, Timestamp, Tx, alert, params};
use tidings_test::{Misbehaviour, World};

use crate::stage::{Stage, accountant, everybody, infra, on_both, path_of, person, services};

on_both!(
    a_20_each_threshold_is_told_once_by_one_event_and_one_letter,
    a_20_whoever_was_away_tells_the_nearest_threshold_alone,
    a_20_a_day_that_moves_takes_its_notices_along,
    a_20_what_is_retired_or_archived_is_silent,
    a_20_many_licences_of_a_day_are_one_letter_to_each_reader,
    a_20_more_than_one_slice_is_told_and_one_letter_written,
    x_21_a_licence_that_nobody_was_told_of_is_an_alert,
);

/// Every letter that was asked for: to whom, subject, text.
fn letterbox() -> Service {
    const LETTERS: Migration = Migration::new(
        "0001_letters",
        "CREATE TABLE letters (id TEXT PRIMARY KEY, reader TEXT, subject TEXT, body TEXT)",
    );
    async fn keep(command: Received<SendEmail>, tx: &mut Tx) -> Result<(), Error> {
        let mail = command.data;
        let reader = match mail.to {
            Recipient::User(id) => id.to_string(),
            Recipient::Address(address) => address,
        };
        let sql = "INSERT INTO letters VALUES ($1, $2, $3, $4)";
        let row = params![mail.message_id, reader, mail.subject, mail.text];
        tx.execute(sql, row).await?;
        Ok(())
    }
    Service::new("notifications")
        .migrations(&[LETTERS])
        .handles(keep)
}

fn all_services() -> Vec<Service> {
    let mut all = services();
    all.push(letterbox());
    all
}

async fn stage_on(storage: Storage) -> Stage {
    let world = World::on(storage, all_services()).await;
    let mut stage = Stage { world };
    for one in everybody() {
        stage.change_account(one, 1, false).await;
    }
    stage
}

type Letter = (String, String, String);

async fn letters(stage: &Stage) -> Vec<Letter> {
    let sql = "SELECT reader, subject, body FROM letters ORDER BY id";
    let mailer = stage.world.service("notifications");
    mailer.read().await.unwrap().query(sql, &[]).await.unwrap()
}

/// Lets the time come, and the morning's round with it.
async fn until(stage: &mut Stage, day: &str) {
    let moment: Timestamp = format!("{day}T07:00:00Z").parse().unwrap();
    let now = stage.world.clock().now();
    let micros = u64::try_from(moment.as_micros() - now.as_micros()).expect("time goes on");
    stage.world.advance(Duration::from_micros(micros)).await;
}

/// The last day and the days that are left, of each notice in the order in which they were told.
async fn told(stage: &mut Stage) -> Vec<(String, u64)> {
    let told = stage.heard_of("platform.licence_expiring").await;
    let one = |event: &Value| {
        let day = event["expires_on"].as_str().unwrap().to_owned();
        (day, event["days_left"].as_u64().unwrap())
    };
    told.iter().map(one).collect()
}

fn notices(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter()
        .map(|(day, left)| ((*day).to_owned(), *left))
        .collect()
}

fn licensed(name: &str, expires_on: &str) -> Value {
    json!({
        "name": name,
        "publisher": "Acme",
        "licence_type": "subscription",
        "licence_renewal": "manual",
        "licence_expires_on": expires_on,
    })
}

async fn move_to(stage: &Stage, platform: &Value, expires_on: &str) {
    let path = path_of(&platform["id"]);
    let body = json!({"licence_expires_on": expires_on});
    let answer = stage.patch(infra(), &path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

async fn a_20_each_threshold_is_told_once_by_one_event_and_one_letter(storage: Storage) {
    let mut stage = stage_on(storage).await;
    stage.team("Data").await;
    let mut body = licensed("Vault", "2026-04-11");
    body["owner"] = json!("Data");
    body["cost"] = json!("€120.00 a year");
    body["licence_reference"] = json!("C-12");
    stage.create(body).await;
    for (day, heard) in [
        // 91 days before, 90, 89 …
        ("2026-01-10", 0),
        ("2026-01-11", 1),
        ("2026-01-12", 1),
        ("2026-03-11", 1),
        ("2026-03-12", 2),
        ("2026-04-03", 2),
        ("2026-04-04", 3),
        ("2026-04-05", 3),
        ("2026-04-11", 4),
        ("2026-04-12", 4),
        ("2026-06-12", 4),
    ] {
        until(&mut stage, day).await;
        assert_eq!(told(&mut stage).await.len(), heard, "on {day}");
        assert_eq!(letters(&stage).await.len(), 2 * heard, "on {day}");
    }
    let day = "2026-04-11";
    let expected = notices(&[(day, 90), (day, 30), (day, 7), (day, 0)]);
    assert_eq!(told(&mut stage).await, expected);
    let letters = letters(&stage).await;
    let readers: Vec<&str> = letters.iter().map(|letter| letter.0.as_str()).collect();
    let accountant = accountant().id.to_string();
    assert_eq!(readers[..2], [accountant.as_str(), "data@example.com"]);
    assert_eq!(letters[0].1, "Vault: the licence ends in 90 days");
    assert_eq!(letters[6].1, "Vault: the licence ends today");
    for part in [
        "Vault (Acme), no. 1",
        "Last day: Sat 11 April 2026, in 90 days",
        "Cost: €120.00 a year",
        "Reference: C-12",
        "Owner: Data",
    ] {
        assert!(letters[0].2.contains(part), "{part:?} in {}", letters[0].2);
    }
}

/// Nothing runs from the 91st day before the end to the 20th; and an end that was slept through
/// is told late, but not much later.
async fn a_20_whoever_was_away_tells_the_nearest_threshold_alone(storage: Storage) {
    let mut stage = stage_on(storage).await;
    stage.create(licensed("Vault", "2026-04-11")).await;
    stage.create(licensed("Wiki", "2025-12-31")).await;
    stage.create(licensed("Relic", "2019-12-31")).await;
    until(&mut stage, "2026-01-10").await;
    assert_eq!(told(&mut stage).await, notices(&[("2025-12-31", 0)]));
    let first = &letters(&stage).await[0];
    assert_eq!(first.1, "Wiki: the licence ended 10 days ago");
    until(&mut stage, "2026-03-22").await;
    until(&mut stage, "2026-03-23").await;
    let expected = notices(&[("2025-12-31", 0), ("2026-04-11", 20)]);
    assert_eq!(told(&mut stage).await, expected);
    assert_eq!(letters(&stage).await.len(), 2);
}

async fn a_20_a_day_that_moves_takes_its_notices_along(storage: Storage) {
    let mut stage = stage_on(storage).await;
    let vault = stage.create(licensed("Vault", "2026-04-11")).await;
    until(&mut stage, "2026-01-11").await;
    // Renewed for a year: of the old day, nothing more is told.
    move_to(&stage, &vault, "2027-04-11").await;
    until(&mut stage, "2026-03-12").await;
    until(&mut stage, "2026-04-11").await;
    assert_eq!(told(&mut stage).await, notices(&[("2026-04-11", 90)]));
    // The new one counts from its beginning.
    until(&mut stage, "2027-01-11").await;
    let mut expected = vec![("2026-04-11", 90), ("2027-04-11", 90)];
    assert_eq!(told(&mut stage).await, notices(&expected));
    // Away and back: what was told of that day is told.
    move_to(&stage, &vault, "2027-05-11").await;
    move_to(&stage, &vault, "2027-04-11").await;
    until(&mut stage, "2027-01-12").await;
    assert_eq!(told(&mut stage).await, notices(&expected));
    until(&mut stage, "2027-03-12").await;
    expected.push(("2027-04-11", 30));
    assert_eq!(told(&mut stage).await, notices(&expected));
}

async fn a_20_what_is_retired_or_archived_is_silent(storage: Storage) {
    let mut stage = stage_on(storage).await;
    let mut retired = licensed("Relic", "2026-02-01");
    retired["lifecycle"] = json!("retired");
    stage.create(retired).await;
    let vault = stage.create(licensed("Vault", "2026-02-01")).await;
    let archive = format!("{}/archive", path_of(&vault["id"]));
    let answer = stage.post(infra(), &archive, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    until(&mut stage, "2026-01-05").await;
    assert_eq!(told(&mut stage).await, []);
    assert_eq!(letters(&stage).await, []);
    let restore = format!("{}/restore", path_of(&vault["id"]));
    let answer = stage.post(infra(), &restore, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    until(&mut stage, "2026-01-06").await;
    assert_eq!(told(&mut stage).await, notices(&[("2026-02-01", 26)]));
}

async fn a_20_many_licences_of_a_day_are_one_letter_to_each_reader(storage: Storage) {
    let mut stage = stage_on(storage).await;
    let second = person(12, &["accountant"]);
    let gone = person(13, &["accountant"]);
    stage.change_account(second, 1, false).await;
    stage.change_account(gone, 1, true).await;
    for team in ["Data", "Web"] {
        stage.team(team).await;
    }
    for (name, owner, day) in [
        ("Vault", Some("Data"), "2026-01-08"),
        ("Wiki", Some("Data"), "2026-02-20"),
        ("Mail", Some("Web"), "2026-01-03"),
        ("Orphan", None, "2026-01-02"),
    ] {
        let mut body = licensed(name, day);
        body["owner"] = json!(owner);
        stage.create(body).await;
    }
    until(&mut stage, "2026-01-02").await;
    assert_eq!(told(&mut stage).await.len(), 4);
    let letters = letters(&stage).await;
    let by_reader: BTreeMap<&str, &Letter> = letters
        .iter()
        .map(|letter| (letter.0.as_str(), letter))
        .collect();
    let accountants = [accountant().id.to_string(), second.id.to_string()];
    let mut readers = vec!["data@example.com", "web@example.com"];
    readers.extend(accountants.iter().map(String::as_str));
    readers.sort_unstable();
    assert_eq!(by_reader.keys().copied().collect::<Vec<_>>(), readers);
    assert_eq!(letters.len(), 4, "one each");
    let names = |reader: &str| {
        let text = &by_reader[reader].2;
        let all = ["Orphan", "Mail", "Vault", "Wiki"].into_iter();
        let mut found: Vec<_> = all
            .filter_map(|name| Some((text.find(&format!("  {name} ("))?, name)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    assert_eq!(names("data@example.com"), ["Vault", "Wiki"]);
    assert_eq!(names("web@example.com"), ["Mail"]);
    for reader in &accountants {
        assert_eq!(names(reader), ["Orphan", "Mail", "Vault", "Wiki"]);
        let subject = &by_reader[reader.as_str()].1;
        assert_eq!(subject, "4 licences come to their end, the first today");
    }
}

/// So many that a round has three transactions: each is told once, and the letter is one.
async fn a_20_more_than_one_slice_is_told_and_one_letter_written(storage: Storage) {
    const MANY: u32 = 450;
    let mut stage = stage_on(storage).await;
    let first = stage.create(licensed("Vault 1", "2026-01-20")).await;
    let mut tx = stage.world.service("platforms").begin_own().await.unwrap();
    for number in 2..=MANY {
        let sql = "INSERT INTO platforms (id, number, slug, natural_key, name, publisher,
                description, kind, version_label, technical_contact, support_contact,
                cost_amount_minor, cost_currency, cost_period, cost_centre, budget_code,
                purchase_order, licence_type, licence_expires_on, licence_renewal, lifecycle,
                criticality, tags, links, custom_fields, version, created_at, created_by,
                updated_at, updated_by)
            SELECT $1, $2, $3, $3, $4, publisher, description, kind, version_label,
                technical_contact, support_contact, cost_amount_minor, cost_currency,
                cost_period, cost_centre, budget_code, purchase_order, licence_type,
                licence_expires_on, licence_renewal, lifecycle, criticality, tags, links,
                custom_fields, version, created_at, created_by, updated_at, updated_by
            FROM platforms WHERE id = $5";
        let id = tidings::uuid_at(tx.now());
        let (slug, name) = (format!("vault-{number}"), format!("Vault {number}"));
        let row = params![id, number, slug, name, first["id"].as_str().unwrap()];
        tx.execute(sql, row).await.unwrap();
    }
    tx.commit().await.unwrap();
    until(&mut stage, "2026-01-02").await;
    let told = stage.heard_of("platform.licence_expiring").await;
    let mut ids: Vec<&str> = told
        .iter()
        .map(|event| event["platform_id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((told.len(), ids.len()), (450, 450));
    let letters = letters(&stage).await;
    let [(_, subject, text)] = letters.as_slice() else {
        panic!("{} letters", letters.len());
    };
    assert_eq!(
        subject,
        "450 licences come to their end, the first in 18 days"
    );
    assert!(text.contains("… and 350 more."), "{text}");
}

/// A round that crashes wherever it can: every notice and letter is there once all the same.
#[tokio::test]
async fn a_20_a_round_that_crashes_tells_everything_once() {
    let mut crashes = 0;
    for seed in 0..4 {
        crashes += crashing(seed).await;
    }
    assert!(crashes > 4, "{crashes} crashes show nothing");
}

async fn crashing(seed: u64) -> u32 {
    let rules = Misbehaviour {
        crash: 4,
        ..Misbehaviour::default()
    };
    let world = World::misbehaving(seed, rules, all_services).await;
    let mut stage = Stage { world };
    for one in everybody() {
        stage.change_account(one, 1, false).await;
    }
    // What the replica has not heard yet comes with time.
    patience(&mut stage).await;
    stage.team("Data").await;
    for number in 0..5 {
        let mut body = licensed(&format!("Vault {number}"), "2026-01-20");
        body["owner"] = json!("Data");
        stage.create(body).await;
    }
    for day in ["2026-01-02", "2026-01-03", "2026-01-13", "2026-01-14"] {
        until(&mut stage, day).await;
        patience(&mut stage).await;
    }
    let told = stage.heard_of("platform.licence_expiring").await;
    let mut each = BTreeMap::<String, Vec<u64>>::new();
    for event in &told {
        let id = event["platform_id"].as_str().unwrap().to_owned();
        each.entry(id)
            .or_default()
            .push(event["days_left"].as_u64().unwrap());
    }
    assert_eq!(each.len(), 5, "seed {seed}");
    for left in each.values() {
        assert_eq!(left, &[18, 7], "seed {seed}");
    }
    let letters = letters(&stage).await;
    let mut subjects = BTreeMap::<(&str, &str), u32>::new();
    for (reader, subject, _) in &letters {
        *subjects.entry((reader, subject)).or_default() += 1;
    }
    assert_eq!(subjects.len(), 4, "seed {seed}: {subjects:?}");
    assert!(subjects.values().all(|count| *count == 1), "seed {seed}");
    let faults = stage.world.faults().into_iter();
    let crashes = faults.filter(|(name, _)| name.starts_with("crash at"));
    crashes.map(|(_, count)| count).sum()
}

/// Longer than leases, pauses after failures and what is parked take.
async fn patience(stage: &mut Stage) {
    for _ in 0..8 {
        stage.world.advance(Duration::from_secs(90)).await;
    }
}

async fn alerts(stage: &Stage) -> Vec<String> {
    let open = alert::open(&stage.world.service("platforms")).await;
    let found = open.unwrap().into_iter();
    let found = found.filter(|one| one.kind == "detector");
    found.map(|one| one.subject).collect()
}

/// the round's work is lost, and the next round makes it good.
async fn x_21_a_licence_that_nobody_was_told_of_is_an_alert(storage: Storage) {
    let mut stage = stage_on(storage).await;
    let vault = stage.create(licensed("Vault", "2026-02-01")).await;
    until(&mut stage, "2026-01-05").await;
    assert_eq!(alerts(&stage).await, [""; 0]);
    let mut tx = stage.world.service("platforms").begin_own().await.unwrap();
    tx.execute("DELETE FROM notices", &[]).await.unwrap();
    tx.commit().await.unwrap();
    stage.world.advance(Duration::from_secs(120)).await;
    let id = vault["id"].as_str().unwrap();
    let expected = format!("licence that nobody was told of: platform {id}");
    assert_eq!(alerts(&stage).await, [expected]);
    until(&mut stage, "2026-01-06").await;
    stage.world.advance(Duration::from_secs(120)).await;
    assert_eq!(alerts(&stage).await, [""; 0]);
}
