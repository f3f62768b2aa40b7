//! An operator finds out what became of an order, with its id in hand.

use crate::browser::Scripts;
use crate::stage::Stage;

const OPERATOR: &str = "olga@example.com";

#[tokio::test]
async fn an_operator_finds_an_order_its_events_and_everything_that_followed() {
    let stage = Stage::set().await;
    let seller = stage.browser(Scripts::On).await;
    seller.signs_up("seller@example.com").await;
    seller.sells("Mahler 2, block B", "95.50").await;
    let buyer = stage.browser(Scripts::On).await;
    buyer.signs_up("buyer@example.com").await;
    buyer.finds("mahler", "Mahler 2, block B").await;
    let order = buyer.buys().await;
    let order = order.trim_start_matches("/orders/").to_owned();
    buyer.sees("Time left to pay").await;
    buyer.pays_with("tok_visa").await;
    buyer.sees("The ticket is yours.").await;
    let olga = stage.browser(Scripts::On).await;
    olga.signs_up(OPERATOR).await;
    stage.promote(OPERATOR).await;

    for scripts in [Scripts::On, Scripts::Off] {
        let olga = stage.browser(scripts).await;
        olga.signs_in(OPERATOR).await;
        olga.open("/console/events").await;
        olga.arrives_at("Events").await;
        olga.fill("#q", &order).await;
        olga.click(".finder button").await;
        olga.shows(".section-head", "Events that match").await;
        olga.shows("tbody", "order.completed").await;
        olga.arrives_at("Events").await;
        olga.follow("order.created").await;
        olga.arrives_at("order.created").await;
        olga.sees("Reached everybody").await;
        olga.shows("tbody", "tickets ← orders").await;
        olga.follow("Show the whole flow").await;
        olga.arrives_at("A flow").await;
        olga.shows(".trace", "ticket.reserved").await;
        olga.sees("Other flows about the same").await;
        olga.open(&format!("/console/trace/{order}")).await;
        olga.arrives_at("2 flows").await;
        olga.sees("payment.completed").await;
        olga.open("/console/events?q=nobody-knows").await;
        olga.sees("Nothing is called").await;
        olga.arrives_at("Events").await;
        olga.open("/console/retried").await;
        olga.arrives_at("Applied at last").await;
    }
}
