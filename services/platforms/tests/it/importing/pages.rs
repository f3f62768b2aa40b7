//! The pages of imports.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use tidings_test::Answer;

use super::CSV;
use crate::stage::{Stage, admin, infra};

/// A form with a file, as browsers send it.
fn form(parts: &[(&str, &str)], file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, text) in parts {
        let part =
            format!("--B\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend(part.into_bytes());
    }
    if let Some((name, bytes)) = file {
        let head = format!(
            "--B\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             content-type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--B--\r\n");
    body
}

impl Stage {
    async fn submit(&self, body: Vec<u8>) -> Answer {
        let token = self.world.token(infra().id.uuid(), infra().roles);
        let request = Request::post("/platforms/import")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
            .body(Body::from(body))
            .unwrap();
        self.world.call(request).await
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.get(admin(), path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    }
}

const FILE: &[u8] = b"name,publisher,kind\nA,Acme,os\nB,Acme,spaceship\nC,Acme,os\n";

/// 1. A file is rehearsed. 2. Its page says what would happen. 3. It is imported for real, by
/// somebody else. 4. The button is gone, and pressing it again does nothing.
#[tokio::test]
async fn a_file_is_rehearsed_and_then_imported_for_real() {
    let mut stage = Stage::new().await;
    let page = stage.page("/platforms/import").await;
    assert!(page.contains("enctype=\"multipart/form-data\""));
    assert!(page.contains("No imports yet"));
    let parts = [
        ("mode", "upsert"),
        ("what", "rehearse"),
        ("comment", "As counted"),
    ];
    let answer = stage
        .submit(form(&parts, Some(("assets <1>.csv", FILE))))
        .await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let rehearsal = answer.headers["location"].to_str().unwrap().to_owned();
    let waiting = stage.page(&rehearsal).await;
    assert!(waiting.contains("<progress"), "{waiting}");
    assert!(waiting.contains("assets &#60;1&#62;.csv"), "{waiting}");
    stage.world.settle().await;
    let done = stage.page(&rehearsal).await;
    assert!(
        done.contains("2 platforms would be new or changed, and one row left out"),
        "{done}"
    );
    assert!(done.contains("Row 3"), "{done}");
    assert!(done.contains("<code>kind</code>"), "{done}");
    assert_eq!(stage.get(infra(), "/api/platforms").await.json, json!([]));

    let run = format!("{rehearsal}/run");
    let answer = stage.post(admin(), &run, Value::Null).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let import = answer.headers["location"].to_str().unwrap().to_owned();
    stage.world.settle().await;
    let done = stage.page(&import).await;
    assert!(done.contains("2 platforms are new or changed."), "{done}");
    let list = stage.get(infra(), "/api/platforms").await.json;
    assert_eq!(list.as_array().unwrap().len(), 2);
    let by = stage.history(&list[0]["id"]).await;
    // What was said of the rehearsal is said of the import.
    assert_eq!(by[0]["comment"], "As counted");
    assert_eq!(by[0]["actor"], json!(admin().id));

    let again = stage.post(admin(), &run, Value::Null).await;
    assert_eq!(
        (again.status.as_u16(), &again.json["code"]),
        (409, &json!("file_gone"))
    );
    assert!(!stage.page(&rehearsal).await.contains("Import for real"));
    let list = stage.page("/platforms/import").await;
    assert!(
        list.contains("rehearsal") && list.contains("Person 5"),
        "{list}"
    );
}

/// the real run looks at the register as it is then, not as it was at the rehearsal.
#[tokio::test]
async fn what_has_changed_since_the_rehearsal_is_looked_up_anew() {
    let mut stage = Stage::new().await;
    let file = b"name,publisher,description\nA,Acme,of the file\nB,Acme,\nC,Acme,\n";
    let answer = stage
        .submit(form(&[("what", "rehearse")], Some(("a.csv", file))))
        .await;
    let rehearsal = answer.headers["location"].to_str().unwrap().to_owned();
    stage.world.settle().await;
    let made = stage.create_named("A").await;
    let answer = stage
        .post(infra(), &format!("{rehearsal}/run"), Value::Null)
        .await;
    let import = answer.headers["location"].to_str().unwrap().to_owned();
    stage.world.settle().await;
    let import = stage.get(infra(), &format!("/api{import}")).await.json;
    assert_eq!(super::counts(&import), [3, 2, 1, 0, 0, 0]);
    assert_eq!(
        stage.platform(&made["id"]).await["description"],
        "of the file"
    );
}

#[tokio::test]
async fn what_was_chosen_is_kept_when_a_file_is_refused() {
    let stage = Stage::new().await;
    let parts = [
        ("mode", "create_only"),
        ("atomic", "on"),
        ("comment", "Too <early>"),
        ("what", "import"),
    ];
    let answer = stage
        .submit(form(&parts, Some(("a.csv", b"name\nA\n"))))
        .await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text.contains("value=\"Too &#60;early&#62;\""),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains("The column publisher is missing."),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("value=\"create_only\" checked"));
    assert!(answer.text.contains("value=\"on\" checked"));
    let long = "x".repeat(201);
    let long = stage
        .submit(form(&[("comment", &long)], Some(("a.csv", FILE))))
        .await;
    assert_eq!(long.status, 422);
    assert!(long.text.contains("id=\"comment-error\""), "{}", long.text);
    for file in [None, Some(("", b"".as_slice()))] {
        let answer = stage.submit(form(&parts, file)).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains("Choose a file."), "{}", answer.text);
    }
}

#[tokio::test]
async fn forms_that_are_wrong_are_refused() {
    let stage = Stage::new().await;
    let large = vec![b'x'; 25 * 1024 * 1024 + 1];
    let answer = stage.submit(form(&[], Some(("a.csv", &large)))).await;
    assert_eq!(answer.status, 413);
    let mut torn = form(&[("what", "import")], Some(("a.csv", FILE)));
    torn.truncate(torn.len() - 20);
    assert_eq!(stage.submit(torn).await.status, 400);
    let answer = stage.post(infra(), "/platforms/import", json!({})).await;
    assert_eq!(answer.status, 415);
    let nil = "/platforms/import/00000000-0000-0000-0000-000000000000";
    for path in [nil.to_owned(), format!("{nil}/live")] {
        assert_eq!(stage.get(infra(), &path).await.status, 404, "{path}");
    }
    assert_eq!(
        stage
            .post(infra(), &format!("{nil}/run"), Value::Null)
            .await
            .status,
        404
    );
}

/// A refusal, a repeated file and letters that were guessed are told.
#[tokio::test]
async fn the_page_says_what_was_odd_about_a_file() {
    let mut stage = Stage::new().await;
    let file = b"name;publisher\nM\xfcnze;Acme\n";
    stage.import("", CSV, file.to_vec()).await;
    let again = stage.import("", CSV, file.to_vec()).await;
    let page = stage
        .page(&format!(
            "/platforms/import/{}",
            again["id"].as_str().unwrap()
        ))
        .await;
    assert!(
        page.contains("The same file was imported before."),
        "{page}"
    );
    assert!(page.contains("Windows-1252"), "{page}");
    assert!(page.contains("No row has changed the register."), "{page}");
    let file = "name,publisher\nA,Acme\nB\n";
    let refused = stage.import("?atomic=true", CSV, file).await;
    let page = stage
        .page(&format!(
            "/platforms/import/{}",
            refused["id"].as_str().unwrap()
        ))
        .await;
    assert!(page.contains("Nothing was taken over."), "{page}");
}
