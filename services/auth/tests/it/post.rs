//! An office whose letters the test carries out: it plays `notifications`.

use contracts::notifications::{LetterEvent, Link, Recipient, SendEmail, SendLink};
use serde_json::{Value as Json, json};
use tidings::{Error, Migration, Received, Service, Storage, Tx, Uuid, params};
use tidings_test::{Answer, World};

use auth::Settings;

use crate::fixtures::{PASSWORD, listener, quick};

const LETTERS: Migration = Migration::new(
    "0001_letters",
    "CREATE TABLE letters (place BIGINT PRIMARY KEY, id TEXT NOT NULL, reader TEXT NOT NULL,
        subject TEXT NOT NULL, body TEXT NOT NULL, link_from TEXT)",
);

async fn keep(tx: &mut Tx, email: SendEmail, link_from: Option<String>) -> Result<(), Error> {
    let sql = "INSERT INTO letters (place, id, reader, subject, body, link_from)
        VALUES ((SELECT count(*) FROM letters), $1, $2, $3, $4, $5)";
    let Recipient::Address(reader) = email.to else {
        panic!("{:?} may not be known to others", email.to);
    };
    let row = params![
        email.message_id,
        reader,
        email.subject,
        email.text,
        link_from
    ];
    tx.execute(sql, row).await?;
    Ok(())
}

async fn take_link(command: Received<SendLink>, tx: &mut Tx) -> Result<(), Error> {
    let SendLink {
        message_id,
        to,
        subject,
        text,
        link_from,
    } = command.data;
    let email = SendEmail {
        message_id,
        to,
        subject,
        text,
    };
    keep(tx, email, Some(link_from)).await
}

async fn take_email(command: Received<SendEmail>, tx: &mut Tx) -> Result<(), Error> {
    keep(tx, command.data, None).await
}

/// A letter that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) id: Uuid,
    pub(crate) reader: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) link_from: Option<String>,
}

pub(crate) struct Office {
    pub(crate) world: World,
    admin: Uuid,
}

impl Office {
    pub(crate) async fn new() -> Self {
        Self::on(Storage::Memory, quick()).await
    }

    /// An office with an admin.
    pub(crate) async fn on(storage: Storage, settings: Settings) -> Self {
        let notifications = Service::new("notifications")
            .migrations(&[LETTERS])
            .publishes::<LetterEvent>()
            .handles(take_link)
            .handles(take_email);
        let services = [auth::service(settings), listener(), notifications];
        let world = World::on(storage, services).await;
        let auth = world.service("auth");
        let email = "boss@example.com";
        let id = auth::create_account(&auth, email, PASSWORD).await.unwrap();
        auth::name_account(&auth, id, "Mia Manager").await.unwrap();
        auth::grant_role(&auth, email, "admin").await.unwrap();
        let admin = id.uuid();
        Self { world, admin }
    }

    /// An access token of the admin's, good from now.
    pub(crate) fn boss(&self) -> String {
        self.world.token(self.admin, &["admin"])
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: Json) -> Answer {
        self.world
            .send(method, path, Some(&self.boss()), body)
            .await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.world.get(path, Some(&self.boss())).await
    }

    /// Invites a worker, and says which account it is.
    pub(crate) async fn invite(&mut self, email: &str, name: &str) -> String {
        let body = json!({ "email": email, "name": name, "roles": ["worker"] });
        let answer = self.ask("POST", "/api/users", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        self.world.settle().await;
        answer.json["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn letters(&mut self) -> Vec<Letter> {
        self.world.settle().await;
        let sql = "SELECT id, reader, subject, body, link_from FROM letters ORDER BY place";
        let mut conn = self.world.service("notifications").read().await.unwrap();
        let rows: Vec<(Uuid, String, String, String, Option<String>)> =
            conn.query(sql, &[]).await.unwrap();
        let letter = |(id, reader, subject, body, link_from)| Letter {
            id,
            reader,
            subject,
            body,
            link_from,
        };
        rows.into_iter().map(letter).collect()
    }

    /// The last letter to somebody.
    pub(crate) async fn letter_to(&mut self, email: &str) -> Letter {
        let letters = self.letters().await;
        let mut own = letters.into_iter().filter(|letter| letter.reader == email);
        own.next_back().unwrap()
    }

    /// Sends the last letter to somebody with a link: the path that the link leads to, or the
    /// status that tells why there is none.
    pub(crate) async fn send(&mut self, email: &str) -> Result<String, u16> {
        let letters = self.letters().await;
        let mut own = letters
            .into_iter()
            .filter(|one| one.reader == email && one.link_from.is_some());
        let path = own.next_back().unwrap().link_from.unwrap();
        let auth = self.world.service("notifications").client("auth").unwrap();
        match auth.post(&path).json::<Link>().await {
            Ok(Link { link }) => {
                let path = link.strip_prefix("http://127.0.0.1:8080").unwrap();
                Ok(path.to_owned())
            }
            Err(error) => Err(error.status().unwrap().as_u16()),
        }
    }

    /// Tells what has become of a letter.
    pub(crate) async fn tell(&mut self, event: LetterEvent) {
        let service = self.world.service("notifications");
        let mut tx = service.begin_own().await.unwrap();
        tx.publish(event).unwrap();
        tx.commit().await.unwrap();
        self.world.settle().await;
    }
}

/// The secret at the end of a link's path.
pub(crate) fn secret(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}
