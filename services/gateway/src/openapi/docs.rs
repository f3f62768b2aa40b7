//! The description as a page to read, without anybody's script.

use askama::Template;
use serde_json::Value;

#[derive(Template)]
#[template(path = "docs.html")]
pub(crate) struct Docs {
    services: Vec<ServiceDocs>,
    schemas: Vec<SchemaDocs>,
}

struct ServiceDocs {
    name: String,
    description: String,
    operations: Vec<Operation>,
}

struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    parameters: Vec<Parameter>,
    body: String,
    responses: Vec<Answer>,
}

struct Parameter {
    name: String,
    place: String,
    required: bool,
    description: String,
}

struct Answer {
    status: String,
    description: String,
    schema: String,
}

struct SchemaDocs {
    name: String,
    json: String,
}

impl Docs {
    pub(crate) fn of(document: &Value) -> Self {
        let tags = document["tags"].as_array().into_iter().flatten();
        let services = tags.map(|tag| ServiceDocs {
            name: text(&tag["name"]),
            description: text(&tag["description"]),
            operations: operations(document, &tag["name"]),
        });
        let schemas = entries(&document["components"]["schemas"]);
        Self {
            services: services.filter(|one| !one.operations.is_empty()).collect(),
            schemas: schemas
                .map(|(name, schema)| SchemaDocs {
                    name: name.clone(),
                    json: pretty(schema),
                })
                .collect(),
        }
    }
}

fn operations(document: &Value, tag: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in entries(&document["paths"]) {
        for (method, operation) in entries(item) {
            if operation["tags"].get(0) == Some(tag) {
                all.push(operation_of(path, method, operation));
            }
        }
    }
    all
}

fn operation_of(path: &str, method: &str, operation: &Value) -> Operation {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() {
            character
        } else {
            '-'
        }
    };
    Operation {
        id: format!("{method}{path}").chars().map(plain).collect(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        parameters: parameters
            .map(|parameter| Parameter {
                name: text(&parameter["name"]),
                place: text(&parameter["in"]),
                required: parameter["required"] == Value::Bool(true),
                description: text(&parameter["description"]),
            })
            .collect(),
        body: content(&operation["requestBody"]),
        responses: entries(&operation["responses"])
            .map(|(status, answer)| Answer {
                status: status.clone(),
                description: text(&answer["description"]),
                schema: content(answer),
            })
            .collect(),
    }
}

/// The name of what a body holds: `Ticket`, `Ticket[]`.
fn content(holder: &Value) -> String {
    let media = entries(&holder["content"]).next();
    media
        .map(|(_, media)| schema_name(&media["schema"]))
        .unwrap_or_default()
}

fn schema_name(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if schema["type"] == "array" {
        return format!("{}[]", schema_name(&schema["items"]));
    }
    text(&schema["type"])
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
