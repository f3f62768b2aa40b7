//! Three instances that come and go while somebody publishes, in real time.

use std::collections::BTreeMap;
use std::time::Duration;

use tidings::{Clock, Handle, Installation, Running, Service, Setup};

use super::words::{SLOTS, all, done, done_by, give, services, shares};
use crate::bed::Bed;

const KEYS: usize = 60;
/// Longer than a hand-over takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

struct Instance {
    installation: Installation,
    running: Running,
}

async fn instance(bed: &Bed, services: [Service; 2]) -> Instance {
    let setup = bed.setup(&Clock::system());
    let setup = services.into_iter().fold(setup, Setup::service);
    let mut installation = setup.open().await.unwrap();
    let running = installation.start();
    Instance {
        installation,
        running,
    }
}

/// Waits until so many instances share all slots.
async fn shared_by(installation: &Installation, count: usize) -> Vec<u16> {
    let work = async {
        loop {
            let now = shares(installation).await;
            if now.len() == count && now.iter().sum::<u16>() == SLOTS && now[0] > 0 {
                return now;
            }
            Clock::system().sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, work).await.unwrap()
}

/// Publishes turns until told to stop; says how many.
fn publish(
    giver: Handle,
) -> (
    tokio::sync::watch::Sender<bool>,
    tokio::task::JoinHandle<i64>,
) {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let work = tokio::spawn(async move {
        let mut turn = 0;
        while !*stopped.borrow() {
            give(&giver, KEYS, turn).await;
            turn += 1;
            Clock::system().sleep(Duration::from_millis(100)).await;
        }
        turn
    });
    (stop, work)
}

async fn newest(worker: &Handle) -> i64 {
    let sql = "SELECT coalesce(max(number), 0) FROM done";
    let mut conn = worker.read().await.unwrap();
    conn.query_one::<(i64,)>(sql, &[]).await.unwrap().0
}

/// Waits until all three are abreast, and says who does how much of what comes next.
async fn parts(worker: &Handle) -> BTreeMap<i64, u64> {
    let work = async {
        while done_by(worker, newest(worker).await - 2).await.len() < 3 {
            Clock::system().sleep(Duration::from_millis(50)).await;
        }
        let since = newest(worker).await + 1;
        loop {
            let by = done_by(worker, since).await;
            if by.values().sum::<u64>() > 900 {
                return by;
            }
            Clock::system().sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_instances_that_come_and_go_do_each_a_part_and_nothing_twice() {
    let bed = Bed::postgres().await;
    let one = instance(&bed, services::<1>()).await;
    let worker = one.installation.handle("worker").unwrap();
    let (stop, publishing) = publish(one.installation.handle("giver").unwrap());
    shared_by(&one.installation, 1).await;
    let two = instance(&bed, services::<2>()).await;
    shared_by(&one.installation, 2).await;
    let three = instance(&bed, services::<3>()).await;
    let shared = shared_by(&one.installation, 3).await;
    assert!(shared[0] >= 6, "{shared:?}");
    let by = parts(&worker).await;
    println!("slots {shared:?}, done while there were three: {by:?}");

    // One leaves in peace, one ends where it stands.
    two.running.stop().await;
    shared_by(&one.installation, 2).await;
    drop(three.running);
    shared_by(&one.installation, 1).await;
    stop.send_replace(true);
    let turns = publishing.await.unwrap();
    let expected = all(KEYS, turns);
    let finished = async {
        while done(&worker).await != expected {
            Clock::system().sleep(Duration::from_millis(100)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, finished).await;
    one.running.stop().await;
    assert_eq!(done(&worker).await, expected);
    in_time.unwrap();
    let least = by.values().min().copied().unwrap_or_default();
    let total: u64 = by.values().sum();
    assert!(by.len() == 3 && least * 25 >= total, "{by:?}");
    let all = [&one.installation, &two.installation, &three.installation];
    let conflicts: u64 = all
        .map(|one| one.handle("worker").unwrap().conflicts())
        .iter()
        .sum();
    println!("conflicts in {turns} turns of {KEYS} events: {conflicts}");
    assert!(conflicts <= 3, "{conflicts} conflicts");
    assert_eq!(
        shares(&one.installation).await,
        [0; 0],
        "who stops leaves no row"
    );
}
