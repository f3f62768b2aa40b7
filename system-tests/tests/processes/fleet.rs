//! The processes of one installation under load, and whoever starts them again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use system_tests::{
    Account, Crowd, Database, Failure, History, Parts, Server, Size, checker, pause,
};

use crate::BINARY;

/// What runs together; the last is where clients ask.
pub(crate) const KINDS: [&str; 4] = [
    "auth,tickets,tasks,platforms,commands",
    "orders,expiration",
    "payments,notifications,accounting,analytics",
    "gateway",
];
/// A charge that was cut off is looked up when its worker's lease of 30 s has ended; one that
/// never reached the provider is given up after 120 s.
const REST_LIMIT: Duration = Duration::from_secs(240);
/// A debug build among others that start at the same moment.
const READY_LIMIT: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What the binary allows itself after SIGTERM, and a little.
const GRACE: Duration = Duration::from_secs(35);
const SIZE: Size = Size {
    sellers: 3,
    buyers: 6,
};
/// They complete tasks which a manager writes down and has dealt.
const WORKERS: usize = 3;

/// Processes, and what their clients are told. Dropping it kills them.
pub(crate) struct Fleet {
    pub(crate) parts: Parts,
    pub(crate) history: Arc<History>,
    servers: Vec<Server>,
    /// How often a process had ended by itself before it could work, as one may whose database
    /// is away; whoever runs a service starts it again.
    pub(crate) gave_up: u32,
}

impl Fleet {
    /// Starts all of them.
    pub(crate) async fn start(database: Database, bus: Option<&str>) -> Result<Self, Failure> {
        let parts = Parts::on(BINARY, &KINDS, database, bus)?;
        let history = Arc::new(History::create(&parts.folder().join("history.jsonl"))?);
        history.parts_may_be_away();
        Ok(Self {
            servers: parts.start_all().await?,
            parts,
            history,
            gave_up: 0,
        })
    }

    /// People at work, in the market and in the office.
    pub(crate) async fn crowd(&self, seed: u64) -> Result<Crowd, Failure> {
        let (gateway, history) = (self.parts.gateway(), &self.history);
        let admin = Account::sign_up(gateway).await?;
        self.parts.run(&["grant", "admin", &admin.email])?;
        let mut crowd = Crowd::gather(gateway, history, SIZE, seed).await?;
        crowd
            .employ(gateway, &admin, WORKERS, history, seed)
            .await?;
        crowd.keep(gateway, &admin, history, seed).await?;
        Ok(crowd)
    }

    /// SIGKILL for a process that could work, and another in its place that may not yet.
    pub(crate) async fn kill(&mut self, kind: usize) -> Result<(), Failure> {
        self.stand(kind).await?;
        self.servers.remove(kind).kill()?;
        self.servers.insert(kind, self.parts.spawn(kind)?);
        Ok(())
    }

    /// SIGTERM for a process, and another in its place once it has ended well.
    pub(crate) async fn replace(&mut self, kind: usize) -> Result<Duration, Failure> {
        let (status, took) = self.servers.remove(kind).stop(GRACE).await?;
        self.servers.insert(kind, self.parts.spawn(kind)?);
        if !status.success() {
            return Err(format!("SIGTERM ended {} with {status}", KINDS[kind]).into());
        }
        self.stand(kind).await?;
        Ok(took)
    }

    /// As [`Fleet::replace`], with variables in the environment of the one that begins.
    pub(crate) async fn replace_with(
        &mut self,
        kind: usize,
        variables: &[(&str, &str)],
    ) -> Result<(), Failure> {
        self.servers.remove(kind).stop(GRACE).await?;
        let server = self.parts.spawn_with(kind, variables)?;
        self.servers.insert(kind, server);
        self.stand(kind).await
    }

    /// Waits until a process can work, and starts it again if it has given up.
    pub(crate) async fn stand(&mut self, kind: usize) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let server = &mut self.servers[kind];
            let Err(error) = server.ready().await else {
                return Ok(());
            };
            if server.is_running()? || begun.elapsed() > READY_LIMIT {
                let log = self.parts.log(kind);
                return Err(format!("{} is not ready: {error}\n{log}", KINDS[kind]).into());
            }
            self.gave_up += 1;
            pause(LOOK_EVERY).await;
            self.servers[kind] = self.parts.spawn(kind)?;
        }
    }

    /// Waits until every process can work.
    pub(crate) async fn all_stand(&mut self) -> Result<(), Failure> {
        for kind in 0..KINDS.len() {
            self.stand(kind).await?;
        }
        Ok(())
    }

    /// Sends everybody home, waits for rest, and checks everything. Says what was found, for the
    /// line of evidence.
    pub(crate) async fn settle(&mut self, crowd: Crowd) -> Result<String, Failure> {
        crowd.send_home().await?;
        self.all_stand().await?;
        let books = self.parts.books();
        let rest = checker::come_to_rest(&books, REST_LIMIT).await?;
        let snapshot = checker::check(&books, &self.history).await?;
        let completed = snapshot.charges.len() - snapshot.refunds.len();
        Ok(format!(
            "operations {}, {} turned away with 503; {} events, {} orders, {} payments, \
             {completed} paid, {} refunded, {}, {}; at rest after {rest:.1?}",
            self.history.tally(),
            self.history.turned_away(),
            snapshot.events.len(),
            snapshot.orders.len(),
            snapshot.payments.len(),
            snapshot.refunds.len(),
            snapshot.exchange,
            snapshot.register,
        ))
    }

    /// Ends it, and removes what it has left behind.
    pub(crate) async fn remove(self) -> Result<(), Failure> {
        drop(self.servers);
        self.parts.remove().await
    }
}
