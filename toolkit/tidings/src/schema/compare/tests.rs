use schemars::JsonSchema;
use serde_json::json;

use super::*;
use crate::EventType;
use crate::schema::EventSchema;

/// Declares types of one name, each as it was at some time.
macro_rules! once {
    ($item:item) => {{
        #[derive(JsonSchema)]
        #[schemars(crate = "::tidings::schemars")]
        #[expect(dead_code, reason = "only its schema is looked at")]
        $item
        EventSchema::of::<Data>(EventType { name: "thing.done", version: 1 }, &[]).schema
    }};
}

fn texts(broken: &[Broken]) -> Vec<String> {
    broken.iter().map(ToString::to_string).collect()
}

fn backward(old: &Value, new: &Value) -> Vec<String> {
    texts(&compare(old, new).backward)
}

///
#[test]
fn a_field_that_is_added_for_whoever_has_it_breaks_nobody() {
    let old = once!(
        struct Data {
            id: u32,
        }
    );
    let optional = once!(
        struct Data {
            id: u32,
            note: Option<String>,
        }
    );
    let usual = once!(
        struct Data {
            id: u32,
            #[serde(default)]
            note: String,
        }
    );
    for new in [&optional, &usual] {
        assert_eq!(compare(&old, new), Comparison::default());
        assert_eq!(compare(new, &old), Comparison::default());
    }
    let demanded = once!(
        struct Data {
            id: u32,
            note: String,
        }
    );
    let broken = compare(&old, &demanded);
    assert_eq!(
        texts(&broken.backward),
        ["/note: is required, and may be missing"]
    );
    assert_eq!(broken.forward, []);
    assert_eq!(compare(&demanded, &old).backward, []);
    assert_eq!(broken.broken(Compatibility::Forward), []);
    assert_eq!(broken.broken(Compatibility::Full), broken.backward);
}

///
#[test]
fn a_field_of_another_type_breaks_both_sides() {
    let old = once!(
        struct Data {
            id: u32,
        }
    );
    let new = once!(
        struct Data {
            id: String,
        }
    );
    assert_eq!(
        backward(&old, &new),
        ["/id: is read as string and written as integer"]
    );
    assert_eq!(
        backward(&new, &old),
        ["/id: is read as integer and written as string"]
    );
}

#[test]
fn wider_numbers_are_read_and_narrower_ones_are_not() {
    let small = once!(
        struct Data {
            count: u32,
        }
    );
    let large = once!(
        struct Data {
            count: u64,
        }
    );
    let signed = once!(
        struct Data {
            count: i64,
        }
    );
    let real = once!(
        struct Data {
            count: f64,
        }
    );
    assert_eq!(backward(&small, &large), [""; 0]);
    assert_eq!(backward(&small, &signed), [""; 0]);
    assert_eq!(backward(&small, &real), [""; 0]);
    for (old, new) in [(&large, &small), (&signed, &large), (&real, &signed)] {
        assert_eq!(backward(old, new).len(), 1, "{old} {new}");
    }
}

#[test]
fn a_word_that_is_added_is_not_known_to_older_readers() {
    let old = once!(
        struct Data {
            state: Option<State>,
        }
    );
    #[derive(JsonSchema)]
    #[schemars(crate = "::tidings::schemars")]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum State {
        Open,
        /// With a comment schemas write it otherwise.
        Done,
    }
    let mut new = old.clone();
    let words = json!([{"type": "string", "enum": ["open", "lost"]}, {"type": "string", "const": "done"}, {"type": "null"}]);
    new["properties"]["state"] = json!({"anyOf": words});
    let broken = compare(&old, &new);
    assert_eq!(broken.backward, []);
    assert_eq!(
        texts(&broken.forward),
        ["/state: \"lost\" is not known to the reader"]
    );
}

#[test]
fn what_is_nested_is_named_by_its_path() {
    let old = once!(
        struct Data {
            lines: Vec<Vec<(u8, String)>>,
            rest: std::collections::BTreeMap<String, u8>,
        }
    );
    let new = once!(
        struct Data {
            lines: Vec<Vec<(u8, u8)>>,
            rest: std::collections::BTreeMap<String, bool>,
        }
    );
    let broken = backward(&old, &new);
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(
        broken[0].starts_with("/lines/*/*: is read with prefixItems"),
        "{broken:?}"
    );
    assert_eq!(
        broken[1],
        "/rest/*: is read as boolean and written as integer"
    );
}

#[test]
fn a_type_that_holds_itself_is_compared_within() {
    let tree = |leaf: Value| {
        json!({"type": "object", "properties": {"left": {"$ref": "#/$defs/Tree"}},
            "$defs": {"Tree": {"type": "object", "properties": {
                "leaf": leaf, "left": {"$ref": "#/$defs/Tree"}}}}})
    };
    let (old, new) = (
        tree(json!({"type": "string"})),
        tree(json!({"type": "boolean"})),
    );
    assert_eq!(backward(&old, &old), [""; 0]);
    let broken = backward(&old, &new);
    assert_eq!(
        broken[0],
        "/left/leaf: is read as boolean and written as string"
    );
}

#[test]
fn a_reader_who_refuses_what_it_does_not_know_is_broken_by_what_is_added() {
    let old = once!(
        #[serde(deny_unknown_fields)]
        struct Data {
            id: u32,
        }
    );
    let new = once!(
        struct Data {
            id: u32,
            note: Option<String>,
        }
    );
    let broken = compare(&old, &new);
    assert_eq!(broken.backward, []);
    assert_eq!(broken.forward[0].path, "/note");
}

#[test]
fn comments_change_nothing() {
    let old = once!(
        struct Data {
            id: u32,
        }
    );
    let new = once!(
        struct Data {
            /// The thing.
            id: u32,
        }
    );
    assert_ne!(old, new);
    assert_eq!(compare(&old, &new), Comparison::default());
}
