//! Projections, as an operator's program builds them anew.

use serde_json::json;
use tidings::{Error, Event, Migration, Projection, Service, View, params};

use crate::door::Door;
use crate::services::ThingEvent;

async fn name(event: Event<ThingEvent>, view: &mut View<'_>) -> Result<(), Error> {
    let ThingEvent::Made { id } = event.data;
    let sql = "INSERT INTO names (id) VALUES ($1)";
    view.execute(sql, params![id]).await?;
    Ok(())
}

fn namer() -> Service {
    let names = &[Migration::new(
        "names_0001",
        "CREATE TABLE names (id TEXT PRIMARY KEY)",
    )];
    Service::new("namer").projection(Projection::new("names").tables(names).on(name))
}

#[tokio::test]
async fn a_projection_is_built_anew_while_the_server_runs_and_the_list_says_how_it_went() {
    let mut door = Door::open_before(Some(namer())).await;
    assert_eq!(door.call("POST /api/things", &[], "").await.status, 201);
    door.settle().await;
    let listed = door.ops("GET /ops/projections").await.json();
    let before =
        json!([{ "service": "namer", "name": "names", "streams": ["things"], "rebuild": null }]);
    assert_eq!(listed, before);

    let rebuild = "POST /ops/projections/namer/names/rebuild";
    assert_eq!(door.ops(rebuild).await.status, 202);
    assert_eq!(door.ops(rebuild).await.json()["code"], "rebuild_under_way");
    let mut listed = json!(null);
    for _ in 0..1000 {
        tokio::task::yield_now().await;
        listed = door.ops("GET /ops/projections").await.json();
        if listed[0]["rebuild"]["state"] != "running" {
            break;
        }
    }
    let done = json!({
        "state": "done", "started_at": "2026-03-01T12:00:00Z",
        "applied": 1, "total": 1, "parked": 0, "error": null,
    });
    assert_eq!(listed[0]["rebuild"], done);
    let sql = "SELECT actor FROM tidings_acts WHERE act = 'rebuild' AND subject = 'names'";
    let mut conn = door.service("namer").read().await.unwrap();
    let actors: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
    assert!(
        actors.len() == 1 && actors[0].0.starts_with("user:"),
        "{actors:?}"
    );
}

#[tokio::test]
async fn only_operators_build_anew_and_only_what_there_is() {
    let door = Door::open().await;
    let rebuild = "POST /ops/projections/things/things/rebuild";
    assert_eq!(door.ops(rebuild).await.status, 404);
    let token = format!("authorization: Bearer {}", door.token("alice"));
    assert_eq!(door.call(rebuild, &[&token], "").await.status, 403);
    assert_eq!(
        door.call("GET /ops/projections", &[&token], "")
            .await
            .status,
        403
    );
}
