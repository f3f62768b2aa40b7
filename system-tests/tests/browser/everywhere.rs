//! Every page with the widest things that people can write into it.

use crate::browser::Scripts;
use crate::stage::Stage;

/// As long as a title may be, and with nowhere to break.
const LONG: &str = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft\
    Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft";

#[tokio::test]
async fn no_page_scrolls_sideways_however_long_its_words_are() {
    let stage = Stage::set().await;
    let email = format!("{}@example.com", "a-long-name-".repeat(5));
    let seller = stage.browser(Scripts::On).await;
    seller.signs_up(&email).await;
    let ticket = seller.sells(LONG, "999999.99").await;
    for (path, heading) in [
        ("/", "Find your seat"),
        ("/?q=nothing+of+the+kind", "Find your seat"),
        ("/my/listings", "My listings"),
        (&format!("{ticket}/edit"), "Edit a ticket"),
        ("/my/orders", "My orders"),
        ("/status", "Status"),
        ("/api/docs", "API"),
    ] {
        seller.open(path).await;
        seller.arrives_at(heading).await;
        let unfold = "document.querySelectorAll('details').forEach((one) => one.open = true)";
        seller.script(unfold).await.expect("to unfold everything");
        seller.fits().await;
    }
    seller.open("/nowhere").await;
    seller.is_refused("Nothing here", 404).await;
    seller.open("/console").await;
    seller.is_refused("You may not do this", 403).await;

    let buyer = stage.browser(Scripts::On).await;
    buyer.signs_up("buyer@example.com").await;
    buyer.open(&ticket).await;
    buyer.buys().await;
    buyer.sees("Time left to pay").await;
    buyer.fits().await;
    buyer.open("/my/orders").await;
    buyer.arrives_at("My orders").await;

    seller.open("/status").await;
    stage.promote(&email).await;
    seller.open("/console").await;
    seller.arrives_at("Console").await;
}

/// What is never found must be shown to be looked for.
#[tokio::test]
async fn a_page_that_is_too_wide_or_breaks_its_policy_is_noticed() {
    let stage = Stage::set().await;
    let browser = stage.browser(Scripts::On).await;
    browser.open("/status").await;
    browser.arrives_at("Status").await;

    let widen = "document.querySelector('h1').textContent = 'wide'.repeat(500);
        document.querySelector('h1').setAttribute('style', 'white-space: nowrap');";
    browser.script(widen).await.expect("a style");
    let complaints = browser.complaints().await;
    assert!(
        matches!(complaints.as_slice(), [one] if one.contains("Content Security Policy")),
        "{complaints:?}"
    );

    let widen = "document.querySelector('h1').style.whiteSpace = 'nowrap';
        document.querySelector('h1').style.overflowWrap = 'normal';";
    browser.script(widen).await.expect("a style");
    assert_ne!(browser.overflow().await, "");
}
