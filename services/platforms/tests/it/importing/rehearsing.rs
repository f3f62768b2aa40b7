//! Rehearsals, and imports of all rows or none.

use serde_json::{Value, json};
use tidings::Storage;

use super::{CSV, counts, errors};
use crate::stage::{Stage, infra, on_both};

on_both!(
    a_18_a_rehearsal_writes_nothing_and_counts_what_the_real_run_counts,
    a_18_rows_of_other_slices_make_no_difference_to_what_takes_the_place_of_a_platform,
    a_18_all_rows_or_none,
);

async fn a_18_a_rehearsal_writes_nothing_and_counts_what_the_real_run_counts(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.team("Data").await;
    for name in ["One", "Two", "Three", "Four"] {
        stage.create_named(name).await;
    }
    let mut file = "id,name,publisher,kind,lifecycle,owner\n\
        1,Uno,Acme,os,,\n\
        2,Two,Acme,,,\n\
        ,three,ACME,database,,\n\
        4,Four,Acme,,retired,\n\
        ,Uno,Acme,,,\n\
        ,One,Acme,,,\n\
        ,Five,Acme,,production,Data\n\
        ,Five,Acme,,,\n\
        ,Six,Acme,,production,\n\
        9,Nine,Acme,,,\n\
        torn\n"
        .to_owned();
    // More than one slice.
    for number in 0..600 {
        file += &format!(",Many {number},Acme,,,\n");
    }
    let before = (stage.export("export.json").await, stage.heard().await);
    let rehearsal = stage.import("?dry_run=true", CSV, file.clone()).await;
    let after = (stage.export("export.json").await, stage.heard().await);
    assert_eq!(before, after);
    let changes = stage
        .get(infra(), "/api/platforms/changes?limit=200")
        .await
        .json;
    assert_eq!(changes.as_array().unwrap().len(), 4);

    let real = stage.import("", CSV, file).await;
    assert_eq!(counts(&rehearsal), counts(&real));
    assert_eq!(rehearsal["errors"], real["errors"]);
    // By the row that reads ", Uno": the name is taken in the same file; by ", One": it is
    // that of a platform which another row speaks of.
    let expected = [
        json!([5, null, "lifecycle_move"]),
        json!([6, "name", "duplicate_row"]),
        json!([7, "name", "duplicate_row"]),
        json!([9, "name", "duplicate_row"]),
        json!([10, "owner", "owner_missing"]),
        json!([11, "id", "platform_unknown"]),
        json!([12, null, "wrong_cell_count"]),
    ];
    assert_eq!(errors(&real), expected);
    assert_eq!(counts(&real), [611, 601, 2, 1, 7, 0]);
    assert_eq!(stage.heard_of("platforms.imported").await.len(), 1);
}

/// Two slices: 1. A row brings a platform. 2. In the next slice one says that this takes its
/// place; a pair says so of each other, and one of what it has replaced until an earlier row. 3.
/// The rehearsal has taken back what the first slice wrote, and the real run has not.
async fn a_18_rows_of_other_slices_make_no_difference_to_what_takes_the_place_of_a_platform(
    storage: Storage,
) {
    let mut stage = Stage::on(storage).await;
    stage.team("Data").await;
    for name in ["Old", "A", "B", "C", "D", "E"] {
        let body = json!({"name": name, "publisher": "Acme", "owner": "Data",
            "lifecycle": "production"});
        stage.create(body).await;
    }
    let relations = json!({"relations": [{"type": "replaced_by", "to": "5"}]});
    let path = "/api/platforms/4/relations";
    assert_eq!(
        stage.send(infra(), "PUT", path, relations).await.status,
        200
    );
    let mut file = "name,publisher,owner,lifecycle,replaced_by\n\
        New DB,Acme,Data,production,\n\
        A,Acme,Data,deprecated,b\n\
        C,Acme,Data,deprecated,none\n"
        .to_owned();
    for number in 0..300 {
        file += &format!("Many {number},Acme,,,\n");
    }
    file += "Old,Acme,Data,deprecated,new-db\nB,Acme,Data,deprecated,2\n\
        D,Acme,Data,deprecated,4\nE,Acme,Data,deprecated,a\n";
    let rehearsal = stage.import("?dry_run=true", CSV, file.clone()).await;
    let real = stage.import("", CSV, file).await;
    assert_eq!(counts(&rehearsal), counts(&real));
    assert_eq!(rehearsal["errors"], real["errors"]);
    let expected = [
        json!([3, "replaced_by", "relation_circle"]),
        json!([305, "replaced_by", "relation_unknown"]),
        json!([306, "replaced_by", "relation_circle"]),
        json!([307, "replaced_by", "relation_circle"]),
    ];
    assert_eq!(errors(&real), expected);
    assert_eq!(counts(&real), [307, 301, 2, 0, 4, 0]);
}

async fn a_18_all_rows_or_none(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.create_named("One").await;
    let mut file = "name,publisher,kind\nOne,Acme,os\nTwo,Acme,os\n".to_owned();
    for number in 0..300 {
        file += &format!("Many {number},Acme,os\n");
    }
    let bad = format!("{file}Bad,Acme,spaceship\n");
    for query in ["?atomic=true&dry_run=true", "?atomic=true"] {
        let import = stage.import(query, CSV, bad.clone()).await;
        assert_eq!(import["status"], "refused");
        assert_eq!(counts(&import), [303, 0, 0, 0, 1, 302]);
        assert_eq!(errors(&import), [json!([304, "kind", "bad_word"])]);
    }
    let list = stage.get(infra(), "/api/platforms").await.json;
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["version"], 1);
    assert_eq!(stage.heard_of("platforms.imported").await, [Value::Null; 0]);

    let import = stage.import("?atomic=true", CSV, file).await;
    assert_eq!(import["status"], "completed");
    assert_eq!(counts(&import), [302, 301, 1, 0, 0, 0]);

    let long = format!("name,publisher\n{}", "A,B\n".repeat(2_001));
    let answer = stage.upload(infra(), "?atomic=true", CSV, long).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json["code"]),
        (422, &json!("atomic_too_long"))
    );
}
