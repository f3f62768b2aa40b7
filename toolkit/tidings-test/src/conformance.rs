//! What every transport must pass, whoever writes it.
//!
//! A [`Transport`](tidings::Transport) may lose, duplicate, delay and reorder events, because
//! numbers are checked at the end. It may not invent or change them, stand in the way when there
//! is nothing to receive, give more than it was asked for, or gather without bound what nobody
//! takes. The suite plays small stories between a real producer and a real subscriber, each on a
//! database of its own, over the transport, in real time. At the end of each it is checked that
//! every event was applied once and in order per key, that every cursor stands at its producer's
//! head, that nothing is parked and no alert is open, and that the transport has carried events
//! exactly as they were written.
//!
//! What is tested is a [`Carrier`]: it makes the transport, and knows how to cut it and to make
//! it forget. The smallest one is the feed within a process, which is here as [`InProcess`]:
//!
//! ```
//! use tidings_test::conformance::{Carrier, Doing, PRODUCER, Route};
//! use tidings::{Cause, Installation, LocalFeed};
//!
//! #[derive(Default)]
//! struct Nearest(std::sync::Mutex<Option<LocalFeed>>);
//!
//! impl Carrier for Nearest {
//!     fn carry<'a>(&'a self, producer: &'a Installation) -> Doing<'a, Result<(), Cause>> {
//!         Box::pin(async move {
//!             let producer = producer.handle(PRODUCER).ok_or("find the producer")?;
//!             *self.0.lock().unwrap() = Some(LocalFeed::new(producer));
//!             Ok(())
//!         })
//!     }
//!
//!     fn route(&self) -> Result<Route, Cause> {
//!         let feed = self.0.lock().unwrap().clone().ok_or("carry a producer first")?;
//!         Ok(Route::new(feed.clone(), feed))
//!     }
//! }
//!
//! // One case by hand; `conformance!` makes a test of each.
//! use tidings_test::conformance::{self, Ground};
//! conformance::run(async {
//!     let ground = Ground::sqlite(Nearest::default());
//!     conformance::a_new_subscriber_gets_all_history(ground).await
//! });
//! ```
//!
//! And all cases as tests of your crate, each by its name:
//!
//! ```no_run
//! mod nearest {
//!     use tidings_test::conformance::{Ground, InProcess};
//!
//!     mod on_sqlite {
//!         use super::*;
//!         tidings_test::conformance!(Ground::sqlite(InProcess::default()));
//!     }
//!
//!     mod on_postgres {
//!         use super::*;
//!         tidings_test::conformance!(Ground::postgres(InProcess::default()));
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! The expression is evaluated once for each test, inside a runtime, and may `.await`: a carrier
//! that needs a server starts it there.

mod carrier;
mod cases;
mod ground;
mod in_process;
mod letters;
mod stage;
mod subscriber;
mod verdict;
mod watched;

pub use carrier::{Carrier, Disturbance, Doing, Route};
pub use cases::*;
pub use ground::Ground;
pub use in_process::{InProcess, Misbehaving};
pub use letters::PRODUCER;
pub use verdict::Failure;

/// Runs one case to its end, on a runtime of its own, as the tests of
/// [`conformance!`](crate::conformance!) do.
///
/// # Panics
/// With the failure's text, when the case fails.
pub fn run(case: impl Future<Output = Result<(), Failure>>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    if let Err(failure) = runtime.block_on(case) {
        panic!("{}", tidings::chain(&failure));
    }
    // Tasks that a transport has left behind must not keep the test from ending.
    runtime.shutdown_background();
}

/// Makes a test of every case of the [suite](mod@crate::conformance), on the ground that the
/// expression makes.
#[macro_export]
macro_rules! conformance {
    ($ground:expr) => {
        $crate::conformance!(@each ($ground)
            a_new_subscriber_gets_all_history
            a_subscriber_goes_on_from_the_middle
            what_is_published_live_arrives_soon
            in_calm_weather_every_event_comes_by_the_transport
            keys_written_at_once_keep_each_its_order
            a_stream_of_one_slot_keeps_the_order_of_all_keys
            a_stream_of_many_slots_is_applied_whole
            what_is_lost_doubled_late_or_out_of_order_is_applied_once_and_in_order
            the_largest_event_and_the_emptiest_arrive_unchanged
            any_text_can_be_a_key
            an_event_of_an_unknown_type_is_passed_over
            a_subscriber_that_comes_and_goes_misses_nothing
            a_receiver_that_was_dropped_in_mid_air_is_opened_again
            two_subscriptions_of_a_stream_each_get_everything
            a_receiver_of_some_slots_gets_these
            a_receiver_gives_no_more_than_was_asked_for
            a_receiver_with_nothing_to_give_says_so_at_once
            a_slow_subscriber_gets_everything
            what_nobody_takes_is_not_gathered_without_bound
            a_producer_that_stops_for_a_while_is_followed_again
            a_transport_that_fails_is_opened_again
            what_the_carrier_has_lost_comes_from_the_feed
            a_carrier_that_is_cut_and_mended_loses_nothing
            a_carrier_that_starts_anew_loses_nothing
        );
    };
    (@each ($ground:expr) $($case:ident)+) => {
        $(
            #[test]
            fn $case() {
                $crate::conformance::run(async {
                    $crate::conformance::$case($ground).await
                });
            }
        )+
    };
}
