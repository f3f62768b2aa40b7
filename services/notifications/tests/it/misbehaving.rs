//! Worlds that lose, repeat, delay, reorder and crash: every message is kept once.

use std::time::Duration;

use notifications::Settings;
use tidings::{Installation, Uuid, dead};
use tidings_test::{Misbehaviour, World, under_seeds};

use crate::stage::{ask, receipt, record, services, user};

/// One world under one seed: messages are asked for before and after their reader is known.
async fn story(seed: u64) {
    let all = || services(Settings::mailbox());
    let mut world = World::misbehaving(seed, Misbehaviour::default(), all).await;
    for number in 1..=8 {
        if number == 3 {
            let told = async |all: &Installation| {
                let mut tx = all.handle("auth").unwrap().begin_own().await.unwrap();
                let user = record(1, "ann@example.com", 1);
                tx.publish(contracts::users::UserEvent::Created(user))
                    .unwrap();
                tx.commit().await.unwrap();
            };
            while world.attempt(told).await.is_none() {}
        }
        // Whoever does not know whether it was sent asks again, with the same id.
        let asked = async |all: &Installation| {
            let shop = all.handle("shop").unwrap();
            ask(&shop, &receipt(number)).await;
        };
        while world.attempt(asked).await.is_none() {}
        world.settle().await;
    }
    world.advance(Duration::from_secs(3600)).await;
    let service = world.service("notifications");
    for kept in dead::events(&service, 100).await.unwrap() {
        let mut tx = service.begin_own().await.unwrap();
        let (name, id) = (&kept.subscription, &kept.event.id);
        dead::retry(&mut tx, name, id).await.unwrap();
        tx.commit().await.unwrap();
    }
    // A crash leaves a job to the end of its lease, again and again.
    for _ in 0..20 {
        world.advance(Duration::from_secs(600)).await;
    }
    let sql = "SELECT id, state, user_id FROM messages ORDER BY id";
    let mut conn = service.read().await.unwrap();
    let messages: Vec<(Uuid, String, Uuid)> = conn.query(sql, &[]).await.unwrap();
    let expected: Vec<_> = (1..=8)
        .map(|number| {
            (
                receipt(number).message_id,
                "sent".to_owned(),
                user(1).uuid(),
            )
        })
        .collect();
    assert_eq!(messages, expected, "seed {seed}");
}

#[test]
fn every_message_is_kept_once_under_every_seed() {
    under_seeds(0..12, story);
}
