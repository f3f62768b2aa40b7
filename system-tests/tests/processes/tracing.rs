//! The causal tree of one purchase, put together from the databases of several processes
//! (E-10, X-22).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use system_tests::{Account, Client, Failure, Parts};

use crate::market::{buy, list};
use crate::{BINARY, PARTS};

/// Signs somebody in who is an operator.
pub(crate) async fn operator(parts: &Parts) -> Result<Client, Failure> {
    let person = json!({ "email": "olga@example.com", "password": "a long pass phrase of hers" });
    let client = Client::new(parts.gateway());
    assert_eq!(client.post("/api/users/signup", &person).await?.status, 201);
    parts.run(&["grant", "operator", "olga@example.com"])?;
    let entered = client.post("/api/users/signin", &person).await?;
    let cookie = entered.header("set-cookie").strip_prefix("__Host-session=");
    let session = cookie.and_then(|rest| rest.split(';').next());
    Ok(client.with_session(session.ok_or("no session")?.to_owned()))
}

/// Everything in a tree: the path of names that leads to it, without services that only listen.
fn paths(node: &Value, before: &str, all: &mut BTreeSet<String>) {
    let text = |name: &str| node[name].as_str().unwrap_or_default();
    let path = match text("kind") {
        "root" => String::new(),
        "handler" => format!("{before} > {}", text("service")),
        kind => format!("{before} > {kind} {}", text("name")),
    };
    for child in node["children"].as_array().into_iter().flatten() {
        paths(child, &path, all);
    }
    all.insert(path);
}

/// What a purchase leads to, by the path of its causes. The buyer asks twice: for the order, and
/// to pay it.
const PURCHASE: [&str; 19] = [
    // The order, which the ticket is reserved for, and which the hold waits for the end of.
    " > event order.created",
    " > event order.created > tickets > event ticket.reserved",
    " > event order.created > tickets > event ticket.reserved > orders",
    " > event order.created > tickets > event ticket.reserved > orders > event order.awaiting_payment",
    " > event order.created > expiration > workflow hold",
    " > event order.created > expiration > workflow hold > step order_over",
    " > event order.created > payments",
    " > event order.created > tickets > event ticket.reserved > orders > event order.awaiting_payment > tickets",
    " > event order.created > tickets > event ticket.reserved > orders > event order.awaiting_payment > payments",
    " > event order.created > tickets > event ticket.reserved > orders > event order.awaiting_payment > expiration",
    // The payment, which completes the order, which sells the ticket and tells the buyer.
    " > workflow pay",
    " > workflow pay > step charge",
    " > workflow pay > step settle",
    " > workflow pay > step settle > event payment.completed",
    " > workflow pay > step settle > event payment.completed > orders > event order.completed",
    " > workflow pay > step settle > event payment.completed > orders > event order.completed > tickets > event ticket.sold",
    " > workflow pay > step settle > event payment.completed > orders > event order.completed > expiration",
    " > workflow pay > step settle > event payment.completed > orders > command notifications.send_email",
    " > workflow pay > step settle > event payment.completed > orders > command notifications.send_email > notifications > job deliver",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tree_of_a_purchase_is_complete_over_all_processes() -> Result<(), Failure> {
    let parts = Parts::on_postgres(BINARY, &PARTS).await?;
    let servers = parts.start_all().await?;
    let seller = Account::sign_up(parts.gateway()).await?;
    let buyer = Account::sign_up(parts.gateway()).await?;
    // Another one, of which nothing must be in the tree.
    list(&seller).await?;
    buy(&seller, &buyer).await?;
    let olga = operator(&parts).await?;
    let orders = buyer.client.get("/api/orders").await?.json();
    let order = orders[0]["id"].as_str().ok_or("no order")?.to_owned();
    let trace = olga.get(&format!("/ops/trace/{order}")).await?;
    assert_eq!(trace.status, 200, "{}", trace.text);
    let trace = trace.json();
    let mut found = BTreeSet::new();
    let flows = trace["flows"].as_array().ok_or("no flows")?;
    assert_eq!(flows.len(), 2, "{trace:#}");
    for flow in flows {
        assert_eq!(flow["root"]["name"], format!("user:{}", buyer.id));
        paths(&flow["root"], "", &mut found);
    }
    let expected: BTreeSet<String> = PURCHASE.map(ToOwned::to_owned).into();
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(missing.is_empty(), "{missing:#?} of {found:#?}");
    // From one of the two the other is found, beside the one in which the ticket was listed.
    let flow = flows[0]["correlation_id"].as_str().ok_or("no flow")?;
    let one = olga.get(&format!("/ops/trace/{flow}")).await?.json();
    let related = one["related"].as_array().ok_or("none are related")?;
    let other = &flows[1]["correlation_id"];
    assert!(
        related.iter().any(|one| one["correlation_id"] == *other),
        "{related:#?}"
    );
    let page = olga.page(&format!("/console/trace/{order}")).await?;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Nothing is stuck"), "{}", page.text);
    drop(servers);
    parts.remove().await
}
