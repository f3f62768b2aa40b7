//! The pages: what they offer, to whom, and what they say when something went wrong.

use axum::body::Body;
use axum::http::Request;
use contracts::expirations::ExpirationEvent;
use contracts::tickets::TicketEvent;
use contracts::{OrderId, UserId};
use tidings_test::Answer;

use crate::stage::{PRICE, Stage, buyer, declined, id_of, paid, seller, stranger, ticket};
use crate::stage::{numbered_ticket, ticket_id};

async fn submit(stage: &Stage, user: Option<UserId>, path: &str, form: &str) -> Answer {
    let mut request =
        Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    if let Some(user) = user {
        request = request.header("authorization", format!("Bearer {}", stage.token(user)));
    }
    let request = request
        .body(Body::from(form.to_owned()))
        .expect("a request");
    stage.world.call(request).await
}

async fn buy(stage: &Stage, user: UserId) -> Answer {
    let form = format!("ticket_id={}&expected_price_minor={PRICE}", ticket_id());
    submit(stage, Some(user), "/orders", &form).await
}

async fn page(stage: &Stage, user: UserId, order_id: OrderId) -> String {
    let answer = stage.get(user, &format!("/orders/{order_id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.headers["location"].to_str().expect("text")
}

/// What the page offers: to pay, to cancel.
fn offers(page: &str, order_id: OrderId) -> (bool, bool) {
    let has = |act: &str| page.contains(&format!("action=\"/orders/{order_id}/{act}\""));
    (has("pay"), has("cancel"))
}

#[tokio::test]
async fn buying_leads_to_the_orders_page() {
    let stage = Stage::new().await;
    let answer = buy(&stage, buyer()).await;
    let mine = stage.get(buyer(), "/api/orders").await;
    let id = mine.json[0]["id"].as_str().unwrap();
    assert_eq!(location(&answer), format!("/orders/{id}"));
    // Pressed twice: the same order again.
    assert_eq!(
        location(&buy(&stage, buyer()).await),
        format!("/orders/{id}")
    );
}

#[tokio::test]
async fn whoever_was_slower_reads_that_and_finds_the_way_back() {
    let stage = Stage::new().await;
    buy(&stage, buyer()).await;
    let late = buy(&stage, stranger()).await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("<h1>Somebody was faster</h1>"));
    let back = format!("href=\"/tickets/{}\"", ticket_id());
    assert!(late.text.contains(&back), "{}", late.text);
}

/// C-13, C-14 on a page.
#[tokio::test]
async fn a_changed_price_the_own_ticket_and_no_ticket_have_a_page_each() {
    let mut stage = Stage::new().await;
    let own = buy(&stage, seller()).await;
    assert_eq!(own.status, 422);
    assert!(own.text.contains("<h1>This is your own ticket</h1>"));

    let mut dearer = ticket(2);
    dearer.price_minor = PRICE * 2;
    stage.tell(TicketEvent::Updated(dearer)).await;
    let changed = buy(&stage, buyer()).await;
    assert_eq!(changed.status, 409);
    assert!(changed.text.contains("<h1>The price has changed</h1>"));
    assert!(changed.text.contains("$240.00"));

    let form = format!("ticket_id={}", numbered_ticket(9));
    let missing = submit(&stage, Some(buyer()), "/orders", &form).await;
    assert_eq!(missing.status, 404);
    assert!(missing.text.contains("<h1>There is no such ticket</h1>"));
}

#[tokio::test]
async fn pages_are_for_those_who_have_signed_in() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let ticket_id = ticket_id();
    let form = format!("ticket_id={ticket_id}");
    let answer = submit(&stage, None, "/orders", &form).await;
    assert_eq!(answer.status, 401);
    let answer = submit(&stage, None, &format!("/orders/{order_id}/cancel"), "").await;
    assert_eq!(answer.status, 401);
    for path in [format!("/orders/{order_id}"), "/my/orders".to_owned()] {
        let answer = stage.world.get(&path, None).await;
        assert_eq!(answer.status, 401, "{path}");
    }
}

