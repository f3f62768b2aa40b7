//! The API's description: one document out of the services' own, for programs and for people.

mod docs;
mod merge;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde_json::Value;
use tidings::{Fragment, Json, Problem};

use crate::Gateway;

/// What the gateway itself answers.
const OWN: &str = include_str!("openapi/own.json");

pub(crate) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/api/openapi.json", get(document))
        .route("/api/docs", get(page))
}

fn merged(gateway: &Gateway) -> Value {
    let own = serde_json::from_str(OWN).unwrap_or_default();
    let services = gateway.installation().openapi().iter();
    let documents = services
        .map(|(service, document)| (*service, document.clone()))
        .chain([("gateway", own)]);
    merge::merge(documents)
}

async fn document(State(gateway): State<Gateway>) -> Json<Value> {
    Json(merged(&gateway))
}

async fn page(State(gateway): State<Gateway>) -> Result<Fragment, Problem> {
    Fragment::try_new("API", docs::Docs::of(&merged(&gateway)).render())
}
