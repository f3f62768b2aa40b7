//! Pages hear of changes by server-sent events.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use contracts::accounting::PriceEvent;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::stage::{Person, Stage, manager, worker};

/// An open stream of a page.
struct Opened(Body);

impl Opened {
    /// Opens the stream with what the page has just shown.
    async fn of_page(stage: &Stage, by: Person, path: &str) -> Self {
        let token = stage.world.token(by.id.uuid(), by.roles);
        let get = |path: &str| {
            let request = Request::get(path).header("authorization", format!("Bearer {token}"));
            let request = request.body(Body::empty()).unwrap();
            stage.world.installation().router().oneshot(request)
        };
        let page = get(path).await.unwrap();
        let fragment = page.extensions().get::<tidings::Fragment>().unwrap();
        let live = fragment.live.clone().unwrap();
        let answer = get(&live).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self(answer.into_body())
    }

    /// Whether a change has been told since the last look.
    async fn has_changed(&mut self, stage: &Stage) -> bool {
        for _ in 0..2 {
            // What holds the database just now has to be let on.
            for _ in 0..20 {
                if let Some(frame) = self.0.frame().now_or_never() {
                    let data = frame.unwrap().unwrap().into_data().unwrap();
                    return data.starts_with(b"event: change");
                }
                tokio::task::yield_now().await;
            }
            // The page looks after its pause, before this says that there is nothing.
            stage.world.clock().advance(Duration::from_millis(500));
        }
        false
    }
}

#[tokio::test]
async fn a_worker_hears_of_their_own_tasks_and_a_manager_of_all() {
    let mut stage = Stage::with(1).await;
    let mut mine = Opened::of_page(&stage, worker(1), "/exchange/tasks").await;
    let mut team = Opened::of_page(&stage, manager(), "/exchange/team").await;
    assert!(!mine.has_changed(&stage).await && !team.has_changed(&stage).await);
    let (id, _) = stage.create("Mend the gate").await;
    assert!(mine.has_changed(&stage).await && team.has_changed(&stage).await);
    let page = format!("/exchange/tasks/{id}");
    let mut one = Opened::of_page(&stage, worker(1), &page).await;
    let price = PriceEvent::Priced {
        task_id: id,
        assign_fee_minor: 1_200,
        reward_minor: 3_100,
        version: 1,
    };
    stage.tell("accounting", price).await;
    assert!(mine.has_changed(&stage).await && one.has_changed(&stage).await);
    assert!(team.has_changed(&stage).await);
    // Of somebody else's tasks a worker hears nothing.
    stage.change_account(worker(1), 2, true).await;
    stage.change_account(worker(2), 1, false).await;
    assert!(team.has_changed(&stage).await);
    assert!(!mine.has_changed(&stage).await);
    stage.create("Paint the fence").await;
    assert!(team.has_changed(&stage).await);
    assert!(!mine.has_changed(&stage).await);
    // A shuffle takes the task away, and the page goes with it.
    stage.shuffle().await;
    assert!(mine.has_changed(&stage).await && team.has_changed(&stage).await);
}
