//! Who has done what, when and why.

use super::dead::{letter, with_letters};

const OLGA: &str = "user:00000000-0000-0000-0000-000000000004";

#[tokio::test]
async fn the_audit_tells_who_did_what_and_is_read_part_by_part() {
    let door = with_letters(3).await;
    for note in ["one", "two", "three"] {
        let id = letter(&door).await;
        let target = format!("/console/dead/post/delivery/{id}/discard");
        let done = door.submit(&target, "olga", &format!("note={note}")).await;
        assert_eq!(done.status, 303);
    }
    let page = door.visit("/console/audit", "olga").await.text;
    assert_eq!(page.matches(OLGA).count(), 3, "{page}");
    let places = ["three", "two", "one"].map(|note| page.find(&format!(">{note}<")));
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "newest first: {page}"
    );
    let part = door.visit("/console/audit?limit=2", "olga").await.text;
    assert!(
        part.contains("Older →") && !part.contains(">one<"),
        "{part}"
    );
    for (query, count) in [
        ("act=discard", 3),
        ("act=retry", 0),
        ("actor=user:nobody", 0),
        (&format!("actor={OLGA}") as &str, 3),
        ("service=reader", 0),
        ("subject=delivery", 3),
    ] {
        let found = door.ops(&format!("GET /ops/audit?{query}")).await.json();
        assert_eq!(found.as_array().map(Vec::len), Some(count), "{query}");
    }
    assert_eq!(door.ops("GET /ops/audit?service=nobody").await.status, 400);
}

#[tokio::test]
async fn an_empty_audit_says_so() {
    let door = with_letters(0).await;
    let page = door.visit("/console/audit", "olga").await.text;
    assert!(page.contains("Nobody has done anything"), "{page}");
}
