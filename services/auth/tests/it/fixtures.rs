//! Worlds with `auth` in them.

use std::time::Duration;

use auth::{Cost, Settings};
use contracts::users::UserEvent;
use serde_json::Value as Json;
use tidings::{Error, Event, Migration, Service, Tx, params};
use tidings_test::World;

pub(crate) const PASSWORD: &str = "sparrow lantern 42";

/// Hashes that take a millisecond. Everything else is as in public.
pub(crate) fn quick() -> Settings {
    let hashing = Cost {
        memory_kib: 64,
        passes: 1,
    };
    Settings {
        hashing,
        ..Settings::default()
    }
}

pub(crate) async fn world() -> World {
    World::new([auth::service(quick()), listener()]).await
}

pub(crate) async fn world_with(settings: Settings) -> World {
    World::new([auth::service(settings), listener()]).await
}

pub(crate) fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// Writes down what the `users` stream says, in order.
pub(crate) fn listener() -> Service {
    let table = "CREATE TABLE heard (number BIGINT, key TEXT, event TEXT)";
    Service::new("listener")
        .migrations(&[Migration::new("0001", table)])
        .subscribes("users", hear)
}

async fn hear(event: Event<UserEvent>, tx: &mut Tx) -> Result<(), Error> {
    let (name, user) = match event.data {
        UserEvent::Created(user) => ("created", user),
        UserEvent::Updated(user) => ("updated", user),
    };
    let text = serde_json::json!({
        "event": name, "email": user.email, "roles": user.roles,
        "disabled": user.disabled, "version": user.version,
    });
    let sql = "INSERT INTO heard VALUES ((SELECT count(*) FROM heard), $1, $2)";
    tx.execute(sql, params![user.user_id, text.to_string()])
        .await?;
    Ok(())
}

/// Everything that the `users` stream has said so far.
pub(crate) async fn heard(world: &mut World) -> Vec<Json> {
    world.settle().await;
    let mut conn = world.service("listener").read().await.unwrap();
    let sql = "SELECT event FROM heard ORDER BY number";
    let rows: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
    let texts = rows.iter().map(|(text,)| text);
    texts
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

/// One value of the service's database.
pub(crate) async fn one<T: tidings::FromValue>(world: &World, sql: &str) -> T {
    let mut conn = world.service("auth").read().await.unwrap();
    let (value,) = conn.query_one::<(T,)>(sql, &[]).await.unwrap();
    value
}

/// Changes the service's database behind its back.
pub(crate) async fn change(world: &World, sql: &str) {
    let mut tx = world.service("auth").begin_own().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}
