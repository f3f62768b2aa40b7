//! People of the task exchange, and what they do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{Account, Answer, Books, Failure, History, Operation, Outcome, pause};

/// More would only wait for each other's password hashes.
const HIRED_AT_ONCE: usize = 4;
const KNOWN_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Somebody who administers, somebody who manages, and those to whom tasks fall.
#[derive(Clone, Debug)]
pub struct Office {
    /// Gives roles and closes days.
    pub admin: Account,
    /// Writes tasks down and has them dealt.
    pub manager: Account,
    /// Complete them.
    pub workers: Vec<Account>,
    /// What they ask for and are told.
    pub history: Arc<History>,
}

impl Office {
    /// Signs up a manager and workers, to whom the admin gives their roles.
    ///
    /// # Errors
    /// When somebody is refused.
    pub async fn employ(
        server: SocketAddr,
        admin: Account,
        workers: usize,
        history: &Arc<History>,
    ) -> Result<Self, Failure> {
        let manager = hire(server, admin.clone(), "manager").await?;
        let mut office = Self {
            admin,
            manager,
            workers: Vec::new(),
            history: Arc::clone(history),
        };
        office.hire_workers(server, workers).await?;
        Ok(office)
    }

    /// Signs up more workers.
    ///
    /// # Errors
    /// When somebody is refused.
    pub async fn hire_workers(&mut self, server: SocketAddr, count: usize) -> Result<(), Failure> {
        let mut hired = JoinSet::new();
        for _ in 0..count {
            if hired.len() == HIRED_AT_ONCE {
                self.workers
                    .extend(hired.join_next().await.transpose()?.transpose()?);
            }
            hired.spawn(hire(server, self.admin.clone(), "worker"));
        }
        while let Some(worker) = hired.join_next().await {
            self.workers.push(worker??);
        }
        Ok(())
    }

    /// Waits until tasks can fall to everybody who works here.
    ///
    /// # Errors
    /// When `tasks` does not hear of them.
    pub async fn is_known(&self, books: &Books) -> Result<(), Failure> {
        let begun = Instant::now();
        let sql = "SELECT count(*) FROM people WHERE eligible";
        let expected = i64::try_from(self.workers.len())?;
        while books.count("tasks", sql).await? < expected {
            if begun.elapsed() > KNOWN_WITHIN {
                return Err("tasks has not heard of everybody who works here".into());
            }
            pause(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Writes a task down.
    pub async fn create(&self, title: &str) -> Outcome {
        create_task(&self.history, &self.manager, title).await
    }

    /// Writes a task down, and whoever it falls to does it at once; gives its id.
    ///
    /// # Errors
    /// When either is refused.
    pub async fn create_and_complete(&self, title: &str) -> Result<String, Failure> {
        let Outcome::Ok(id) = self.create(title).await else {
            return Err(format!("{title} was not created").into());
        };
        let path = format!("/api/tasks/{id}");
        let task = self.manager.client.get(&path).await?.json();
        let has_it = |worker: &&Account| task["assignee"]["id"] == worker.id;
        let holder = self.workers.iter().find(has_it);
        match self.complete(holder.ok_or("a stranger has it")?, &id).await {
            Outcome::Ok(_) => Ok(id),
            other => Err(format!("{title} was not completed: {other:?}").into()),
        }
    }

    /// Has all open tasks dealt anew.
    pub async fn shuffle(&self) -> Outcome {
        shuffle(&self.history, &self.manager).await
    }

    /// Completes a task for one of the workers.
    pub async fn complete(&self, worker: &Account, task: &str) -> Outcome {
        complete_task(&self.history, worker, task).await
    }
}

/// Signs somebody up who has a role from then on.
pub(crate) async fn hire(
    server: SocketAddr,
    admin: Account,
    role: &str,
) -> Result<Account, Failure> {
    let account = Account::sign_up(server).await?;
    let wish = json!({"name": format!("{role} {}", account.email), "roles": [role]});
    let path = format!("/api/users/{}", account.id);
    let answer = admin.client.send(Method::PATCH, &path, Some(&wish)).await?;
    match answer.status {
        200 => Ok(account),
        status => Err(format!("nobody was made a {role}: {status} {}", answer.text).into()),
    }
}

/// Writes down a task, under a title that nobody else uses.
pub async fn create_task(history: &History, by: &Account, title: &str) -> Outcome {
    let operation = Operation::CreateTask {
        title: title.to_owned(),
    };
    let body = json!({ "title": title });
    post(history, by, operation, "/api/tasks", &body, |answer| {
        (answer.status == 201).then(|| answer.field("id"))
    })
    .await
}

/// Says that a task is done.
pub async fn complete_task(history: &History, by: &Account, task: &str) -> Outcome {
    let operation = Operation::CompleteTask {
        task: task.to_owned(),
    };
    let path = format!("/api/tasks/{task}/complete");
    post(history, by, operation, &path, &json!({}), |answer| {
        (answer.status == 200).then(|| answer.field("id"))
    })
    .await
}

/// Has all open tasks dealt anew; `Ok` once that is queued.
pub async fn shuffle(history: &History, by: &Account) -> Outcome {
    let operation = Operation::Shuffle { by: by.id.clone() };
    let path = "/api/tasks/shuffle";
    post(history, by, operation, path, &json!({}), |answer| {
        (answer.status == 202).then(|| answer.field("job_id"))
    })
    .await
}

async fn post(
    history: &History,
    by: &Account,
    operation: Operation,
    path: &str,
    body: &Value,
    made: impl Fn(&Answer) -> Option<String>,
) -> Outcome {
    let number = history.invoke(operation);
    let answer = by.client.post(path, body).await;
    history.end(number, &answer, made)
}
