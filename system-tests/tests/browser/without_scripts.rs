//! The pages are whole without their script.

use crate::browser::{Browser, Scripts};
use crate::patience::{eventually, patiently};
use crate::stage::Stage;

#[tokio::test]
async fn without_scripts_a_ticket_is_sold_and_bought_all_the_same() {
    let stage = Stage::set().await;
    let seller = stage.browser(Scripts::Off).await;
    seller.signs_up("seller@example.com").await;
    let ticket = seller.sells("Swan Lake, dress circle", "80").await;
    // The shell marks the page of a running script.
    let runs = seller
        .script("return document.documentElement.dataset.link ?? null")
        .await;
    assert_eq!(runs, Ok(serde_json::Value::Null));

    let buyer = stage.browser(Scripts::Off).await;
    buyer.signs_up("buyer@example.com").await;
    buyer.finds("swan", "Swan Lake, dress circle").await;
    let order = buyer.buys().await;
    // The word of the tickets service may come after the page was made.
    looks_again(&buyer, &order, "Time left to pay").await;
    buyer.shows(".countdown", "until ").await;
    buyer.pays_with("tok_chargeDeclined").await;
    buyer.is_refused("The payment was declined", 402).await;
    buyer.follow("Try another card").await;
    buyer.pays_with("tok_visa").await;
    // The page that was left has the same words as the one that comes.
    let paying = async || match buyer.path().await {
        path if path.ends_with("?paying=2") => Ok(()),
        path => Err(path),
    };
    eventually("the order's page after the payment", paying).await;
    // Whether or not the order has heard of the money yet, nobody is asked for it again.
    let main = buyer.shows("main", "What you pa").await;
    assert!(!main.contains("Test card"), "{main}");
    looks_again(&buyer, &order, "The ticket is yours.").await;

    looks_again(&seller, &ticket, "Your ticket is sold.").await;
    seller.arrives_at("Swan Lake, dress circle").await;
    seller.click(".account form button").await;
    seller.shows(".account", "Sign in").await;
}

/// Loads a page until it says something, as its reader would.
pub(crate) async fn looks_again(browser: &Browser<'_>, path: &str, words: &str) {
    let look = async || {
        browser.open(path).await;
        let text = browser.text("main").await?;
        if text.contains(words) {
            Ok(())
        } else {
            Err(text)
        }
    };
    let seen = patiently(look).await;
    browser.must(seen, &format!("{words:?}")).await;
    browser.fits().await;
}