#[tokio::test]
async fn the_page_of_an_order_follows_it_from_reservation_to_sale() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let reserving = page(&stage, buyer(), order_id).await;
    assert!(reserving.contains("data-status=\"created\""));
    assert!(reserving.contains("Reserving the ticket."));
    assert_eq!(offers(&reserving, order_id), (false, true));

    stage
        .tell(TicketEvent::Reserved {
            ticket_id: ticket_id(),
            order_id,
            version: 2,
        })
        .await;
    let payable = page(&stage, buyer(), order_id).await;
    assert!(payable.contains("data-status=\"awaiting_payment\""));
    assert!(payable.contains(
        "data-countdown datetime=\"2026-01-01T12:15:00Z\" data-now=\"2026-01-01T12:00:00Z\""
    ));
    assert!(payable.contains("until 12:15 UTC"));
    assert!(payable.contains("Pay <span class=\"money\">$120.00</span>"));
    for token in [
        "tok_visa",
        "tok_chargeDeclined",
        "tok_chargeDeclinedInsufficientFunds",
        "tok_timeout",
    ] {
        let option = format!("<option value=\"{token}\">");
        assert!(payable.contains(&option), "{token}");
    }
    assert!(payable.contains("Test mode: no real money moves."));
    assert_eq!(offers(&payable, order_id), (true, true));

    stage.tell(paid(order_id)).await;
    let complete = page(&stage, buyer(), order_id).await;
    assert!(complete.contains("<strong>Paid.</strong> The ticket is yours."));
    assert!(!complete.contains("data-countdown"));
    assert_eq!(offers(&complete, order_id), (false, false));
}

/// C-22: nothing is offered that would be refused.
#[tokio::test]
async fn the_pay_form_goes_with_the_time_even_before_the_expiration_is_told() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.advance(899).await;
    let last_second = page(&stage, buyer(), order_id).await;
    assert_eq!(offers(&last_second, order_id), (true, true));
    stage.advance(1).await;
    let over = page(&stage, buyer(), order_id).await;
    assert!(over.contains("Time is up."));
    assert_eq!(offers(&over, order_id), (false, true));
}

#[tokio::test]
async fn an_expired_order_says_what_happened_and_where_the_ticket_is() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.advance(900).await;
    stage.tell(ExpirationEvent::Completed { order_id }).await;
    let expired = page(&stage, buyer(), order_id).await;
    assert!(expired.contains("data-status=\"expired\""));
    assert!(expired.contains("The order was not paid by 12:15 UTC"));
    let ticket = format!("href=\"/tickets/{}\">See the ticket", ticket_id());
    assert!(expired.contains(&ticket));

    // C-07: and when money came after all, where that is.
    stage.tell(paid(order_id)).await;
    let late = page(&stage, buyer(), order_id).await;
    assert!(late.contains("is on its way back to your card"));
}

#[tokio::test]
async fn a_declined_card_is_told_with_the_tries_that_are_left() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(declined(order_id, 1)).await;
    let once = page(&stage, buyer(), order_id).await;
    assert!(once.contains("<strong>The card was declined.</strong> Nothing was charged."));
    assert_eq!(offers(&once, order_id), (true, true));
    stage.tell(declined(order_id, 2)).await;
    let twice = page(&stage, buyer(), order_id).await;
    assert!(twice.contains("You have one more try."));
    stage.tell(declined(order_id, 3)).await;
    let over = page(&stage, buyer(), order_id).await;
    assert!(over.contains("The card was declined too often."));
    assert_eq!(offers(&over, order_id), (false, false));
}

#[tokio::test]
async fn while_a_payment_is_on_its_way_nothing_tempts_to_pay_again() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    let path = format!("/orders/{order_id}?paying=1");
    let paying = stage.get(buyer(), &path).await.text;
    assert!(paying.contains("Your payment is on its way."));
    assert_eq!(offers(&paying, order_id), (false, true));

    stage.tell(declined(order_id, 1)).await;
    let answered = stage.get(buyer(), &path).await.text;
    assert!(answered.contains("The card was declined."));
    assert_eq!(offers(&answered, order_id), (true, true));
}

