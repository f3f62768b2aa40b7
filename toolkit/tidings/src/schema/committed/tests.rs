use tempfile::TempDir;

use super::*;
use crate::Stream;

/// Declares a stream as it was at some time.
macro_rules! once {
    ($($item:item)*) => {{
        #[derive(crate::Stream)]
        #[stream(name = "orders", key = "order_id", schemas)]
        $($item)*
        Contracts::new().stream::<OrderEvent>()
    }};
}

fn first() -> Contracts {
    once!(
        enum OrderEvent {
            #[event("order.created")]
            Created { order_id: u64, note: Option<String> },
        }
    )
}

fn committed_first() -> TempDir {
    let folder = TempDir::new().unwrap();
    let written = first().write(folder.path()).unwrap();
    let file = folder.path().join("orders/order.created/1.json");
    assert_eq!(written, [file]);
    folder
}

/// What the check says, with the folder's name taken out of it.
fn said(contracts: &Contracts, folder: &TempDir) -> String {
    let said = contracts.check(folder.path()).err();
    let said = said.map(|findings| findings.to_string());
    let folder = format!("{}/", folder.path().display());
    said.unwrap_or_default().replace(&folder, "")
}

#[test]
fn what_is_not_committed_is_named_with_what_to_do_and_written_once() {
    let empty = TempDir::new().unwrap();
    let missing = "orders/order.created/1.json is missing: write it with `tidings schema write` \
        (or `Contracts::write`) and commit it";
    assert_eq!(said(&first(), &empty), missing);
    let folder = committed_first();
    assert_eq!(said(&first(), &folder), "");
    assert_eq!(
        first().write(folder.path()).unwrap(),
        [""; 0].map(PathBuf::from)
    );
    let file = folder.path().join("orders/order.created/1.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(schema["$id"], "urn:tidings:orders:order.created:1");
    fs::write(&file, "{").unwrap();
    assert!(said(&first(), &folder).contains("is not JSON"));
}

///
#[test]
fn what_nobody_minds_may_be_written_over() {
    let folder = committed_first();
    let wider = once!(
        enum OrderEvent {
            #[event("order.created")]
            Created {
                order_id: u64,
                note: Option<String>,
                city: Option<String>,
            },
        }
    );
    assert!(said(&wider, &folder).contains("may become it: nobody is broken"));
    assert_eq!(wider.write(folder.path()).unwrap().len(), 1);
    assert_eq!(said(&wider, &folder), "");
}

///
#[test]
fn a_required_field_that_is_removed_or_of_another_type_is_refused_and_not_written() {
    let folder = committed_first();
    let file = folder.path().join("orders/order.created/1.json");
    let before = fs::read_to_string(&file).unwrap();
    let another_type = once!(
        enum OrderEvent {
            #[event("order.created")]
            Created {
                order_id: String,
                note: Option<String>,
            },
        }
    );
    #[derive(crate::Stream)]
    #[stream(name = "orders", key = "note", schemas, compatibility = "backward")]
    enum Removed {
        #[event("order.created")]
        Created { note: String },
    }
    let removed = Contracts::new().stream::<Removed>();
    let place = "/order_id: is read as string and written as integer";
    assert!(said(&another_type, &folder).contains(place));
    let next = "give it a new version: version = 2, upcast(1 = …)";
    assert!(said(&another_type, &folder).contains(next));
    let place = "/order_id: is required, and is no more";
    assert!(
        said(&removed, &folder).contains(place),
        "{}",
        said(&removed, &folder)
    );
    for contracts in [another_type, removed] {
        let refused = contracts.write(folder.path()).unwrap_err();
        assert!(
            refused.to_string().contains("is not compatible"),
            "{refused}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }
}

#[test]
fn the_rule_of_the_stream_counts() {
    let folder = committed_first();
    #[derive(crate::Stream)]
    #[stream(name = "orders", key = "order_id", schemas, compatibility = "forward")]
    enum Demanded {
        #[event("order.created")]
        Created { order_id: u64, note: String },
    }
    assert_eq!(
        Demanded::COMPATIBILITY,
        super::super::Compatibility::Forward
    );
    let demanded = Contracts::new().stream::<Demanded>();
    assert!(said(&demanded, &folder).contains("nobody is broken"));
}

fn number(order: Value) -> Result<Value, String> {
    Ok(order)
}

/// X-08, B-01: a new version stands beside the old one, which is read for ever.
#[test]
fn a_new_version_needs_an_upcast_and_leaves_the_old_file() {
    let folder = committed_first();
    let without = once!(
        enum OrderEvent {
            #[event("order.created", version = 2)]
            Created { order_id: String },
        }
    );
    assert!(said(&without, &folder).contains("orders/order.created/1.json has no upcast"));
    let with = once!(
        enum OrderEvent {
            #[event("order.created", version = 2, upcast(1 = number))]
            Created { order_id: String },
        }
    );
    assert_eq!(with.write(folder.path()).unwrap().len(), 1);
    assert_eq!(said(&with, &folder), "");
    fs::remove_file(folder.path().join("orders/order.created/1.json")).unwrap();
    assert!(said(&with, &folder).contains("orders/order.created/1.json is missing"));
}

#[test]
fn a_file_whose_type_is_gone_or_from_the_future_is_named() {
    let folder = committed_first();
    assert!(said(&Contracts::new(), &folder).contains("1.json has no type"));
    let of = folder.path().join("orders/order.created");
    fs::copy(of.join("1.json"), of.join("2.json")).unwrap();
    assert!(said(&first(), &folder).starts_with("orders/order.created/2.json has no type"));
}

///
#[test]
fn names_are_checked_with_the_schemas_and_states_may_be_allowed() {
    #[derive(crate::Stream)]
    #[stream(name = "orders", key = "order_id")]
    enum Badly {
        #[event("order.awaiting_payment")]
        Awaiting { order_id: u64 },
    }
    let badly = || Contracts::new().stream::<Badly>();
    let wrong = badly().check_names().unwrap_err().to_string();
    assert!(
        wrong.contains("order.awaiting_payment does not tell"),
        "{wrong}"
    );
    assert!(wrong.contains("orders says no schemas"), "{wrong}");
    let wrong = badly().state("order.awaiting_payment").check_names();
    assert_eq!(wrong.unwrap_err().0.len(), 1);
}
