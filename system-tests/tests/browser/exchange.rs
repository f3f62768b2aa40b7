//! An office at work: those who deal, those who do, and those who keep the books.

use std::time::{Duration, Instant};

use system_tests::pause;

use crate::browser::{Browser, Scripts};
use crate::office::downloaded;
use crate::stage::Stage;
use crate::without_scripts::looks_again;

const MANAGER: &str = "manager@example.com";
const WORKER: &str = "worker@example.com";
const ACCOUNTANT: &str = "accountant@example.com";
/// So many that dealing them takes some seconds, and people see how far it is.
const MANY: u32 = 2_000;
const SHUFFLE_LIMIT: Duration = Duration::from_secs(120);
const SHUFFLES_MAX: u32 = 8;

/// Three people with accounts, and then with their roles.
async fn office<'a>(stage: &'a Stage, scripts: Scripts) -> [Browser<'a>; 3] {
    let people = [
        stage.browser(scripts).await,
        stage.browser(scripts).await,
        stage.browser(scripts).await,
    ];
    for (browser, email) in people.iter().zip([MANAGER, WORKER, ACCOUNTANT]) {
        browser.signs_up(email).await;
        // A page that follows nothing, because the server goes away for a moment.
        browser.open("/status").await;
    }
    let roles = [
        ("manager", MANAGER),
        ("worker", WORKER),
        ("accountant", ACCOUNTANT),
    ];
    stage.grant(&roles).await;
    people
}

#[tokio::test]
async fn an_office_deals_works_and_keeps_its_books_in_three_windows_at_once() {
    let stage = Stage::set().await;
    let [manager, worker, accountant] = office(&stage, Scripts::On).await;
    worker.open("/exchange/tasks").await;
    worker.arrives_at("My tasks").await;
    worker.sees("Nothing to do").await;
    worker.stays().await;
    let purse = stage.browser(Scripts::On).await;
    purse.signs_in(WORKER).await;
    purse.open("/exchange/account").await;
    purse.arrives_at("My account").await;
    purse.sees("No entries yet").await;
    purse.stays().await;
    accountant.open("/exchange/books").await;
    accountant.arrives_at("Books").await;
    accountant.sees("Nobody owes anything").await;
    accountant.stays().await;

    manager.creates("Mend the gate").await;
    manager.creates_many(20).await;
    a_worker_completes_with_one_click(&worker, &purse).await;
    the_books_have_changed_by_themselves(&accountant, &stage).await;

    manager.creates_many(MANY).await;
    a_shuffle_is_followed_in_mid_run(&manager, &purse).await;
    assert!(!worker.is_unloaded().await, "only lists came and went");
    worker.arrives_at("My tasks").await;
    worker.follow("My account").await;
    worker.arrives_at("My account").await;
    worker.sees("Assigned in a shuffle by").await;
}

#[tokio::test]
async fn without_scripts_tasks_are_created_done_dealt_and_booked_all_the_same() {
    let stage = Stage::set().await;
    let [manager, worker, accountant] = office(&stage, Scripts::Off).await;
    // Until one of them falls to the worker, and not to the accountant.
    let mut number = 0;
    let done = loop {
        number += 1;
        let title = format!("Task {number}");
        manager.creates(&title).await;
        if manager
            .text("main")
            .await
            .is_ok_and(|text| text.contains(WORKER))
        {
            break title;
        }
    };
    looks_again(&worker, "/exchange/tasks", "+$").await;
    worker.sees("What is done cannot be taken back").await;
    worker.follow(&done).await;
    worker.arrives_at(&done).await;
    worker.sees("This cannot be taken back.").await;
    worker.click("#complete").await;
    worker.sees("Done. The reward goes to your account.").await;
    worker.arrives_at("My tasks").await;
    looks_again(&worker, "/exchange/account", "Completed").await;
    worker.arrives_at("My account").await;

    manager.creates("Once more").await;
    manager.open("/exchange/team").await;
    manager.arrives_at("Team").await;
    manager.click("#shuffle").await;
    manager.has_asked_for_a_shuffle().await;
    looks_again(
        &manager,
        "/exchange/team?done=shuffle",
        "The shuffle is done.",
    )
    .await;
    manager.sees("dealt.").await;

    accountant.open("/exchange/books/accounts").await;
    accountant.follow(WORKER).await;
    accountant.arrives_at(WORKER).await;
    let before = accountant.balance_rests().await;
    accountant.click("#adjust summary").await;
    accountant.click("#way option[value='take']").await;
    accountant.fill("#amount", "5").await;
    accountant.fill("#note", "A lost badge").await;
    accountant.click("#post-adjustment").await;
    accountant.sees("Posted.").await;
    accountant.sees("A lost badge").await;
    assert!(
        accountant
            .balance()
            .await
            .is_ok_and(|after| after <= before - 500)
    );
    looks_again(&worker, "/exchange/account", "A lost badge").await;
}

