//! Sellers and buyers, managers and workers, and a keeper of the register, who never rest, and
//! never give up when the server is away.

mod buyer;
mod keeper;
mod manager;
mod seller;
mod worker;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::office::hire;
use crate::{Account, Answer, Failure, History, Office, Operation, Outcome, pause};

/// How many of each.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// They list, edit and withdraw.
    pub sellers: usize,
    /// They order, pay and cancel.
    pub buyers: usize,
}

/// People at work, until they are sent home.
#[derive(Debug)]
pub struct Crowd {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Crowd {
    /// Signs everybody up at a running server and sets them to work. The same seed makes
    /// the same choices, as far as the answers are the same.
    ///
    /// # Errors
    /// When somebody cannot sign up.
    pub async fn gather(
        server: SocketAddr,
        history: &Arc<History>,
        size: Size,
        seed: u64,
    ) -> Result<Self, Failure> {
        let stop = watch::Sender::new(false);
        let mut people = Vec::new();
        for number in 0..size.sellers + size.buyers {
            people.push(Person {
                account: Account::sign_up(server).await?,
                history: Arc::clone(history),
                random: StdRng::seed_from_u64(seed.wrapping_mul(1_000_003) + number as u64),
                stop: stop.subscribe(),
                number,
            });
        }
        let mut tasks = JoinSet::new();
        for (number, person) in people.into_iter().enumerate() {
            if number < size.sellers {
                tasks.spawn(seller::sell(person));
            } else {
                tasks.spawn(buyer::buy(person));
            }
        }
        Ok(Self { stop, tasks })
    }

    /// Sets a manager and workers to work beside them.
    ///
    /// # Errors
    /// When somebody cannot sign up.
    pub async fn employ(
        &mut self,
        server: SocketAddr,
        admin: &Account,
        workers: usize,
        history: &Arc<History>,
        seed: u64,
    ) -> Result<(), Failure> {
        let office = Office::employ(server, admin.clone(), workers, history).await?;
        let person = |account: Account, number: usize| Person {
            account,
            history: Arc::clone(history),
            random: StdRng::seed_from_u64(seed.wrapping_mul(999_983) + number as u64),
            stop: self.stop.subscribe(),
            number,
        };
        let manager = person(office.manager, 0);
        let workers: Vec<Person> = (1..)
            .zip(office.workers)
            .map(|(n, one)| person(one, n))
            .collect();
        self.tasks.spawn(manager::manage(manager));
        for one in workers {
            self.tasks.spawn(worker::work(one));
        }
        Ok(())
    }

    /// Sets somebody to work who keeps the register and the repository.
    ///
    /// # Errors
    /// When they cannot sign up.
    pub async fn keep(
        &mut self,
        server: SocketAddr,
        admin: &Account,
        history: &Arc<History>,
        seed: u64,
    ) -> Result<(), Failure> {
        self.tasks.spawn(keeper::keep(Person {
            account: hire(server, admin.clone(), "infrastructure").await?,
            history: Arc::clone(history),
            random: StdRng::seed_from_u64(seed),
            stop: self.stop.subscribe(),
            number: 0,
        }));
        Ok(())
    }

    /// Sends everybody home once they have heard of what they asked last.
    ///
    /// # Errors
    /// When one of them has fallen over, which is a bug of the test.
    pub async fn send_home(mut self) -> Result<(), Failure> {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended?;
        }
        Ok(())
    }
}

/// What all of them have in common.
struct Person {
    account: Account,
    history: Arc<History>,
    random: StdRng,
    stop: watch::Receiver<bool>,
    number: usize,
}

impl Person {
    fn may_go_on(&self) -> bool {
        !*self.stop.borrow()
    }

    /// Posts JSON as an operation that the history knows of.
    async fn post(
        &self,
        operation: Operation,
        path: &str,
        body: &serde_json::Value,
        made: impl Fn(&Answer) -> Option<String>,
    ) -> Outcome {
        self.send(operation, Method::POST, path, body, made).await
    }

    /// Sends JSON as an operation that the history knows of.
    async fn send(
        &self,
        operation: Operation,
        method: Method,
        path: &str,
        body: &serde_json::Value,
        made: impl Fn(&Answer) -> Option<String>,
    ) -> Outcome {
        let number = self.history.invoke(operation);
        let answer = self.account.client.send(method, path, Some(body)).await;
        self.history.end(number, &answer, made)
    }

    /// Reads JSON; null when the server is away or says no.
    async fn read(&self, path: &str) -> serde_json::Value {
        match self.account.client.get(path).await {
            Ok(answer) if answer.status == 200 => answer.json(),
            _ => {
                pause(Duration::from_millis(50)).await;
                serde_json::Value::Null
            }
        }
    }
}
