//! A world with the real `notifications`; the test plays `auth` and who asks for mail.

use std::time::Duration;

use contracts::UserId;
use contracts::notifications::{Recipient, SendEmail};
use contracts::users::{User, UserEvent};
use notifications::Settings;
use serde_json::Value;
use tidings::{Handle, Service, Uuid, dead, params};
use tidings_test::{Answer, World};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn user(number: u128) -> UserId {
    UserId::from(Uuid::from_u128(0x1000 + number))
}

pub(crate) fn message_id(number: u128) -> Uuid {
    Uuid::from_u128(0x2000 + number)
}

pub(crate) fn record(number: u128, email: &str, version: u64) -> User {
    User {
        user_id: user(number),
        email: email.to_owned(),
        name: String::new(),
        roles: Vec::new(),
        disabled: false,
        version,
    }
}

/// A message to the first user.
pub(crate) fn receipt(number: u128) -> SendEmail {
    SendEmail {
        message_id: message_id(number),
        to: Recipient::User(user(1)),
        subject: format!("Receipt {number}"),
        text: "Thank you.\n".to_owned(),
    }
}

pub(crate) fn to_address(number: u128, address: &str) -> SendEmail {
    SendEmail {
        to: Recipient::Address(address.to_owned()),
        ..receipt(number)
    }
}

pub(crate) fn services(settings: Settings) -> Vec<Service> {
    vec![
        notifications::service(settings),
        Service::new("auth").publishes::<UserEvent>(),
        Service::new("shop").sends::<SendEmail>(),
    ]
}

/// A message as it is kept: state, reason, tries.
pub(crate) type Kept = (String, Option<String>, u32);

pub(crate) fn kept(state: &str, reason: Option<&str>, attempts: u32) -> Kept {
    (state.to_owned(), reason.map(ToOwned::to_owned), attempts)
}

pub(crate) struct Stage {
    pub(crate) world: World,
}

impl Stage {
    pub(crate) async fn new(settings: Settings) -> Self {
        let world = World::new(services(settings)).await;
        Self { world }
    }

    /// A world that knows the first user.
    pub(crate) async fn with_user(settings: Settings) -> Self {
        let mut stage = Self::new(settings).await;
        stage.hear(record(1, "ann@example.com", 1)).await;
        stage
    }

    pub(crate) fn service(&self) -> Handle {
        self.world.service("notifications")
    }

    pub(crate) async fn hear(&mut self, user: User) {
        let mut tx = self.world.service("auth").begin_own().await.unwrap();
        let event = match user.version {
            1 => UserEvent::Created(user),
            _ => UserEvent::Updated(user),
        };
        tx.publish(event).unwrap();
        tx.commit().await.unwrap();
        self.world.settle().await;
    }

    /// Asks for a message, and lets happen what follows at once.
    pub(crate) async fn ask(&mut self, command: &SendEmail) {
        ask(&self.world.service("shop"), command).await;
        self.world.settle().await;
    }

    pub(crate) async fn kept(&self, number: u128) -> Kept {
        let sql = "SELECT state, reason, attempts FROM messages WHERE id = $1";
        let mut conn = self.service().read().await.unwrap();
        let row = params![message_id(number)];
        conn.query_one(sql, row).await.unwrap()
    }

    pub(crate) async fn count(&self) -> i64 {
        let mut conn = self.service().read().await.unwrap();
        let sql = "SELECT count(*) FROM messages";
        let (count,): (i64,) = conn.query_one(sql, &[]).await.unwrap();
        count
    }

    /// States of the commands that were not carried out.
    pub(crate) async fn stuck(&self) -> Vec<String> {
        let all = dead::events(&self.service(), 100).await.unwrap();
        all.into_iter().map(|event| event.state).collect()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let token = self.operator();
        self.world.get(path, Some(&token)).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        let token = self.operator();
        self.world
            .send("POST", path, Some(&token), Value::Null)
            .await
    }

    fn operator(&self) -> String {
        self.world.token(user(99).uuid(), &["operator"])
    }

    pub(crate) async fn advance(&mut self, span: Duration) {
        self.world.advance(span).await;
    }
}

pub(crate) async fn ask(shop: &Handle, command: &SendEmail) {
    let mut tx = shop.begin_own().await.unwrap();
    tx.send(command).await.unwrap();
    tx.commit().await.unwrap();
}
