//! What people are told when something is not to be had.

use crate::browser::Scripts;
use crate::stage::Stage;

#[tokio::test]
async fn after_a_declined_card_another_one_pays() {
    let stage = Stage::set().await;
    let seller = stage.browser(Scripts::On).await;
    seller.signs_up("seller@example.com").await;
    seller.sells("Arsenal v Chelsea", "245.50").await;
    let buyer = stage.browser(Scripts::On).await;
    buyer.signs_up("buyer@example.com").await;
    buyer.finds("chelsea", "Arsenal v Chelsea").await;
    let order = buyer.buys().await;

    buyer.pays_with("tok_chargeDeclinedInsufficientFunds").await;
    buyer.is_refused("The payment was declined", 402).await;
    buyer.follow("Try another card").await;
    assert_eq!(buyer.path().await, order);
    buyer.sees("Nothing was charged.").await;
    buyer.sees("Payment declined").await;
    buyer.arrives_at("Order ").await;

    buyer.pays_with("tok_visa").await;
    buyer.sees("The ticket is yours.").await;
    buyer.arrives_at("Order ").await;
}

#[tokio::test]
async fn the_third_declined_card_ends_the_order_and_says_so() {
    let stage = Stage::set().await;
    let seller = stage.browser(Scripts::On).await;
    seller.signs_up("seller@example.com").await;
    seller.sells("Fado night", "35").await;
    let buyer = stage.browser(Scripts::On).await;
    buyer.signs_up("buyer@example.com").await;
    buyer.finds("fado", "Fado night").await;
    buyer.buys().await;

    for _ in 1..=2 {
        buyer.pays_with("tok_chargeDeclined").await;
        buyer.is_refused("The payment was declined", 402).await;
        buyer.follow("Try another card").await;
        buyer.sees("Nothing was charged.").await;
    }
    buyer.pays_with("tok_chargeDeclined").await;
    buyer.is_refused("The payment was declined", 402).await;
    buyer.sees("This was the last of three tries.").await;
    buyer.follow("See the order").await;

    buyer.sees("The card was declined too often.").await;
    buyer.arrives_at("Order ").await;
    seller.shows(".badge", "Available").await;
}

/// The page of the late buyer is old, as any page is for the moment that news take.
#[tokio::test]
async fn who_comes_too_late_is_told_so_and_what_to_do() {
    let stage = Stage::set().await;
    let seller = stage.browser(Scripts::On).await;
    seller.signs_up("seller@example.com").await;
    let ticket = seller.sells("Parsifal, stalls left", "120").await;
    let late = stage.browser(Scripts::Off).await;
    late.signs_up("late@example.com").await;
    late.open(&ticket).await;
    late.sees("Buy this ticket").await;
    let buyer = stage.browser(Scripts::On).await;
    buyer.signs_up("buyer@example.com").await;
    buyer.finds("parsifal", "Parsifal, stalls left").await;
    buyer.buys().await;
    buyer.sees("Time left to pay").await;

    late.click("#buy").await;
    late.is_refused("Somebody was faster", 409).await;
    late.sees("held for another buyer").await;
    late.follow("Back to the ticket").await;
    late.arrives_at("Parsifal, stalls left").await;
    late.sees("Somebody is paying for it.").await;

    buyer.pays_with("tok_visa").await;
    buyer.sees("The ticket is yours.").await;
    seller.sees("Your ticket is sold.").await;
    late.open(&ticket).await;
    late.arrives_at("Parsifal, stalls left").await;
    late.sees("Sold. If you bought it, it is in your orders.")
        .await;
}

#[tokio::test]
async fn who_has_signed_out_is_nobody() {
    let stage = Stage::set().await;
    let browser = stage.browser(Scripts::On).await;
    browser.signs_up("anna@example.com").await;

    browser.click(".account form button").await;

    browser.shows(".account", "Sign in").await;
    browser.arrives_at("Find your seat").await;
    let header = browser.shows(".site-header", "Market").await;
    assert!(!header.contains("anna@example.com"), "{header}");
    assert!(!header.contains("My orders"), "{header}");
    browser.open("/my/orders").await;
    browser.arrives_at("Sign in").await;

    browser.fill("#email", "anna@example.com").await;
    browser.fill("#password", "not the words").await;
    browser.click("main form .button-primary").await;
    browser.is_refused("Sign in", 400).await;
    browser.sees("You are not signed in").await;
    browser.fill("#password", "a few words are better").await;
    browser.click("main form .button-primary").await;
    browser.arrives_at("My orders").await;
}

#[tokio::test]
async fn a_form_that_is_wrong_keeps_what_was_typed_and_says_what_is_wrong() {
    let stage = Stage::set().await;
    let browser = stage.browser(Scripts::On).await;
    browser.signs_up("anna@example.com").await;
    browser.open("/sell").await;

    browser.fill("#title", "<script>alert(1)</script>").await;
    browser.fill("#price", "-4").await;
    browser.click("main form .button-primary").await;

    browser.is_refused("Sell a ticket", 400).await;
    browser.sees("The ticket was not saved").await;
    browser.fill("#price", "4").await;
    browser.click("main form .button-primary").await;
    browser.arrives_at("<script>alert(1)</script>").await;
}
