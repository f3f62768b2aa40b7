//! SIGKILL of every kind of process at random moments under load (F-01 to F-11, F-25,
//! F-36; P-01 to P-04).
//!
//! A run of all tests kills at least 200 times: 150 times here, and 50 times where one process
//! runs everything.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use system_tests::{Database, Failure, Nats, Postgres, pause};

use crate::fleet::{Fleet, KINDS};
use crate::{seed, tell};

const KILLS_WITH_BROKER: u32 = 100;
const KILLS_WITHOUT: u32 = 50;
/// How often the database is shut down immediately, at even distances between the kills.
const DATABASE_FAILS: u32 = 3;
/// After so many kills everything may stand until people get something done, or nothing would
/// ever come to an end: who calls leaves a service alone for seconds that has failed too often.
const KILLS_IN_A_ROW: u32 = 10;
const DONE_IN_A_BREATH: usize = 15;
const BREATH_LIMIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A run that has not come so far is a finding, not a reason to wait.
const KILLING_LIMIT: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_of_services_broker_and_database_loses_nothing_and_doubles_nothing()
-> Result<(), Failure> {
    let nats = Nats::start().await?;
    run("NATS", KILLS_WITH_BROKER, Some(nats)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_nine_of_services_that_follow_feeds_loses_nothing_and_doubles_nothing()
-> Result<(), Failure> {
    run("HTTP feeds", KILLS_WITHOUT, None).await
}

async fn run(name: &str, kills: u32, mut nats: Option<Nats>) -> Result<(), Failure> {
    let seed = seed();
    let mut postgres = Postgres::start().await?;
    let database = Database::create_on(&postgres.url()).await?;
    let bus = nats.as_ref().map(Nats::url);
    let mut fleet = Fleet::start(database, bus.as_deref()).await?;
    let crowd = fleet.crowd(seed).await?;
    let mut random = StdRng::seed_from_u64(seed);
    let begun = Instant::now();
    let mut killed = [0; KINDS.len() + 1];
    for number in 1..=kills {
        if begun.elapsed() > KILLING_LIMIT {
            return Err(format!("{number} kills in {KILLING_LIMIT:?}: {killed:?}").into());
        }
        pause(Duration::from_millis(random.random_range(50..700))).await;
        let kinds = KINDS.len() + usize::from(nats.is_some());
        let kind = random.random_range(0..kinds);
        match &mut nats {
            Some(nats) if kind == KINDS.len() => {
                nats.kill()?;
                nats.run().await?;
            }
            _ => fleet.kill(kind).await?,
        }
        killed[kind] += 1;
        if number % (kills / DATABASE_FAILS) == kills / DATABASE_FAILS / 2 {
            postgres.stop_immediately()?;
            postgres.run().await?;
        }
        if number % KILLS_IN_A_ROW == 0 {
            breathe(&mut fleet).await?;
        }
    }
    let took = begun.elapsed();
    let found = fleet.settle(crowd).await?;
    let tally = fleet.history.tally();
    assert!(
        tally.is_meaningful(kills / 2),
        "the run shows too little: {tally}"
    );
    let gave_up = fleet.gave_up;
    tell(&format!(
        "{name}: {kills} kills in {took:.0?} ({killed:?} of {KINDS:?} and the broker), \
         {DATABASE_FAILS} immediate shutdowns of PostgreSQL, {gave_up} starts in vain; {found}"
    ));
    fleet.remove().await
}

async fn breathe(fleet: &mut Fleet) -> Result<(), Failure> {
    fleet.all_stand().await?;
    let enough = fleet.history.tally().ok + DONE_IN_A_BREATH;
    let begun = Instant::now();
    while fleet.history.tally().ok < enough {
        if begun.elapsed() > BREATH_LIMIT {
            return Err(format!("nothing gets done for {BREATH_LIMIT:?}").into());
        }
        pause(LOOK_EVERY).await;
    }
    Ok(())
}
