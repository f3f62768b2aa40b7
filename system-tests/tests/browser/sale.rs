//! The story that all this is for.

use crate::browser::Scripts;
use crate::patience::eventually;
use crate::stage::Stage;

#[tokio::test]
async fn somebody_lists_somebody_else_buys_and_both_see_it_sold() {
    let stage = Stage::set().await;
    let seller = stage.browser(Scripts::On).await;
    seller.signs_up("seller@example.com").await;
    let ticket = seller.sells("Mahler 2, block B", "95.50").await;
    seller.stays().await;
    let passer_by = stage.browser(Scripts::On).await;
    passer_by.open("/").await;
    passer_by.sees("Mahler 2, block B").await;
    passer_by.stays().await;

    let buyer = stage.browser(Scripts::On).await;
    buyer.signs_up("buyer@example.com").await;
    buyer.finds("mahler", "Mahler 2, block B").await;
    buyer.buys().await;
    buyer.sees("Time left to pay").await;
    buyer.fits().await;
    let begun = eventually("a countdown", async || buyer.seconds_left().await).await;
    assert!((1..=900).contains(&begun), "{begun} s left");
    let ticks = async || match buyer.seconds_left().await? {
        left if left < begun => Ok(()),
        left => Err(format!("{left} s left")),
    };
    eventually("the countdown falls", ticks).await;
    seller.shows(".badge", "Reserved").await;
    seller.sees("A buyer holds your ticket.").await;
    passer_by.sees("Nothing is on sale").await;

    buyer.pays_with("tok_visa").await;
    buyer.sees("The ticket is yours.").await;
    buyer.shows(".badge", "Complete").await;
    buyer.arrives_at("Order ").await;
    buyer.follow("My orders").await;
    buyer.arrives_at("My orders").await;
    buyer.shows("tbody", "Complete").await;
    buyer.open(&ticket).await;
    buyer.sees("Sold.").await;

    seller.sees("Your ticket is sold.").await;
    assert!(
        !seller.is_unloaded().await,
        "the seller's page changed by itself"
    );
    seller.arrives_at("Mahler 2, block B").await;
    seller.follow("My listings").await;
    seller.arrives_at("My listings").await;
    seller.shows("tbody", "Sold").await;
    assert!(
        !passer_by.is_unloaded().await,
        "the market changed by itself"
    );
    passer_by.arrives_at("Find your seat").await;
}

#[tokio::test]
async fn a_ticket_that_is_given_up_comes_back_to_the_market_by_itself() {
    let stage = Stage::set().await;
    let seller = stage.browser(Scripts::On).await;
    seller.signs_up("seller@example.com").await;
    seller.sells("Jazz, late set", "65").await;
    let buyer = stage.browser(Scripts::On).await;
    buyer.signs_up("buyer@example.com").await;
    buyer.finds("jazz", "Jazz, late set").await;
    buyer.buys().await;
    buyer.sees("Time left to pay").await;
    seller.shows(".badge", "Reserved").await;
    seller.stays().await;

    buyer.click("#cancel").await;
    buyer.confirm().await;

    buyer.sees("You have cancelled this order.").await;
    buyer.arrives_at("Order ").await;
    seller.shows(".badge", "Available").await;
    assert!(
        !seller.is_unloaded().await,
        "the seller's page changed by itself"
    );
    seller.click("#withdraw").await;
    seller.confirm().await;
    seller.sees("It is off the market.").await;
    seller.arrives_at("Jazz, late set").await;
}

#[tokio::test]
async fn news_of_the_market_wait_for_somebody_who_is_typing() {
    let stage = Stage::set().await;
    let seller = stage.browser(Scripts::On).await;
    seller.signs_up("seller@example.com").await;
    let reader = stage.browser(Scripts::On).await;
    reader.open("/").await;
    reader.sees("Nothing is on sale").await;
    reader.shows(".site-footer", "Live").await;
    reader.fill("#q", "half a wo").await;

    seller.sells("Hamlet", "10").await;

    reader
        .shows("#live-waiting", "This page has changed.")
        .await;
    reader.sees("Nothing is on sale").await;
    let typed = reader
        .script("return document.querySelector('#q').value")
        .await;
    assert_eq!(typed, Ok("half a wo".into()));
    reader.click("#live-waiting button").await;
    reader.sees("Hamlet").await;
    reader.arrives_at("Find your seat").await;
}
