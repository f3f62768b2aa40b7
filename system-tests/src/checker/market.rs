//! Tickets and orders: who has what, and how it came to be so.

use std::collections::BTreeMap;

use super::Findings;
use super::snapshot::Snapshot;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Findings) {
    check_one_active_order_a_ticket(snapshot, findings);
    check_listings_and_orders_agree(snapshot, findings);
    check_ticket_stories(snapshot, findings);
    check_order_stories(snapshot, findings);
    check_released_once(snapshot, findings);
}

/// I-32, C-20.
fn check_one_active_order_a_ticket(snapshot: &Snapshot, findings: &mut Findings) {
    let mut active: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, order) in &snapshot.orders {
        if order.status != "cancelled" {
            active.entry(&order.ticket).or_default().push(id);
        }
    }
    for (ticket, orders) in active {
        findings.unless(orders.len() == 1, "I-32", || {
            format!("the ticket {ticket} has the active orders {orders:?}")
        });
    }
}

/// I-33, I-34, I-35: sold goes with complete, reserved with awaiting payment.
fn check_listings_and_orders_agree(snapshot: &Snapshot, findings: &mut Findings) {
    for (id, listing) in &snapshot.listings {
        let held_for = match listing.status.as_str() {
            "sold" => "complete",
            "reserved" => "awaiting_payment",
            _ => continue,
        };
        let order = snapshot.orders.get(&listing.order);
        let agrees = order.is_some_and(|order| order.ticket == *id && order.status == held_for);
        findings.unless(agrees, "I-35", || {
            format!("the ticket {id} is {listing:?}, its order is {order:?}")
        });
    }
    for (id, order) in &snapshot.orders {
        let standing = match order.status.as_str() {
            "complete" => "sold",
            "awaiting_payment" => "reserved",
            "created" => {
                findings.add("P-02", format!("nobody has answered the order {id}"));
                continue;
            }
            _ => continue,
        };
        let listing = snapshot.listings.get(&order.ticket);
        let agrees =
            listing.is_some_and(|listing| listing.order == *id && listing.status == standing);
        findings.unless(agrees, "I-35", || {
            format!("the order {id} is {order:?}, its ticket is {listing:?}")
        });
    }
}

/// I-41 and I-32 at every commit: the stream tells each ticket's story, in which nobody
/// gets what somebody else holds, and which ends where the listing stands.
fn check_ticket_stories(snapshot: &Snapshot, findings: &mut Findings) {
    let mut stories: BTreeMap<&str, (i64, &str, String)> = BTreeMap::new();
    for event in snapshot.events_of("tickets") {
        if event.kind == "ticket.reservation_rejected" {
            continue;
        }
        let story = stories.entry(&event.key).or_insert((0, "", String::new()));
        let (_, status, holder) = story;
        let order = event.text("order_id");
        let (fits, next) = match event.kind.as_str() {
            "ticket.created" => (status.is_empty(), "available"),
            "ticket.updated" => (*status == "available", "available"),
            "ticket.withdrawn" => (*status == "available", "withdrawn"),
            "ticket.reserved" => (*status == "available", "reserved"),
            "ticket.released" => (*status == "reserved" && *holder == order, "available"),
            "ticket.sold" => (*status == "reserved" && *holder == order, "sold"),
            _ => (false, ""),
        };
        findings.unless(fits, "I-32", || format!("{event:?} comes after {story:?}"));
        let number = event.data["version"].as_i64().unwrap_or_default();
        findings.unless(number == story.0 + 1, "I-41", || {
            format!("{event:?} comes after version {}", story.0)
        });
        let holder = if next == "available" { "" } else { order };
        *story = (number, next, holder.to_owned());
    }
    for (id, listing) in &snapshot.listings {
        let story = stories.get(id.as_str()).cloned().unwrap_or_default();
        let stands = (
            listing.version,
            listing.status.as_str(),
            listing.order.clone(),
        );
        findings.unless(story == stands, "I-41", || {
            format!("the stream leaves the ticket {id} at {story:?}, it stands at {stands:?}")
        });
    }
    findings.unless(stories.len() == snapshot.listings.len(), "I-01", || {
        "the stream tells of tickets that are not there".to_owned()
    });
}

/// I-13, I-41: an order's versions have no gap, and final is final.
fn check_order_stories(snapshot: &Snapshot, findings: &mut Findings) {
    let mut stories: BTreeMap<&str, (i64, &str)> = BTreeMap::new();
    for event in snapshot.events_of("orders") {
        let (version, status) = stories.entry(&event.key).or_insert((0, ""));
        let (fits, next) = match event.kind.as_str() {
            "order.created" => (status.is_empty(), "created"),
            "order.awaiting_payment" => (*status == "created", "awaiting_payment"),
            "order.completed" => (*status == "awaiting_payment", "complete"),
            "order.cancelled" => (
                ["created", "awaiting_payment"].contains(status),
                "cancelled",
            ),
            _ => (false, ""),
        };
        findings.unless(fits, "I-13", || format!("{event:?} comes after {status}"));
        let number = event.data["version"].as_i64().unwrap_or_default();
        findings.unless(number == *version + 1, "I-41", || {
            format!("{event:?} comes after version {version}")
        });
        (*version, *status) = (number, next);
    }
    for (id, order) in &snapshot.orders {
        let story = stories.get(id.as_str()).copied().unwrap_or_default();
        let stands = (order.version, order.status.as_str());
        findings.unless(story == stands, "I-41", || {
            format!("the stream leaves the order {id} at {story:?}, it stands at {stands:?}")
        });
    }
    findings.unless(stories.len() == snapshot.orders.len(), "I-01", || {
        "the stream tells of orders that are not there".to_owned()
    });
}

/// I-39, C-28: what a cancelled order had is given back once; others give nothing back.
fn check_released_once(snapshot: &Snapshot, findings: &mut Findings) {
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for event in snapshot.events_of("tickets") {
        let (reserved, released) = counts.entry(event.text("order_id")).or_default();
        match event.kind.as_str() {
            "ticket.reserved" => *reserved += 1,
            "ticket.released" => *released += 1,
            _ => {}
        }
    }
    for (id, order) in &snapshot.orders {
        let (reserved, released) = counts.get(id.as_str()).copied().unwrap_or_default();
        let gives_back = if order.status == "cancelled" {
            reserved
        } else {
            0
        };
        findings.unless(reserved <= 1 && released == gives_back, "I-39", || {
            format!("the order {id} ({}) was given its ticket {reserved} times and gave it back {released} times", order.status)
        });
    }
}
