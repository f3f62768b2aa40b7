//! Moves that are broken off: the target says so, and the next one begins anew.

use tidings::crash::{Plan, with_plan};
use tidings::{Error, MovedTable};

use super::{half_way, services, setup_on};
use crate::bed::{Bed, effects_by_key};

/// Breaks the move off at the given passing of a point; says whether it came that far.
async fn break_off(
    source: &Bed,
    target: &Bed,
    point: &'static str,
    count: u32,
    again: bool,
) -> bool {
    let mut passed = 0;
    let plan = Plan::new(move |name| {
        passed += u32::from(name == point);
        name == point && passed == count
    });
    let setup = setup_on(source.storage());
    let copied = with_plan(&plan, setup.copy_to(target.url(), again, &mut |_| {})).await;
    copied.is_none()
}

/// F-14: nothing starts on what is half there, and no try is harmed by the one before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_was_broken_off_anywhere_says_so_and_can_be_repeated() {
    let (source, target) = (Bed::sqlite(), Bed::postgres().await);
    half_way(&source).await;
    let points = [("M0", 1), ("M0", 9), ("M1", 1), ("M0", 30), ("M1", 2)];
    for (number, (point, count)) in points.into_iter().enumerate() {
        let again = number > 0;
        assert!(
            break_off(&source, &target, point, count, again).await,
            "{point}"
        );
        let started = setup_on(target.storage()).open().await;
        let Err(Error::Unsafe(text)) = started else {
            panic!("started on a half-filled target")
        };
        assert!(text.contains("--again"), "{text}");
        let repeated = setup_on(source.storage());
        let repeated = repeated.copy_to(target.url(), false, &mut |_| {}).await;
        assert!(matches!(repeated, Err(Error::Unsafe(text)) if text.contains("--again")));
    }
    let mut rows = 0;
    let mut hear = |table: &MovedTable| rows += table.rows;
    let setup = setup_on(source.storage());
    let copied = setup.copy_to(target.url(), true, &mut hear).await.unwrap();
    copied.finish().await.unwrap();
    assert!(rows > 30);
    let stage = target.stage(services()).await;
    let before = source.stage(services()).await;
    assert_eq!(
        effects_by_key(&stage.handle("consumer")).await,
        effects_by_key(&before.handle("consumer")).await
    );
}
