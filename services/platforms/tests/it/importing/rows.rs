//! What becomes of each row.

use serde_json::{Value, json};
use tidings::Storage;

use super::{CSV, JSON, counts, errors};
use crate::stage::{Stage, infra, on_both};

on_both!(
    a_18_bad_rows_are_told_by_row_column_and_reason_and_good_rows_are_taken_over,
    a_13_every_row_has_its_own_change_record_and_all_share_one_request,
    a_12_an_import_moves_platforms_through_life_as_everybody_does,
    a_12_a_row_says_what_takes_the_place_of_a_platform_or_changes_nothing,
);

async fn a_18_bad_rows_are_told_by_row_column_and_reason_and_good_rows_are_taken_over(
    storage: Storage,
) {
    let mut stage = Stage::on(storage).await;
    stage.team("Data Platform").await;
    let file = "name,publisher,kind,owner,lifecycle,cost_amount,cost_period,licence_expires_on\n\
        A,Acme,database,data platform,production,12.50,monthly,2028-02-29\n\
        B,Acme,spaceship,,,,,\n\
        C,Acme,os,Nobody at all,,,,\n\
        D,Acme,os,,production,,,\n\
        E,Acme,os,,,-5,annual,2027-02-29\n\
        ,Acme,os,,,,,\n\
        a , ACME,os,,,,,\n\
        F,Acme,os\n\
        G,Acme,os,,,,,\n";
    let import = stage.import("", CSV, file).await;
    assert_eq!(import["status"], "completed");
    assert_eq!(counts(&import), [9, 2, 0, 0, 7, 0]);
    let expected = [
        json!([3, "kind", "bad_word"]),
        json!([4, "owner", "unknown_team"]),
        json!([5, "owner", "owner_missing"]),
        json!([6, "cost_amount", "bad_amount"]),
        json!([6, "licence_expires_on", "bad_day"]),
        json!([7, "name", "field_missing"]),
        json!([8, "name", "duplicate_row"]),
        json!([9, null, "wrong_cell_count"]),
    ];
    assert_eq!(errors(&import), expected);
    let list = stage.get(infra(), "/api/platforms").await.json;
    let names: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["A", "G"]);
    let first = &list[0];
    let told = ["owner", "lifecycle", "cost", "kind"].map(|name| first[name].clone());
    let expected = ["Data Platform", "production", "$12.50 a month", "database"];
    assert_eq!(told, expected.map(Value::from));
    assert_eq!(first["licence"]["expires_on"], "2028-02-29");

    // The same as a table, for the spreadsheet.
    let id = import["id"].as_str().unwrap();
    let table = stage.export(&format!("import/{id}/errors.csv")).await;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "\u{feff}row,column,code,message");
    assert!(lines[1].starts_with("3,kind,bad_word,"), "{}", lines[1]);
    assert_eq!(lines.len(), 9);
}

async fn a_13_every_row_has_its_own_change_record_and_all_share_one_request(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    let old = stage.create_named("Old").await;
    let same = stage.create_named("Same").await;
    let file = "name,publisher,description\nOld,Acme,Newly described\nSame,Acme,\nNew,Acme,\n";
    let import = stage.import("", CSV, file).await;
    assert_eq!(counts(&import), [3, 1, 1, 1, 0, 0]);
    let id = import["id"].as_str().unwrap();
    let path = format!("/api/platforms/changes?request={id}");
    let changes = stage.get(infra(), &path).await.json;
    let mut told: Vec<Value> = changes
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!([
                one["action"],
                one["actor"],
                one["comment"],
                one["before"].is_null()
            ])
        })
        .collect();
    // Of one moment: they come in any order.
    told.sort_by_key(|one| one[3].as_bool());
    let by = json!(infra().id);
    let expected = [
        json!(["import", by, "import", false]),
        json!(["import", by, "import", true]),
    ];
    assert_eq!(told, expected);
    assert_eq!(stage.history(&old["id"]).await.len(), 2);
    assert_eq!(stage.history(&same["id"]).await.len(), 1);
    let told = stage.heard_of("platforms.imported").await;
    let expected = json!({"import_id": id, "requested_by": infra().id, "total": 3, "created": 1,
        "updated": 1, "unchanged": 1, "failed": 0});
    assert_eq!(told, [expected]);
    // The same file again changes nothing, and is told to be the same.
    let again = stage.import("", CSV, file).await;
    assert_eq!(counts(&again), [3, 0, 0, 3, 0, 0]);
    assert_eq!(again["same_file"]["import_id"], id);
    assert_eq!(again["same_file"]["by_name"], "Person 1");
    assert_eq!(import["same_file"], Value::Null);
}

