use schemars::JsonSchema;
use serde_json::json;

use super::*;
use crate::EventType;
use crate::schema::EventSchema;

#[derive(JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is looked at")]
enum Payment {
    Cash,
    Card { number: String, year: u16 },
    Voucher(Uuid),
}

#[derive(JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Order {
    at: Timestamp,
    lines: Vec<Line>,
    note: Option<String>,
    payment: Payment,
}

#[derive(JsonSchema)]
#[schemars(crate = "::tidings::schemars")]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Line {
    count: u8,
    #[schemars(length(min = 1, max = 3))]
    unit: String,
}

fn found(data: &Value) -> Vec<String> {
    let event = EventType {
        name: "order.created",
        version: 1,
    };
    let schema = EventSchema::of::<Order>(event, &[]).schema;
    let found = violations(&schema, data);
    found.iter().map(ToString::to_string).collect()
}

fn good() -> Value {
    json!({
        "at": "2026-03-14T16:00:00Z",
        "lines": [{ "count": 2, "unit": "kg" }],
        "note": null,
        "payment": { "card": { "number": "4242", "year": 2030 } },
        "unknown": true,
    })
}

#[test]
fn what_is_as_the_type_says_has_no_violations() {
    assert_eq!(found(&good()), [""; 0]);
    for payment in [
        json!("cash"),
        json!({ "voucher": "00000000-0000-0000-0000-000000000000" }),
    ] {
        let mut other = good();
        other["payment"] = payment;
        other.as_object_mut().unwrap().remove("note");
        assert_eq!(found(&other), [""; 0]);
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_place() {
    let data = json!({
        "at": "yesterday",
        "lines": [{ "count": 2, "unit": "kg" }, { "count": 300, "unit": "" }, 7, { "count": 2.5 }],
        "note": 7,
    });
    let expected = [
        "/payment is missing: expected \"cash\" or an object",
        "/at must be a moment like 2026-03-14T16:00:00Z",
        "/lines/1/count must be from 0 to 255",
        "/lines/1/unit must have 1 characters or more, and has 0",
        "/lines/2 must be an object, and is an integer",
        "/lines/3/unit is missing: expected a string",
        "/lines/3/count must be an integer, and is a number",
        "/note must be a string or null, and is an integer",
    ];
    assert_eq!(found(&data), expected);
    assert_eq!(
        found(&json!(null)),
        ["the data must be an object, and is a null"].map(|text| text.replace("a null", "null"))
    );
}

#[test]
fn of_several_forms_the_one_that_was_meant_is_looked_into() {
    let with = |payment: Value| {
        let mut data = good();
        data["payment"] = payment;
        found(&data)
    };
    assert_eq!(
        with(json!({ "card": { "number": "4242", "year": "2030" } })),
        ["/payment/card/year must be an integer, and is a string"]
    );
    assert_eq!(
        with(json!({ "voucher": "V-7" })),
        ["/payment/voucher must be a UUID"]
    );
    assert_eq!(
        with(json!("gold")),
        ["/payment must be \"cash\" or an object"]
    );
}

#[test]
fn places_are_json_pointers_and_values_are_never_repeated() {
    let schema = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
    let all = violations(&schema, &json!({ "a/b~c": "a secret" }));
    assert_eq!(all[0].pointer, "/a~1b~0c");
    assert!(!all[0].text.contains("secret"), "{all:?}");
}
