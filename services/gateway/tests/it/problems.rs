//! What the codes of problems mean.

use crate::door::Door;

#[tokio::test]
async fn the_type_of_a_problem_leads_to_what_it_means() {
    let door = Door::open().await;
    let problem = door.get("/api/nowhere").await.json();
    let address = problem["type"].as_str().expect("an address");
    assert_eq!(address, "/problems/not_found");
    let page = door.visit(address, "nobody").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("There is nothing at this address, or"));
}

#[tokio::test]
async fn a_code_that_nobody_uses_has_no_page() {
    let door = Door::open().await;
    for address in ["/problems/nonsense", "/problems/", "/problems/%3Cb%3E"] {
        assert_eq!(door.visit(address, "nobody").await.status, 404, "{address}");
    }
}