async fn a_12_an_import_moves_platforms_through_life_as_everybody_does(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.team("Data").await;
    for (name, lifecycle) in [
        ("Tried", "experimental"),
        ("Relied", "production"),
        ("Told", "production"),
        ("Back", "production"),
        ("Leap", "proposed"),
        ("Gone", "retired"),
    ] {
        let body =
            json!({"name": name, "publisher": "Acme", "owner": "Data", "lifecycle": lifecycle});
        stage.create(body).await;
    }
    let file = "name,publisher,lifecycle,replaced_by,description\n\
        Tried,Acme,production,,\n\
        Relied,Acme,deprecated,,\n\
        Told,Acme,deprecated,none,\n\
        Back,Acme,experimental,,\n\
        Leap,Acme,retired,,\n\
        Gone,Acme,retired,,Nobody may write this\n\
        Fresh,Acme,retired,,\n";
    let import = stage.import("", CSV, file).await;
    let expected = [
        json!([3, "replaced_by", "replaced_by_missing"]),
        json!([5, "lifecycle", "comment_missing"]),
        json!([6, null, "lifecycle_move"]),
        json!([7, null, "platform_retired"]),
    ];
    assert_eq!(errors(&import), expected);
    assert_eq!(counts(&import), [7, 1, 2, 0, 4, 0]);
    // A step back is explained once for the whole file.
    let import = stage.import("?comment=Too%20early", CSV, file).await;
    let expected = [&expected[..1], &expected[2..]].concat();
    assert_eq!(errors(&import), expected);
    assert_eq!(counts(&import), [7, 0, 1, 3, 3, 0]);
    assert_eq!(import["comment"], "Too early");
    let back = stage.platform(&json!("back")).await;
    assert_eq!(back["lifecycle"], "experimental");
    assert_eq!(stage.history(&back["id"]).await[0]["comment"], "Too early");
}

/// What takes the place of another is in the register before the import is: what a row does
/// depends on no other row.
async fn a_12_a_row_says_what_takes_the_place_of_a_platform_or_changes_nothing(storage: Storage) {
    let mut stage = Stage::on(storage).await;
    stage.team("Data").await;
    for name in ["Old", "Older"] {
        let body = json!({"name": name, "publisher": "Acme", "owner": "Data",
            "lifecycle": "production"});
        stage.create(body).await;
    }
    let file = "name,publisher,owner,lifecycle,replaced_by\n\
        New DB,Acme,Data,production,\n\
        Old,Acme,Data,deprecated,new-db\n\
        Fresh,Acme,Data,production,none\n\
        Fresher,Acme,Data,production,1\n\
        Gone,Acme,Data,retired,1\n";
    let import = stage.import("", CSV, file).await;
    let expected = [
        json!([3, "replaced_by", "relation_unknown"]),
        json!([5, "replaced_by", "not_deprecated"]),
    ];
    assert_eq!(errors(&import), expected);
    assert_eq!(counts(&import), [5, 3, 0, 0, 2, 0], "{import}");
    // The second time it is there; what is so already is said without a change.
    let import = stage.import("", CSV, file).await;
    assert_eq!(errors(&import), [expected[1].clone()]);
    assert_eq!(counts(&import), [5, 0, 1, 3, 1, 0], "{import}");
    let file = "name,publisher,owner,lifecycle,replaced_by,description\n\
        New DB,Acme,Data,deprecated,1,described\n\
        Older,Acme,Data,deprecated,3,described\n";
    let import = stage.import("", CSV, file).await;
    assert_eq!(
        errors(&import),
        [json!([2, "replaced_by", "relation_circle"])]
    );
    assert_eq!(counts(&import), [2, 0, 1, 0, 1, 0]);
    assert_eq!(
        replaced_by(&stage, 1..=5).await,
        [
            json!("New DB"),
            json!("New DB"),
            Value::Null,
            Value::Null,
            json!("Old")
        ]
    );
    assert_eq!(stage.platform(&json!(3)).await["lifecycle"], "production");
    assert_eq!(stage.history(&json!(3)).await.len(), 1);
}

