//! The parts of AsyncAPI 3.0 that are written here.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) asyncapi: &'static str,
    pub(super) info: Info,
    pub(super) default_content_type: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) servers: BTreeMap<&'static str, ServerObject>,
    pub(super) channels: BTreeMap<String, Channel>,
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) components: Components,
}

#[derive(Serialize)]
pub(super) struct Info {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) description: String,
}

#[derive(Serialize)]
pub(super) struct ServerObject {
    pub(super) host: String,
    pub(super) protocol: String,
    pub(super) description: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) security: Option<Vec<Reference>>,
}

#[derive(Serialize)]
pub(super) struct Reference {
    #[serde(rename = "$ref")]
    pub(super) target: String,
}

impl Reference {
    pub(super) fn to(kind: &str, name: &str) -> Self {
        Self::root(&format!("components/{kind}"), name)
    }

    pub(super) fn root(kind: &str, name: &str) -> Self {
        Self {
            target: format!("#/{kind}/{name}"),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Channel {
    pub(super) address: String,
    pub(super) title: &'static str,
    pub(super) description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) servers: Vec<Reference>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) parameters: BTreeMap<&'static str, Parameter>,
    pub(super) messages: BTreeMap<String, Reference>,
}

#[derive(Serialize)]
pub(super) struct Parameter {
    pub(super) description: String,
}

#[derive(Serialize)]
pub(super) struct Operation {
    pub(super) action: &'static str,
    pub(super) channel: Reference,
    pub(super) summary: String,
    pub(super) messages: Vec<Reference>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Components {
    pub(super) schemas: BTreeMap<String, Value>,
    pub(super) messages: BTreeMap<String, Message>,
    pub(super) security_schemes: BTreeMap<&'static str, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) name: &'static str,
    pub(super) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    pub(super) content_type: &'static str,
    pub(super) correlation_id: CorrelationId,
    pub(super) payload: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) examples: Vec<MessageExample>,
}

#[derive(Serialize)]
pub(super) struct CorrelationId {
    pub(super) description: &'static str,
    pub(super) location: &'static str,
}

#[derive(Serialize)]
pub(super) struct MessageExample {
    pub(super) payload: Value,
}
