//! Files of platforms: taken over, rehearsed, refused.

mod crashes;
mod formats;
mod hostile;
mod meanwhile;
mod pages;
mod rehearsing;
mod rights;
mod round_trip;
mod rows;
mod scale;

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use tidings_test::Answer;

use crate::stage::{Person, Stage, infra};

pub(crate) const CSV: &str = "text/csv";
/// The largest file.
const BYTES_MAX: usize = 25 * 1024 * 1024;
pub(crate) const JSON: &str = "application/json";

impl Stage {
    /// Sends a file.
    pub(crate) async fn upload(
        &self,
        by: Person,
        query: &str,
        kind: &str,
        file: impl Into<Body>,
    ) -> Answer {
        let token = self.world.token(by.id.uuid(), by.roles);
        let request = Request::post(format!("/api/platforms/import{query}"))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, kind)
            .body(file.into())
            .unwrap();
        self.world.call(request).await
    }

    /// Sends a file that is accepted; says where the import can be followed.
    pub(crate) async fn ask_to_import(
        &self,
        query: &str,
        kind: &str,
        file: impl Into<Body>,
    ) -> String {
        let answer = self.upload(infra(), query, kind, file).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let id = answer.json["job_id"].as_str().unwrap();
        format!("/api/platforms/import/{id}")
    }

    /// Has a file taken over; says what has become of it.
    pub(crate) async fn import(&mut self, query: &str, kind: &str, file: impl Into<Body>) -> Value {
        let path = self.ask_to_import(query, kind, file).await;
        self.world.settle().await;
        self.get(infra(), &path).await.json
    }

    /// The register as a file.
    pub(crate) async fn export(&self, file: &str) -> String {
        let answer = self.get(infra(), &format!("/api/platforms/{file}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    }
}

/// What an import has counted: total, created, updated, unchanged, failed, skipped.
pub(crate) fn counts(import: &Value) -> [u64; 6] {
    let names = [
        "total",
        "created",
        "updated",
        "unchanged",
        "failed",
        "skipped",
    ];
    names.map(|name| import[name].as_u64().unwrap())
}

/// Row, column and code of each mistake.
pub(crate) fn errors(import: &Value) -> Vec<Value> {
    let errors = import["errors"].as_array().unwrap().iter();
    let short = |one: &Value| json!([one["row"], one["column"], one["code"]]);
    errors.map(short).collect()
}
