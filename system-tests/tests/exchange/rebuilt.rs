//! Real books and real analytics in a world that loses, doubles, delays and crashes.

use contracts::TaskId;
use contracts::calendar::Calendar;
use contracts::tasks::AssignmentEvent;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::Duration;
use tidings::Uuid;
use tidings_test::{Misbehaviour, World};

use crate::stage::{Exchange, assigned, counting, person, told_tasks};

/// What `tasks` tells of some days.
async fn history(exchange: &mut Exchange, random: &mut StdRng) {
    for number in 0..24_u128 {
        let task_id = TaskId::from(Uuid::from_u128(0x2000 + number));
        let assignee_id = person(random.random_range(1..=4));
        let at = exchange.world.clock().now();
        let assigned = assigned(task_id, assignee_id, at);
        let mut events = vec![assigned];
        if random.random_bool(0.7) {
            events.push(AssignmentEvent::Completed {
                task_id,
                assignee_id,
                completed_at: at.plus(Duration::from_secs(1)),
            });
        }
        exchange.tell("tasks", events).await;
        let pause = Duration::from_secs(random.random_range(60..20_000));
        exchange.world.advance(pause).await;
    }
    // What was crashed on again and again is put off, and tried again later.
    for _ in 0..20 {
        exchange.world.advance(Duration::from_secs(300)).await;
    }
}

/// B-25, B-33: whatever goes wrong on the way, days are equal in both, and the figures built
/// anew are those that were kept.
#[tokio::test]
async fn b_33_books_and_figures_agree_in_a_world_that_misbehaves_and_after_a_rebuild() {
    let mut faults = 0;
    for seed in 0..12 {
        let rules = Misbehaviour {
            crash: 3,
            ..Misbehaviour::default()
        };
        let world = World::misbehaving(seed, rules, || {
            let calendar = Calendar::try_new("America/St_Johns").unwrap();
            let mut all = counting(&calendar);
            all.push(told_tasks());
            all
        });
        let mut exchange = Exchange { world: world.await };
        exchange.staff().await;
        history(&mut exchange, &mut StdRng::seed_from_u64(seed)).await;
        let sql = "SELECT billing_day || ' ' || SUM(CASE kind WHEN 'assign_fee' THEN amount_minor
                WHEN 'task_reward' THEN -amount_minor ELSE 0 END) AS line
            FROM ledger GROUP BY billing_day";
        let of_books = exchange.lines("accounting", sql).await;
        let sql = "SELECT billing_day || ' ' || SUM(fees_minor - rewards_minor) AS line
            FROM earnings GROUP BY billing_day";
        assert_eq!(
            exchange.lines("analytics", sql).await,
            of_books,
            "seed {seed}"
        );
        let sql = "SELECT id || ' ' || balance_minor AS line FROM accounts WHERE movements > 0";
        let of_books = exchange.lines("accounting", sql).await;
        let figures = exchange.figures().await;
        assert_eq!(figures["balances"], of_books, "seed {seed}");
        assert!(!figures["closed_days"].is_empty(), "seed {seed}");
        exchange.rebuild().await;
        assert_eq!(exchange.figures().await, figures, "seed {seed}");
        exchange.ends_well().await;
        faults += exchange.world.faults().values().sum::<u32>();
    }
    assert!(faults > 100, "only {faults} faults fell");
}
