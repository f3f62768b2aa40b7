//! The real register and the real repository in one world that loses, doubles, delays and
//! crashes.

use std::time::Duration;

use contracts::UserId;
use contracts::users::{User, UserEvent};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tidings::{Service, Uuid};
use tidings_test::{Misbehaviour, World};

const SEEDS: u64 = 16;
const STEPS: usize = 40;
const ROLES: [&str; 1] = ["infrastructure"];

fn services() -> Vec<Service> {
    vec![
        platforms::service(),
        commands::service(commands::Settings::default()),
        notifications::service(notifications::Settings::mailbox()),
        Service::new("auth").publishes::<UserEvent>(),
    ]
}

struct Story {
    world: World,
    keeper: UserId,
    random: StdRng,
    platforms: Vec<String>,
}

impl Story {
    async fn begin(seed: u64) -> Self {
        let rules = Misbehaviour {
            crash: 3,
            ..Misbehaviour::default()
        };
        let mut story = Self {
            world: World::misbehaving(seed, rules, services).await,
            keeper: UserId::from(Uuid::from_u128(0x1001)),
            random: StdRng::seed_from_u64(seed),
            platforms: Vec::new(),
        };
        let keeper = User {
            user_id: story.keeper,
            email: "keeper@example.com".to_owned(),
            name: "Keeper".to_owned(),
            roles: ROLES.map(ToOwned::to_owned).to_vec(),
            disabled: false,
            version: 1,
        };
        let mut tx = story.world.service("auth").begin_own().await.unwrap();
        tx.publish(UserEvent::Created(keeper)).unwrap();
        tx.commit().await.unwrap();
        story.world.advance(Duration::from_secs(300)).await;
        story
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let token = self.world.token(self.keeper.uuid(), &ROLES);
        let answer = self.world.send(method, path, Some(&token), body).await;
        (answer.status.as_u16(), answer.json)
    }

    async fn look(&self, path: &str) -> Vec<Value> {
        let (status, json) = self.send("GET", path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {json}");
        json.as_array().unwrap().clone()
    }

    /// Something that somebody does to the register. What its rules refuse is refused.
    async fn step(&mut self) {
        let name = format!("Name {}", self.random.random_range(0..30));
        let place = self.random.random_range(0..self.platforms.len() + 2);
        let Some(id) = self.platforms.get(place) else {
            let body = json!({ "name": name, "publisher": "P" });
            let (status, made) = self.send("POST", "/api/platforms", body).await;
            assert!(matches!(status, 201 | 409), "{made}");
            self.platforms
                .extend(made["id"].as_str().map(ToOwned::to_owned));
            return;
        };
        let one = format!("/api/platforms/{id}");
        let lifecycle = ["proposed", "experimental"][self.random.random_range(0..2)];
        let (method, path, body) = match self.random.random_range(0..5) {
            0 => ("POST", format!("{one}/archive"), json!({})),
            1 => ("POST", format!("{one}/restore"), json!({})),
            2 => {
                let body = json!({ "lifecycle": lifecycle, "comment": "So it is" });
                ("PATCH", one, body)
            }
            _ => ("PATCH", one, json!({ "name": name })),
        };
        let (status, answer) = self.send(method, &path, body).await;
        assert!(matches!(status, 200 | 409), "{path}: {status} {answer}");
    }
}

/// What both say of every platform.
fn told(platforms: &[Value]) -> Vec<String> {
    let mut lines: Vec<_> = platforms
        .iter()
        .map(|one| {
            // The register says when, the repository whether.
            let is_archived = one["archived"] == true || one["archived_at"].is_string();
            let [number, name, lifecycle, version] =
                ["number", "name", "lifecycle", "version"].map(|field| &one[field]);
            format!("{number} {name} {lifecycle} {version} {is_archived}")
        })
        .collect();
    lines.sort();
    lines
}

/// whatever is done to the register, and whatever happens on the way, the repository
/// ends with the same platforms, each once.
#[tokio::test]
async fn a_22_the_replica_equals_the_register_in_a_world_that_misbehaves() {
    let mut faults = std::collections::BTreeMap::<String, u32>::new();
    let mut platforms = 0;
    for seed in 0..SEEDS {
        let mut story = Story::begin(seed).await;
        for _ in 0..STEPS {
            story.step().await;
            if story.random.random_bool(0.3) {
                story.world.settle().await;
            }
        }
        for _ in 0..10 {
            story.world.advance(Duration::from_secs(90)).await;
        }
        let register = story.look("/api/platforms?archived=all&limit=200").await;
        let replica = story.look("/api/c/platforms?limit=200").await;
        assert_eq!(told(&replica), told(&register), "seed {seed}");
        platforms += register.len();
        for (name, count) in story.world.faults() {
            *faults.entry(name).or_default() += count;
        }
    }
    assert!(platforms > 100, "only {platforms} platforms");
    for name in ["duplicated", "lost", "delayed"] {
        assert!(faults.contains_key(name), "no {name} in {faults:?}");
    }
    let crashes = faults.keys().filter(|name| name.starts_with("crash"));
    assert!(crashes.count() > 0, "no crash in {faults:?}");
}