/// What takes the place of each, by its number.
async fn replaced_by(stage: &Stage, numbers: std::ops::RangeInclusive<u64>) -> Vec<Value> {
    let mut replaced = Vec::new();
    for number in numbers {
        let path = format!("/api/platforms/{number}/relations");
        let relations = stage.get(infra(), &path).await.json["relations"].clone();
        replaced.push(relations[0]["name"].clone());
    }
    replaced
}

#[tokio::test]
async fn rows_name_their_platform_by_id_by_number_or_by_publisher_and_name() {
    let mut stage = Stage::new().await;
    let (one, two) = (
        stage.create_named("One").await,
        stage.create_named("Two").await,
    );
    stage.create_named("Three").await;
    let (id, number) = (one["id"].as_str().unwrap(), &two["number"]);
    let file = format!(
        "id,number,name,publisher,description\n\
         {id},1,Uno,Acme,renamed\n\
         {number},,Due,Acme,renamed\n\
         ,,three,acme,described\n\
         ,,Four,Acme,new\n\
         ,9,Five,Acme,numbers are given\n\
         {id},,Again,Acme,twice\n\
         4711,,Six,Acme,unknown\n\
         x,,Seven,Acme,no id\n"
    );
    let import = stage.import("", CSV, file).await;
    let expected = [
        json!([6, "number", "number_is_fixed"]),
        json!([7, "name", "duplicate_row"]),
        json!([8, "id", "platform_unknown"]),
        json!([9, "id", "bad_id"]),
    ];
    assert_eq!(errors(&import), expected);
    assert_eq!(counts(&import), [8, 1, 3, 0, 4, 0]);
    assert_eq!(stage.platform(&one["id"]).await["name"], "Uno");
    assert_eq!(stage.platform(&two["id"]).await["name"], "Due");
}

/// A name that a platform has when the import is accepted is not free for another one, also
/// where a row of the same file would free it: what a row does depends on no other row.
#[tokio::test]
async fn a_10_no_row_takes_a_name_that_another_platform_has() {
    let mut stage = Stage::new().await;
    let (one, two) = (
        stage.create_named("One").await,
        stage.create_named("Two").await,
    );
    let file = format!(
        "id,name,publisher\n{},Three,Acme\n{},One,Acme\n",
        one["number"], two["number"]
    );
    for query in ["?dry_run=true", ""] {
        let import = stage.import(query, CSV, file.clone()).await;
        assert_eq!(counts(&import), [2, 0, 1, 0, 1, 0]);
        assert_eq!(errors(&import), [json!([3, "name", "platform_exists"])]);
    }
    // Then it is free.
    let import = stage.import("", CSV, file).await;
    assert_eq!(counts(&import), [2, 0, 1, 1, 0, 0]);
}

/// A table of ids and what shall change is enough, also where it changes names.
#[tokio::test]
async fn a_table_may_name_platforms_by_their_ids_alone() {
    let mut stage = Stage::new().await;
    for name in ["One", "Two", "Three"] {
        stage.create_named(name).await;
    }
    let import = stage
        .import("", CSV, "id,cost_centre\n1,CC\n2,CC\n,CC\n")
        .await;
    assert_eq!(counts(&import), [3, 0, 2, 0, 1, 0]);
    assert_eq!(errors(&import)[0], json!([4, "name", "field_missing"]));
    let file = "id,name\n1,Uno\n2,One\n3,uno\n";
    for query in ["?dry_run=true", ""] {
        let import = stage.import(query, CSV, file).await;
        assert_eq!(counts(&import), [3, 0, 1, 0, 2, 0]);
        let expected = [
            json!([3, "name", "platform_exists"]),
            json!([4, "name", "duplicate_row"]),
        ];
        assert_eq!(errors(&import), expected);
    }
    assert_eq!(stage.platform(&json!(1)).await["cost_centre"], "CC");
}

