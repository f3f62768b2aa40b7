//! People get into an office: `auth`, `notifications` and `tasks` as they are.

use serde_json::{Value as Json, json};
use tidings::{Service, Storage, params};
use tidings_test::{Answer, World};

struct Office {
    world: World,
    boss: String,
}

impl Office {
    async fn new() -> Self {
        let settings = auth::Settings::default();
        let services: [Service; 3] = [
            auth::service(settings),
            notifications::service(notifications::Settings::mailbox()),
            tasks::service(tasks::Settings::default()),
        ];
        let world = World::on(Storage::Memory, services).await;
        let auth = world.service("auth");
        let email = "boss@example.com";
        let id = auth::create_account(&auth, email, "sparrow lantern 42")
            .await
            .unwrap();
        auth::grant_role(&auth, email, "admin").await.unwrap();
        let boss = world.token(id.uuid(), &["admin"]);
        Self { world, boss }
    }

    async fn ask(&mut self, path: &str, body: Json) -> Answer {
        let answer = self.world.send("POST", path, Some(&self.boss), body).await;
        self.world.settle().await;
        answer
    }

    /// What is kept of the last letter to somebody.
    async fn letter(&self, email: &str) -> String {
        let mut conn = self.world.service("notifications").read().await.unwrap();
        let sql = "SELECT body FROM messages WHERE address = $1 ORDER BY id DESC LIMIT 1";
        let (body,): (String,) = conn.query_one(sql, params![email]).await.unwrap();
        body
    }
}

/// B-10: tasks fall to active accounts, and whoever has been invited and has not come is none.
#[tokio::test]
async fn b_10_no_task_falls_to_somebody_before_they_have_come() {
    let mut office = Office::new().await;
    let email = "anna@example.com";
    let body = json!({ "email": email, "name": "Anna", "roles": ["worker"] });
    let invited = office.ask("/api/users", body).await;
    assert_eq!(invited.status, 201, "{}", invited.text);
    let task = json!({ "title": "Mend the gate" });
    let refused = office.ask("/api/tasks", task.clone()).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json["code"]),
        (422, &json!("no_workers"))
    );

    let letter = office.letter(email).await;
    let token = letter.split("/invitation/").nth(1).unwrap();
    let token = token.split_whitespace().next().unwrap();
    let body = json!({ "token": token, "password": "lantern sparrow 43" });
    let came = office.ask("/api/users/accept", body).await;
    assert_eq!(came.status, 200, "{}", came.text);
    let created = office.ask("/api/tasks", task).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert_eq!(
        created.json["assignee"]["id"], invited.json["id"],
        "{}",
        created.text
    );
}