#[tokio::test]
async fn cancelling_on_the_page_leads_back_to_the_order() {
    let mut stage = Stage::new().await;
    let order_id = stage.order().await;
    let path = format!("/orders/{order_id}/cancel");
    let answer = submit(&stage, Some(buyer()), &path, "").await;
    assert_eq!(location(&answer), format!("/orders/{order_id}"));
    let cancelled = page(&stage, buyer(), order_id).await;
    assert!(cancelled.contains("You have cancelled this order."));
}

/// C-05 on a page.
#[tokio::test]
async fn cancelling_a_paid_order_on_the_page_says_why_not() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    stage.tell(paid(order_id)).await;
    let path = format!("/orders/{order_id}/cancel");
    let answer = submit(&stage, Some(buyer()), &path, "").await;
    assert_eq!(answer.status, 409);
    assert!(answer.text.contains("The order was not cancelled."));
    assert!(answer.text.contains("The ticket is yours."));
}

/// C-32.
#[tokio::test]
async fn the_seller_sees_the_order_but_nothing_to_do() {
    let mut stage = Stage::new().await;
    let order_id = stage.reserved_order().await;
    let seen = page(&stage, seller(), order_id).await;
    assert!(seen.contains("An order for your ticket."));
    assert_eq!(offers(&seen, order_id), (false, false));
}

#[tokio::test]
async fn my_orders_are_empty_at_first_then_listed_then_turned() {
    let mut stage = Stage::empty().await;
    let empty = stage.get(buyer(), "/my/orders").await.text;
    assert!(empty.contains("<h2>No orders yet</h2>"));

    for number in 0..3 {
        let mut listed = ticket(1);
        listed.ticket_id = numbered_ticket(number);
        listed.title = format!("Evening {number}");
        stage.tell(TicketEvent::Created(listed)).await;
        stage.advance(1).await;
        let body = serde_json::json!({ "ticket_id": numbered_ticket(number) });
        id_of(&stage.post(buyer(), "/api/orders", body).await);
    }
    let first = stage.get(buyer(), "/my/orders?limit=2").await.text;
    let shows = |page: &str| [0, 1, 2].map(|n| page.contains(&format!("Evening {n}")));
    assert_eq!(shows(&first), [false, true, true]);
    assert!(!first.contains("← Newest"));

    let next = first.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap();
    let next = next.replace("&#38;", "&").replace("&amp;", "&");
    let second = stage.get(buyer(), &next).await.text;
    assert_eq!(shows(&second), [true, false, false]);
    assert!(second.contains("← Newest"));
    assert!(!second.contains("rel=\"next\""));
}

#[tokio::test]
async fn nothing_that_a_seller_or_a_provider_wrote_becomes_markup() {
    let mut stage = Stage::empty().await;
    let mut listed = ticket(1);
    listed.title = "<script>alert(1)</script>\"'&".to_owned();
    stage.tell(TicketEvent::Created(listed)).await;
    let order_id = stage.reserved_order().await;
    stage
        .tell(contracts::payments::PaymentEvent::Failed {
            payment_id: crate::stage::payment_id(),
            order_id,
            attempt: 1,
            code: "<img src=x>".to_owned(),
        })
        .await;
    let order = page(&stage, buyer(), order_id).await;
    let list = stage.get(buyer(), "/my/orders").await.text;
    let told = format!("/orders/{order_id}?problem=%3Cscript%3E");
    let told = stage.get(buyer(), &told).await.text;
    for page in [order, list, told] {
        assert!(!page.contains("<script"), "{page}");
        assert!(!page.contains("<img"), "{page}");
        assert!(page.contains("alert(1)"), "{page}");
    }
}
