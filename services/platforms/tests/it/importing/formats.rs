//! Files as other programs write them.

use serde_json::json;

use super::{CSV, JSON, counts, errors};
use crate::stage::{Stage, infra};

const TABLE: &str = "name;publisher;description\r\nMünze;Größe & Co;\"a; b\"\r\n";

async fn read(bytes: Vec<u8>) -> (Stage, serde_json::Value) {
    let mut stage = Stage::new().await;
    let import = stage.import("", CSV, bytes).await;
    assert_eq!(counts(&import), [1, 1, 0, 0, 0, 0]);
    let one = stage.platform(&json!(1)).await;
    let told = ["name", "publisher", "description"].map(|name| one[name].clone());
    assert_eq!(told, [json!("Münze"), json!("Größe & Co"), json!("a; b")]);
    (stage, import)
}

#[tokio::test]
async fn tables_with_semicolons_tabs_marks_and_other_letters_are_read() {
    let utf_16 = |text: &str| {
        let text = format!("\u{feff}{text}");
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let latin: Vec<u8> = TABLE
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap())
        .collect();
    for (bytes, encoding, delimiter) in [
        (TABLE.as_bytes().to_vec(), "utf-8", ";"),
        (format!("\u{feff}{TABLE}").into_bytes(), "utf-8", ";"),
        (format!("sep=;\r\n{TABLE}").into_bytes(), "utf-8", ";"),
        (TABLE.replace(';', "\t").into_bytes(), "utf-8", "\t"),
        (utf_16(TABLE), "utf-16le", ";"),
        (latin, "windows-1252", ";"),
    ] {
        let bytes = match delimiter {
            // What stood in the quoted cell must stay.
            "\t" => String::from_utf8(bytes)
                .unwrap()
                .replace("a\t b", "a; b")
                .into_bytes(),
            _ => bytes,
        };
        let (_, import) = read(bytes).await;
        assert_eq!(import["encoding"], encoding);
        assert_eq!(import["delimiter"], delimiter);
    }
}

#[tokio::test]
async fn a_list_of_objects_may_be_as_answers_are_or_flat() {
    let mut stage = Stage::new().await;
    stage.team("Data").await;
    let file = json!([
        {"name": "A", "publisher": "Acme", "cost": "$5.00 a month", "owner": "data",
            "tags": ["b", "a"], "links": [{"title": "Manual", "url": "https://example.com/a"}]},
        {"name": "B", "publisher": "Acme", "cost_amount": "7.00", "cost_currency": "eur",
            "cost_period": "annual", "tags": "x, y"},
        {"name": "C", "publisher": "Acme", "colour": "red"},
    ]);
    let import = stage
        .import("?format=json", "text/plain", file.to_string())
        .await;
    assert_eq!(counts(&import), [3, 2, 0, 0, 1, 0]);
    assert_eq!(errors(&import), [json!([3, "colour", "unknown_field"])]);
    let list = stage.get(infra(), "/api/platforms").await.json;
    assert_eq!(list[0]["cost"], "$5.00 a month");
    assert_eq!(list[0]["tags"], json!(["a", "b"]));
    assert_eq!(list[0]["owner"], "Data");
    assert_eq!(list[1]["cost"], "€7.00 a year");
    // A table of the same file would be another one.
    let answer = stage
        .upload(infra(), "?format=csv", JSON, file.to_string())
        .await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn the_empty_table_can_be_imported_with_its_example() {
    let mut stage = Stage::new().await;
    let table = stage.export("import/template.csv").await;
    let import = stage.import("", CSV, table).await;
    assert_eq!(counts(&import), [1, 1, 0, 0, 0, 0]);
    let one = stage.platform(&json!(1)).await;
    assert_eq!(
        (&one["name"], &one["cost"]),
        (&json!("PostgreSQL"), &json!("$120.00 a year"))
    );
}

/// The failure that A-18 names: 29 February is a day in leap years alone.
#[tokio::test]
async fn leap_days_are_days() {
    let mut stage = Stage::new().await;
    let file = "name,publisher,licence_expires_on\nA,B,2028-02-29\nC,D,2027-02-29\n";
    let import = stage.import("", CSV, file).await;
    assert_eq!(
        errors(&import),
        [json!([3, "licence_expires_on", "bad_day"])]
    );
}
