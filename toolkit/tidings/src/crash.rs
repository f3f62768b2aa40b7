//! Named places where a test may end the process, or the world, in mid-step.
//!
//! Without the feature `faults` a point is nothing. With it, `TIDINGS_CRASH=P2:17`
//! kills the process with SIGKILL the 17th time it passes `P2` (a panic would run
//! destructors, which a crash does not), and a task that runs inside
//! [`with_plan`] stops for ever at the point its plan names.
//!
//! | point | where |
//! | --- | --- |
//! | P1 | before the events of a transaction are inserted |
//! | P2 | after they are inserted, before COMMIT; on PostgreSQL both travel together, so without a plan it is before both |
//! | P3 | COMMIT done, not yet on disk and not acknowledged |
//! | P4 | on disk, readers not yet woken and the caller not yet answered |
//! | C0 | events received, nothing begun |
//! | C1 | cursor moved in the transaction, handler not called |
//! | C2 | handler done |
//! | C4 | subscriber's COMMIT done, progress not yet remembered |
//! | B0 | events read for the bus, not handed over |
//! | B1 | broker has acknowledged them, position not moved |
//! | B2 | the same noted, position still not moved |
//! | J0 | job claimed |
//! | J3 | job's effect committed |
//! | S0 | run of a workflow loaded, its code not begun |
//! | S1 | step's effect and record written, not committed |
//! | S2 | step committed |
//! | S3 | run noted as being undone, nothing undone yet |
//! | S4 | call outside made, its outcome not recorded |
//! | M0 | a table of a move copied, not committed |
//! | M1 | a service of a move copied and committed, others not |
//! | M2 | every schema of a move's target marked as unfinished, all empty |
//! | M3 | a move copied and its source given up, not yet declared complete |
//! | M4 | a move declared complete, and nobody told |
//! | H1 | history noted as gone or compacted in the transaction, events not yet deleted |
//! | H2 | history deleted, not committed |
//! | R1 | projection's database made anew, nothing applied |
//! | R2 | projection built, not swapped |
//! | R3 | swapped, not committed |
//! | R4 | swap committed, what is left beside it not removed |
//! | K0 | operation and job committed, 202 not sent: the point is P4 |
//! | K1 | operation's result committed |
//! | K2 | callback answered, answer not read |
//! | K3 | callback's outcome known, not recorded |

#[cfg(not(feature = "faults"))]
#[expect(clippy::unused_async, reason = "the same call as with the feature")]
pub(crate) async fn point(_name: &'static str) {}

#[cfg(not(feature = "faults"))]
pub(crate) fn has_happened() -> bool {
    false
}

#[cfg(not(feature = "faults"))]
pub(crate) fn is_planned() -> bool {
    false
}

#[cfg(feature = "faults")]
pub use planned::*;

#[cfg(feature = "faults")]
mod planned {
    use std::collections::HashMap;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, OnceLock, PoisonError};

    /// Decides at each point whether the world ends there.
    pub type Decide = dyn FnMut(&'static str) -> bool + Send;

    /// A plan for the tasks of one world.
    #[derive(Clone)]
    pub struct Plan {
        decide: Arc<Mutex<Box<Decide>>>,
        crashed: Arc<tokio::sync::Notify>,
        has_happened: Arc<AtomicBool>,
    }

    impl Plan {
        /// A plan that asks `decide` at every point.
        pub fn new(decide: impl FnMut(&'static str) -> bool + Send + 'static) -> Self {
            Self {
                decide: Arc::new(Mutex::new(Box::new(decide))),
                crashed: Arc::default(),
                has_happened: Arc::default(),
            }
        }
    }

    impl Plan {
        fn ends_at(&self, name: &'static str) -> bool {
            let mut decide = self.decide.lock().unwrap_or_else(PoisonError::into_inner);
            decide(name)
        }
    }

    tokio::task_local! {
        static PLAN: Plan;
    }

    /// Runs a step under a plan; `None` says that it crashed, and was dropped where it stood.
    pub async fn with_plan<F: Future>(plan: &Plan, step: F) -> Option<F::Output> {
        let crashed = Arc::clone(&plan.crashed);
        tokio::select! {
            biased;
            output = PLAN.scope(plan.clone(), step) => Some(output),
            () = crashed.notified() => None,
        }
    }

    pub(crate) async fn point(name: &'static str) {
        if kill_is_due(name) {
            let this = rustix::process::getpid();
            // SIGKILL does not return; if it should fail, going on is all one can do.
            let _ = rustix::process::kill_process(this, rustix::process::Signal::KILL);
        }
        let plan = PLAN.try_with(Clone::clone).ok();
        if let Some(plan) = plan
            && plan.ends_at(name)
        {
            plan.has_happened.store(true, Ordering::Relaxed);
            plan.crashed.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Whether the world that this code runs in has ended, and drops what it was doing.
    pub(crate) fn has_happened() -> bool {
        let happened = |plan: &Plan| plan.has_happened.load(Ordering::Relaxed);
        PLAN.try_with(happened).unwrap_or(false)
    }

    /// Whether this code runs under a plan, which may end it between two statements.
    pub(crate) fn is_planned() -> bool {
        PLAN.try_with(|_| ()).is_ok()
    }

    /// `TIDINGS_CRASH=NAME:COUNT`, read once.
    fn kill_is_due(name: &'static str) -> bool {
        static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
        static PASSED: OnceLock<Mutex<HashMap<&'static str, u64>>> = OnceLock::new();
        let wanted = WANTED.get_or_init(|| {
            let text = std::env::var("TIDINGS_CRASH").ok()?;
            let (name, count) = text.split_once(':')?;
            Some((name.to_owned(), count.parse().ok()?))
        });
        let Some((wanted, count)) = wanted else {
            return false;
        };
        let mut passed = PASSED
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let passed = passed.entry(name).or_default();
        *passed += 1;
        name == wanted && *passed == *count
    }
}
