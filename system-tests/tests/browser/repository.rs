//! Technical support at the repository of commands: E.2, product A.

use std::time::{Duration, Instant};

use crate::browser::{Browser, Scripts};
use crate::patience::eventually;
use crate::stage::Stage;

/// What WebDriver calls the keys.
const ENTER: &str = "\u{E007}";
const PASTE: &str = "\u{E009}v";

/// So long may somebody wait for the pages between a problem and its line; typing comes on top.
const FOUND_WITHIN: Duration = Duration::from_secs(10);

impl Browser<'_> {
    /// Waits until what has the focus says something: its value, or the words on it.
    async fn focuses(&self, words: &str) {
        let look = async || {
            let look = "const e = document.activeElement; return e.value || e.textContent.trim();";
            match self.script(look).await?.as_str().unwrap_or_default() {
                found if found == words => Ok(()),
                found => Err(found.to_owned()),
            }
        };
        eventually(&format!("the focus on {words:?}"), look).await;
    }
}

/// Somebody who has never been here: finds, fills in, copies, and touches no mouse.
#[tokio::test]
async fn support_finds_fills_in_and_copies_a_command_in_three_actions_of_the_keyboard() {
    let stage = Stage::with_demonstration().await;
    let support = stage.browser_of("support", Scripts::On).await;
    support.arrives_at("Find a command").await;

    let begun = Instant::now();
    // Find: the words go where the cursor is, and what fits best has it next.
    support.press(&format!("restart container{ENTER}")).await;
    support.shows(".section-head", "commands").await;
    support.focuses("Restart a container").await;
    support.press(ENTER).await;
    support.shows("main h1", "Restart a container").await;
    // Fill in, with a value that means harm.
    support.press(&format!("shop-1; rm -rf ~{ENTER}")).await;
    support.shows("#result", "Ready to use").await;
    // Copy: the button has the focus.
    support.focuses("Copy").await;
    support.press(ENTER).await;
    support.shows("#copy", "Copied").await;
    let took = begun.elapsed();
    println!("found, filled in and copied in {took:.1?}");
    assert!(took < FOUND_WITHIN, "{took:?}");

    // It is said afterwards that it has worked, and the next one sees that.
    support.arrives_at("Restart a container").await;
    support.click("#worked").await;
    support.shows(".notice", "it worked").await;
    support.arrives_at("Restart a container").await;
    support.shows("main table", "shop-1; rm -rf ~").await;

    // What was copied is one word for the shell, whatever it means.
    support.open("/commands").await;
    support.arrives_at("Find a command").await;
    support.press(PASTE).await;
    support
        .focuses("docker restart --time 20 'shop-1; rm -rf ~'")
        .await;
}

/// what is missing is told beside its field, and what destroys something asks.
#[tokio::test]
async fn what_destroys_something_is_filled_in_for_whoever_means_it_even_without_a_script() {
    let stage = Stage::with_demonstration().await;
    let support = stage.browser_of("support", Scripts::Off).await;
    support.open("/commands?risk=destructive").await;
    support.arrives_at("Find a command").await;
    support.click("main tbody tr:first-child th a").await;
    support.shows(".page-head", "Destructive").await;
    // A page of an older browser says nothing of fields that must be filled in.
    let unmind = "document.querySelector('#fill').formNoValidate = true";
    support.script(unmind).await.expect("a form without checks");
    support.fill("input[name^='value.']", "4Fb2Jq1Xz").await;
    support.click("#fill").await;
    support
        .shows("#confirm-error", "Say that you mean it.")
        .await;
    support.click("#confirm").await;
    support.click("#fill").await;
    support.shows("#result", "Ready to use").await;
}

/// E.2: support adds and edits commands; A-28: what was said before is still there.
#[tokio::test]
async fn support_writes_a_command_down_changes_it_and_goes_back() {
    let stage = Stage::with_demonstration().await;
    let support = stage.browser_of("support", Scripts::On).await;
    support.follow("New command").await;
    support.arrives_at("New command").await;
    support.fill("#platform", "PostgreSQL").await;
    support.fill("#how-to", "Give an advisory lock back").await;
    support
        .fill("#command-line", "SELECT pg_advisory_unlock({{key}});")
        .await;
    support.click("#shell option[value='sql']").await;
    support.click("#risk option[value='caution']").await;
    support.click("#places").await;
    support.shows("#params-0", "Parameter").await;
    support.arrives_at("New command").await;
    support.click("#params-0--type option[value='int']").await;
    support.click("#save").await;
    support.shows(".notice", "Everybody finds it now.").await;
    support.arrives_at("Give an advisory lock back").await;

    support.follow("Change").await;
    support.arrives_at("Change this command").await;
    support
        .fill(
            "#command-line",
            "SELECT pg_advisory_unlock_shared({{key}});",
        )
        .await;
    support.click("#save").await;
    support.shows(".notice", "Saved.").await;
    support.follow("2 revisions").await;
    support.arrives_at("History").await;
    support
        .shows("#revision-2", "pg_advisory_unlock_shared")
        .await;
    support.click("#revert-1").await;
    support.shows(".notice", "It says again").await;
    support
        .shows("main pre", "pg_advisory_unlock({{key}})")
        .await;

    // What is no number is refused beside its field, and nothing is lost.
    let key = "input[name='value.key']";
    support.fill(key, "1 OR 1=1").await;
    support.click("#fill").await;
    support
        .shows(".error-summary", "The line could not be filled in")
        .await;
    support.is_refused("Give an advisory lock back", 422).await;
    support.fill(key, "4711").await;
    support.click("#fill").await;
    support.shows("#result", "Ready to use").await;
}
