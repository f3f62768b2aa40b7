//! Whatever buyers, orders, the provider and the machine do: the money adds up.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use contracts::orders::CancelReason;
use proptest::prelude::*;
use tidings_test::Misbehaviour;

use crate::market::{Book, Market, PRICE, Placed, seconds, unended};
use crate::moody::Mood;
use crate::orders;

const CARDS: [&str; 4] = [
    "tok_visa",
    "tok_timeout",
    "tok_chargeDeclined",
    "tok_chargeDeclinedInsufficientFunds",
];
const ORDERS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Pay(usize, &'static str),
    PayTwiceAtOnce(usize),
    Cancel(usize, CancelReason),
    /// The news that an order awaits its payment comes once more, late.
    Repeat(usize),
    Mood(Mood),
    Pass(u64),
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    let order = 0..ORDERS;
    let reason = prop::sample::select(vec![CancelReason::User, CancelReason::Expired]);
    let mood = prop::sample::select(vec![
        Mood::AnswerLost,
        Mood::DiesAfter,
        Mood::NeverArrives,
        Mood::RefundAnswerLost,
    ]);
    prop_oneof![
        6 => (order.clone(), prop::sample::select(CARDS.to_vec())).prop_map(|(o, c)| Step::Pay(o, c)),
        1 => order.clone().prop_map(Step::PayTwiceAtOnce),
        2 => (order.clone(), reason).prop_map(|(o, r)| Step::Cancel(o, r)),
        1 => order.prop_map(Step::Repeat),
        3 => mood.prop_map(Step::Mood),
        3 => (1_u64..200).prop_map(Step::Pass),
        4 => Just(Step::Settle),
    ]
}

async fn act(market: &mut Market, placed: &[Placed], step: &Step) {
    match step {
        Step::Pay(order, card) => sane(&market.pay(&placed[*order], card).await),
        Step::PayTwiceAtOnce(order) => {
            let order = &placed[*order];
            let both = tokio::join!(market.pay(order, "tok_visa"), market.pay(order, "tok_visa"));
            sane(&both.0);
            sane(&both.1);
        }
        Step::Cancel(order, reason) => {
            orders::cancel(&market.orders(), placed[*order].id, *reason).await;
        }
        Step::Repeat(order) => orders::repeat_awaiting(&market.orders(), placed[*order].id).await,
        Step::Mood(mood) => market.provider.next(*mood),
        Step::Pass(count) => market.world.advance(seconds(*count)).await,
        Step::Settle => market.world.settle().await,
    }
}

/// A buyer's request is done or clearly refused, whatever else goes on.
fn sane(answer: &tidings_test::Answer) {
    let known = [StatusCode::CREATED, StatusCode::CONFLICT];
    assert!(
        known.contains(&answer.status),
        "{} {}",
        answer.status,
        answer.text
    );
}

/// C-24, C-25, C-26 for one order at the end of its story.
async fn check(market: &Market, order: &Placed) {
    let book = market.book(order).await;
    let status = market.order_status(order).await;
    assert!(book.captures <= 1, "{book:?}");
    let kept = if status == "complete" { PRICE } else { 0 };
    assert_eq!(book.captured - book.refunded, kept, "{status} {book:?}");

    // The service's own records say the same as the provider's book, and were told once.
    let statuses = market.statuses(order).await;
    let count = |wanted: &str| statuses.iter().filter(|one| *one == wanted).count();
    let own = Book {
        captures: i64::try_from(count("completed") + count("refunded")).unwrap(),
        captured: PRICE * i64::try_from(count("completed") + count("refunded")).unwrap(),
        refunded: PRICE * i64::try_from(count("refunded")).unwrap(),
    };
    assert_eq!(own, book, "{statuses:?}");
    assert_eq!(
        statuses.len(),
        own_captures(&own) + count("failed"),
        "{statuses:?}"
    );
    let heard = market.heard(order).await;
    let told = |word: &str| heard.iter().filter(|text| text.starts_with(word)).count();
    assert_eq!(
        [told("completed"), told("refunded"), told("failed")],
        [own_captures(&own), count("refunded"), count("failed")],
        "{heard:?}"
    );
}

fn own_captures(book: &Book) -> usize {
    usize::try_from(book.captures).unwrap()
}

async fn story(seed: u64, steps: Vec<Step>) -> BTreeMap<String, u32> {
    // A job in whose every run the process ends is given to a person after ten, so crashes
    // are rare enough that this does not happen by chance.
    let rules = Misbehaviour {
        crash: 3,
        ..Misbehaviour::default()
    };
    let mut market = Market::misbehaving(seed, rules).await;
    let mut placed = Vec::new();
    for _ in 0..ORDERS {
        placed.push(market.order().await);
    }
    // An event that was crashed on again and again is parked, and tried again a little later.
    market.world.advance(seconds(60)).await;
    for step in &steps {
        act(&mut market, &placed, step).await;
    }
    // Longer than every lease, backoff and wait that is left: a job that a crash has cut off
    // is taken up again once in each of these minutes.
    for _ in 0..60 {
        market.world.advance(seconds(60)).await;
    }
    for order in &placed {
        check(&market, order).await;
    }
    let charges = market.provider.charges();
    let mut distinct = charges.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(
        charges.len(),
        distinct.len(),
        "an attempt was charged for twice"
    );
    let payments = market.world.service("payments");
    assert!(tidings::dead::jobs(&payments, 10).await.unwrap().is_empty());
    assert_eq!(unended(&payments).await, []);
    assert!(
        tidings::dead::events(&payments, 10)
            .await
            .unwrap()
            .is_empty()
    );
    market.world.faults()
}

/// C-24: what was taken less what went back is nothing or the order's price, never two
/// captures; C-25: what was taken is the complete orders' totals and what went back.
#[test]
fn the_money_adds_up_in_a_world_that_misbehaves() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let faults = std::cell::Cell::new(0);
    let config = ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(seed in any::<u64>(), steps in prop::collection::vec(step(), 1..40))| {
        let fallen = runtime.block_on(story(seed, steps));
        faults.set(faults.get() + fallen.values().sum::<u32>());
    });
    assert!(faults.get() > 500, "only {} faults fell", faults.get());
}
