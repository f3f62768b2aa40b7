//! Who sees which tasks (B-31), and how lists are narrowed.

use contracts::accounting::PriceEvent;
use serde_json::{Value, json};
use tasks::Settings;
use tidings::Storage;
use tidings_test::on_both;

use crate::stage::{Stage, accountant, admin, buyer, manager, worker};

on_both!(
    lists_are_narrowed_by_status_holder_and_words_and_come_in_parts,
    a_task_shows_its_price_once_it_has_one,
);

fn titles(list: &Value) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap()).collect()
}

async fn lists_are_narrowed_by_status_holder_and_words_and_come_in_parts(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 1).await;
    let mut ids = Vec::new();
    for title in [
        "Mend the GATE",
        "Paint the fence",
        "50 % of Ворота",
        "under_score",
    ] {
        stage.world.advance(std::time::Duration::from_secs(1)).await;
        ids.push(stage.create(title).await.0);
    }
    stage.complete(worker(1), ids[1]).await;
    let all = "/api/tasks?all";
    let asked = async |query: &str| {
        let answer = stage.get(manager(), &format!("{all}{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        answer.json
    };
    let newest_first = [
        "under_score",
        "50 % of Ворота",
        "Paint the fence",
        "Mend the GATE",
    ];
    assert_eq!(titles(&asked("").await), newest_first);
    assert_eq!(
        titles(&asked("&status=completed").await),
        ["Paint the fence"]
    );
    assert_eq!(titles(&asked("&q=gate%20the").await), ["Mend the GATE"]);
    assert_eq!(
        titles(&asked("&q=%D0%92%D0%9E%D0%A0%D0%9E%D0%A2%D0%90").await),
        ["50 % of Ворота"]
    );
    assert_eq!(titles(&asked("&q=%25").await), ["50 % of Ворота"]);
    assert_eq!(titles(&asked("&q=_").await), ["under_score"]);
    assert_eq!(titles(&asked("&q=nothing").await), [""; 0]);
    let other = format!("&assignee={}", worker(2).id);
    assert_eq!(titles(&asked(&other).await), [""; 0]);

    let first = stage.get(manager(), "/api/tasks?all&limit=3").await;
    assert_eq!(titles(&first.json), newest_first[..3]);
    let link = first.headers["link"].to_str().unwrap();
    let next = link.split(['<', '>']).nth(1).unwrap();
    assert_eq!(
        titles(&stage.get(manager(), next).await.json),
        newest_first[3..]
    );

    for (query, code) in [
        ("?status=lost", "bad_status"),
        ("?all&mine", "bad_scope"),
        ("?limit=0", "bad_limit"),
        ("?cursor=x", "bad_cursor"),
    ] {
        let answer = stage.get(manager(), &format!("/api/tasks{query}")).await;
        assert_eq!(answer.refusal(), (400, code));
    }
}

async fn a_task_shows_its_price_once_it_has_one(storage: Storage) {
    let mut stage = Stage::on(storage, Settings::default(), 1).await;
    let (id, holder) = stage.create("Mend the gate").await;
    let task = stage.task(id).await;
    assert_eq!(
        (&task["assign_fee_minor"], &task["reward_minor"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        task["assignee"],
        json!({ "id": holder.id, "name": "Person 1" })
    );
    let price = |assign_fee_minor, version| PriceEvent::Priced {
        task_id: id,
        assign_fee_minor,
        reward_minor: 3_100,
        version,
    };
    stage.tell("accounting", price(1_200, 2)).await;
    stage.tell("accounting", price(1_900, 1)).await;
    let list = stage.get(holder, "/api/tasks?mine").await.json;
    assert_eq!(
        (&list[0]["assign_fee_minor"], &list[0]["reward_minor"]),
        (&json!(1_200), &json!(3_100))
    );
}

#[tokio::test]
async fn b_31_a_worker_sees_their_own_tasks_and_no_others() {
    let mut stage = Stage::with(2).await;
    stage.create_many(8).await;
    let mut seen = 0;
    for one in [worker(1), worker(2)] {
        let list = stage.get(one, "/api/tasks").await.json;
        for task in list.as_array().unwrap() {
            assert_eq!(task["assignee"]["id"], json!(one.id));
            seen += 1;
        }
    }
    assert_eq!(seen, 8);
    for one in [worker(1), accountant()] {
        for query in ["?all".to_owned(), format!("?assignee={}", worker(2).id)] {
            let answer = stage.get(one, &format!("/api/tasks{query}")).await;
            assert_eq!(answer.refusal(), (403, "forbidden"), "{one:?} {query}");
        }
    }
    for one in [manager(), admin()] {
        let list = stage.get(one, "/api/tasks?all").await.json;
        assert_eq!(list.as_array().unwrap().len(), 8, "{one:?}");
    }
    assert_eq!(
        stage.get(buyer(), "/api/tasks").await.refusal(),
        (403, "forbidden")
    );
    assert_eq!(stage.world.get("/api/tasks", None).await.status, 401);
    let _ = stage.heard().await;
}

#[tokio::test]
async fn b_31_a_task_is_shown_to_its_holder_its_author_and_those_who_deal() {
    let mut stage = Stage::with(3).await;
    let body = json!({ "title": "Mend the gate" });
    let mut task = stage
        .post(accountant(), "/api/tasks", body.clone())
        .await
        .json;
    let holder = crate::stage::holder_of(&task);
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    let history = format!("{path}/assignments");
    for one in [holder, accountant(), manager(), admin()] {
        assert_eq!(stage.get(one, &path).await.json, task, "{one:?}");
        assert_eq!(stage.get(one, &history).await.json[0]["assignment_no"], 1);
    }
    let strangers = (1..=3).map(worker).filter(|one| one.id != holder.id);
    let nothing = "/api/tasks/00000000-0000-0000-0000-000000000000";
    for one in strangers.chain([buyer()]) {
        assert_eq!(
            stage.get(one, &path).await.refusal(),
            (403, "forbidden"),
            "{one:?}"
        );
        assert_eq!(stage.get(one, &history).await.refusal(), (403, "forbidden"));
        assert_eq!(
            stage.get(one, nothing).await.refusal(),
            (403, "forbidden"),
            "nothing leaks"
        );
    }
    assert_eq!(
        stage.get(manager(), nothing).await.refusal(),
        (404, "not_found")
    );

    // Whose it was before sees it no more.
    while task["assignee"]["id"] == json!(holder.id) {
        stage.shuffle().await;
        task = stage.get(manager(), &path).await.json;
    }
    assert_eq!(stage.get(holder, &path).await.refusal(), (403, "forbidden"));
}
