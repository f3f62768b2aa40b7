//! Files that are sent and fetched, and what lies in the store.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;
use tidings_test::Answer;

use crate::stage::{Person, Stage, support};

impl Stage {
    pub(crate) async fn upload(&self, by: Person, query: &str, file: &str) -> Answer {
        let token = self.world.token(by.id.uuid(), by.roles);
        let request = Request::builder()
            .method("POST")
            .uri(format!("/api/c/import?{query}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "text/plain")
            .body(Body::from(file.to_owned()))
            .unwrap();
        self.world.call(request).await
    }

    /// Sends the form of the page.
    pub(crate) async fn form(&self, by: Person, body: String) -> Answer {
        let token = self.world.token(by.id.uuid(), by.roles);
        let request = Request::builder()
            .method("POST")
            .uri("/commands/import")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "multipart/form-data; boundary=edge")
            .body(Body::from(body))
            .unwrap();
        self.world.call(request).await
    }

    /// Imports to the end; says what has become of it.
    pub(crate) async fn import(&mut self, by: Person, query: &str, file: &str) -> Value {
        let answer = self.upload(by, query, file).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        self.world.settle().await;
        let id = answer.json["job_id"].as_str().unwrap();
        self.get(support(), &format!("/api/c/import/{id}"))
            .await
            .json
    }

    pub(crate) async fn file(&self, query: &str) -> String {
        let answer = self.get(support(), &format!("/api/c/export?{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    }

    /// All texts of a column.
    pub(crate) async fn texts(&self, sql: &str) -> String {
        let mut conn = self.world.service("commands").read().await.unwrap();
        let rows: Vec<(String,)> = conn.query(sql, &[]).await.unwrap();
        rows.into_iter().map(|(text,)| text).collect()
    }

    /// One number.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut conn = self.world.service("commands").read().await.unwrap();
        let (number,) = conn.query_one(sql, &[]).await.unwrap();
        number
    }
}

/// What an import has counted: total, created, updated, unchanged, failed.
pub(crate) fn counts(import: &Value) -> [u64; 5] {
    ["total", "created", "updated", "unchanged", "failed"]
        .map(|name| import[name].as_u64().unwrap())
}