#[tokio::test]
async fn create_only_leaves_alone_what_is_there() {
    let mut stage = Stage::new().await;
    stage.create_named("One").await;
    let file = "name,publisher,description\nOne,Acme,changed\nTwo,Acme,new\n";
    let import = stage.import("?mode=create_only", CSV, file).await;
    assert_eq!(counts(&import), [2, 1, 0, 0, 1, 0]);
    assert_eq!(errors(&import), [json!([2, "name", "platform_exists"])]);
    assert_eq!(stage.platform(&json!(1)).await["description"], "");
}

#[tokio::test]
async fn an_empty_cell_clears_and_a_column_that_is_not_there_changes_nothing() {
    let mut stage = Stage::new().await;
    let body =
        json!({"name": "One", "publisher": "Acme", "description": "Old", "cost_centre": "CC1"});
    stage.create(body).await;
    stage
        .import("", CSV, "name,publisher,description\nOne,Acme,\n")
        .await;
    let one = stage.platform(&json!(1)).await;
    assert_eq!(
        (&one["description"], &one["cost_centre"]),
        (&json!(""), &json!("CC1"))
    );
    stage
        .import(
            "",
            JSON,
            r#"[{"id": 1, "cost_centre": null, "kind": "os"}]"#,
        )
        .await;
    let one = stage.platform(&json!(1)).await;
    assert_eq!(
        (&one["cost_centre"], &one["kind"]),
        (&json!(""), &json!("os"))
    );
}

/// What always says something is not emptied: what costs €120 does not cost $120.
#[tokio::test]
async fn an_empty_cell_leaves_words_that_always_say_something() {
    let mut stage = Stage::new().await;
    stage.team("Data").await;
    let body = json!({"name": "One", "publisher": "Acme", "kind": "os", "criticality": "critical",
        "owner": "Data", "lifecycle": "production", "cost": "€120.00 a month",
        "licence": {"type": "subscription", "renewal": "auto"}});
    let made = stage.create(body).await;
    let file = "name,publisher,kind,cost_amount,cost_currency,cost_period,licence_type,\
        licence_renewal,lifecycle,criticality\n\
        One,Acme,,120.00,,,,,,\nNew,Acme,,,,,,,,\nPaid,Acme,,5,,annual,,,,\n";
    let import = stage.import("", CSV, file).await;
    assert_eq!(counts(&import), [3, 2, 0, 1, 0, 0], "{import}");
    assert_eq!(stage.platform(&made["id"]).await, made);
    let nulls = json!({"kind": null, "criticality": null, "lifecycle": null,
        "cost_currency": null, "cost_period": null, "licence": {"type": null, "renewal": null}});
    let same = stage.patch(infra(), "/api/platforms/1", nulls).await;
    assert_eq!(same.json, made, "{}", same.text);
    let told =
        |one: &Value| ["kind", "lifecycle", "criticality", "cost"].map(|name| one[name].clone());
    let new = stage.platform(&json!(2)).await;
    assert_eq!(
        told(&new),
        ["other", "proposed", "low", "Free"].map(Value::from)
    );
    assert_eq!(new["licence"]["type"], "freeware");
    let paid = stage.platform(&json!(3)).await;
    assert_eq!(
        (&paid["cost"], &paid["licence"]["type"]),
        (&json!("$5.00 a year"), &json!("commercial"))
    );
}

/// A-18: the first thousand mistakes are kept, and all rows are counted.
#[tokio::test]
async fn of_more_mistakes_than_anybody_reads_the_first_thousand_are_kept() {
    let mut stage = Stage::new().await;
    let file = format!("name,publisher\n{}", "only one cell\n".repeat(1_200));
    let import = stage.import("", CSV, file).await;
    assert_eq!(counts(&import), [1_200, 0, 0, 0, 1_200, 0]);
    let errors = errors(&import);
    assert_eq!(errors.len(), 1_000);
    assert_eq!(errors[999], json!([1_001, null, "wrong_cell_count"]));
}