/// B-17: it cannot be taken back, so it is asked for.
async fn a_worker_completes_with_one_click(worker: &Browser<'_>, purse: &Browser<'_>) {
    worker.sees("wait for you.").await;
    worker.shows("tbody tr:first-child", "+$").await;
    worker.shows("tbody tr:first-child", "-$").await;
    let title = worker.shows("tbody tr:first-child th a", "").await;
    assert!(!worker.is_unloaded().await, "the list changed by itself");
    worker.fits().await;
    purse.sees(&title).await;
    let charged = purse.balance_rests().await;
    assert!(charged < 0, "{charged}");

    worker.click("tbody tr:first-child .actions button").await;
    let asked = worker.refuse().await;
    assert_eq!(
        asked,
        format!("Is “{title}” done? This cannot be taken back.")
    );
    assert_eq!(purse.balance().await, Ok(charged), "nothing was done");
    worker.click("tbody tr:first-child .actions button").await;
    worker.confirm().await;
    worker.sees("Done. The reward goes to your account.").await;
    worker.arrives_at("My tasks").await;
    worker.stays().await;

    let rewarded = purse.balance_changes(charged).await;
    assert!((2_000..=4_000).contains(&(rewarded - charged)), "B-19");
    purse.sees("Completed").await;
    assert!(!purse.is_unloaded().await, "the account changed by itself");
    purse.arrives_at("My account").await;
}

async fn the_books_have_changed_by_themselves(accountant: &Browser<'_>, stage: &Stage) {
    accountant.shows(".tiles", "Management earned today").await;
    accountant.shows("main", WORKER).await;
    assert!(
        !accountant.is_unloaded().await,
        "the books changed by themselves"
    );
    accountant.follow("Add everything up anew").await;
    accountant.sees("The books are right.").await;
    accountant.arrives_at("Books").await;
    // Closing is for admins.
    accountant.click("tbody tr:first-child th a").await;
    accountant
        .sees("Before that only administrators close a day.")
        .await;
    accountant.fits().await;

    let downloads = stage.folder("downloads");
    accountant.downloads_into(&downloads).await;
    accountant.open("/exchange/books/accounts").await;
    accountant.arrives_at("Accounts").await;
    accountant.follow(WORKER).await;
    accountant.arrives_at(WORKER).await;
    accountant.follow("Everything as CSV").await;
    let csv = downloaded(&downloads, "account.csv").await;
    assert!(csv.contains("day,time,kind,jira_id,task,why,debit_usd,credit_usd,late"));
    assert!(csv.contains(",task_reward,"), "{csv}");
    an_account_is_set_right(accountant).await;
}

async fn an_account_is_set_right(accountant: &Browser<'_>) {
    let before = accountant.balance_rests().await;
    accountant.click("#adjust summary").await;
    accountant.fits().await;
    accountant.fill("#amount", "12.50").await;
    accountant.fill("#note", "The bus on Monday").await;
    accountant.click("#post-adjustment").await;
    accountant.confirm().await;
    accountant.sees("Posted.").await;
    accountant.sees("The bus on Monday").await;
    assert_eq!(accountant.balance().await, Ok(before + 1_250));
    accountant.arrives_at(WORKER).await;
}

/// B-14, B-15: what takes long says how far it is, without anybody asking.
async fn a_shuffle_is_followed_in_mid_run(manager: &Browser<'_>, purse: &Browser<'_>) {
    let before = purse.balance_rests().await;
    let mut seen = Vec::new();
    // On a busy machine the page may come when all is dealt: then once more.
    for _ in 0..SHUFFLES_MAX {
        seen = watched_shuffle(manager).await;
        assert!(seen.is_sorted(), "{seen:?}");
        if seen.iter().any(is_in_mid_run) {
            break;
        }
    }
    assert!(seen.iter().any(is_in_mid_run), "seen on the bar: {seen:?}");
    manager.arrives_at("Team").await;
    let charged = purse.balance_changes(before).await;
    assert!(
        charged < before,
        "each task that fell to the worker has its fee"
    );
    assert!(!purse.is_unloaded().await, "the account changed by itself");
}

fn is_in_mid_run(percent: &u64) -> bool {
    (1..100).contains(percent)
}

/// Everything that the bar said from the press of the button to the end.
async fn watched_shuffle(manager: &Browser<'_>) -> Vec<u64> {
    manager.open("/exchange/team").await;
    manager.arrives_at("Team").await;
    manager.click("#shuffle").await;
    manager.confirm().await;
    manager.has_asked_for_a_shuffle().await;
    manager.stays().await;
    let begun = Instant::now();
    let mut seen = Vec::new();
    let over = loop {
        seen.extend(manager.shuffle_progress().await);
        match manager.text(".notice-success").await {
            Ok(text) => break text,
            Err(last) => assert!(begun.elapsed() < SHUFFLE_LIMIT, "{seen:?} {last}"),
        }
        pause(Duration::from_millis(20)).await;
    };
    assert!(over.contains("tasks dealt."), "{over}");
    assert!(!manager.is_unloaded().await, "the bar moved by itself");
    seen
}
