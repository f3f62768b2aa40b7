//! Many worlds at once.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tokio::runtime::Builder;

/// Tells a story under each of some seeds, as many at once as the machine has processors; says
/// what came of each, in the order of the seeds.
///
/// The worlds share nothing, so a failing seed fails when it is told alone too. Put the seed
/// into what your assertions say.
///
/// ```
/// use tidings::Service;
/// use tidings_test::{Misbehaviour, World, under_seeds};
///
/// let faults = under_seeds(0..4, async |seed| {
///     let services = || vec![Service::new("orders")];
///     let mut world = World::misbehaving(seed, Misbehaviour::default(), services).await;
///     world.settle().await;
///     world.faults()
/// });
/// assert_eq!(faults.len(), 4);
/// ```
///
/// # Panics
/// When the story does under one of the seeds. It may not be called within a runtime.
pub fn under_seeds<T: Send>(seeds: Range<u64>, story: impl AsyncFn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(seeds.start);
    let tell = || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let mut told = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.contains(&seed) {
                return told;
            }
            told.push((seed, runtime.block_on(Box::pin(story(seed)))));
        }
    };
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    let mut all = thread::scope(|scope| {
        let threads: Vec<_> = (0..at_once).map(|_| scope.spawn(tell)).collect();
        let told = threads.into_iter().map(|thread| thread.join());
        let told = told.map(|told| told.unwrap_or_else(|panic| resume_unwind(panic)));
        told.flatten().collect::<Vec<_>>()
    });
    all.sort_by_key(|(seed, _)| *seed);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}
