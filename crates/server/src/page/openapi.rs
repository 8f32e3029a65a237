//! The document of the API, in the form of OpenAPI 3.1, made of the [calls](super::calls) as they
//! are reached. `docs/openapi.json` is the same text, and the page's TypeScript is made of that.
//!
//! Every field is as serde writes it. `Option` says only that a field may be left out of what is
//! said; what is answered has it always, as null if there is none, unless serde leaves it out, and
//! then its schema is not nullable.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tenfold_domain::Problem;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::calls::{Needs, Told};
use crate::problem::STATUSES;

const SCHEMAS: &str = "#/components/schemas/";

/// What the API is.
const ABOUT: &str = "What the page speaks, and what programs may. Money is whole nano-dollars, \
    moments are milliseconds since 1970 and other times milliseconds, unless a name says \
    otherwise. Who sees an account sees those below it; what somebody may not see is not there \
    for them.";

/// What the stream of events is; OpenAPI has no words for one.
const EVENTS: &str = "`event: task` has a `TaskChanged` as its data, `ledger`, `people`, `upto` \
    and `reset` have a `Changed`, and `progress` has an array of `Progress`, which may be lost. \
    All but the first and the last have the place in the journal as their id.";

/// The text of the document of these calls, and a line's end.
pub(super) fn text(told: &[Told]) -> String {
    // All of it has text keys.
    let mut text = serde_json::to_string_pretty(&document(told)).unwrap_or_default();
    text.push('\n');
    text
}

fn document(told: &[Told]) -> Value {
    let mut schemas = schemas(told);
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for call in told {
        let method = call.method.as_str().to_lowercase();
        paths.entry(&call.path).or_default().insert(method, operation(call));
    }
    let mut paths = value(&paths);
    let answered = answered(&paths, &schemas);
    for (name, schema) in &mut schemas {
        if answered.contains(name) {
            whole(schema);
        }
    }
    answers(&mut paths).for_each(whole);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tenfold",
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "version": "1",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses(),
            "headers": { "etag": etag() },
            "parameters": {
                "idempotency-key": idempotency_key(),
                "if-none-match": if_none_match(),
            },
            "securitySchemes": {
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "tenfold-7373",
                    "description": "A session of the page; the name ends with the port.",
                },
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token of an account. To ask with, it may what an operator may; to look, what a viewer may.",
                },
            },
        },
    })
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

/// All schemas by their names.
fn schemas(told: &[Told]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut problem: Vec<(String, RefOr<Schema>)> = Vec::new();
    problem.push((Problem::name().into_owned(), Problem::schema()));
    Problem::schemas(&mut problem);
    for (name, schema) in told.iter().flat_map(|call| &call.shape.schemas).chain(&problem) {
        let schema = value(schema);
        let known = all.entry(name.clone()).or_insert_with(|| schema.clone());
        debug_assert_eq!(*known, schema, "two types are called {name}");
    }
    all
}

fn operation(call: &Told) -> Value {
    let Told { method, path, words, shape } = call;
    let needs_caller = words.needs != Needs::Nothing;
    let mut parameters: Vec<Value> = in_path(path).collect();
    parameters.extend(shape.query.iter().map(value));
    if *method != Method::GET && needs_caller {
        parameters.push(json!({ "$ref": "#/components/parameters/idempotency-key" }));
    }
    let mut answer = json!({ "description": "The answer." });
    if let Some((kind, schema)) = &shape.answer {
        let schema = schema.as_ref().map_or_else(|| json!({ "type": "string" }), value);
        answer["content"] = json!({ *kind: { "schema": schema } });
    }
    let is_stream = shape.answer.as_ref().is_some_and(|(kind, _)| *kind == "text/event-stream");
    let mut description = needs(words.needs);
    if is_stream {
        description = format!("{EVENTS} {description}");
    }
    let is_kept = *method == Method::GET && needs_caller && !is_stream;
    if is_kept {
        parameters.push(json!({ "$ref": "#/components/parameters/if-none-match" }));
        answer["headers"] = json!({ "ETag": { "$ref": "#/components/headers/etag" } });
    }
    let mut responses = json!({ "200": answer });
    if is_kept {
        responses["304"] = json!({ "$ref": "#/components/responses/unchanged" });
    }
    for (status, name, _) in STATUSES {
        responses[status.as_str()] = json!({ "$ref": format!("#/components/responses/{name}") });
    }
    let mut operation = json!({
        "operationId": words.name,
        "summary": words.what,
        "description": description,
        "tags": [path.trim_start_matches("/api/v1").split('/').nth(1)],
        "parameters": parameters,
        "responses": responses,
        "security": if needs_caller { json!([{ "session": [] }, { "token": [] }]) } else { json!([]) },
    });
    if let Some(body) = &shape.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": { "application/json": { "schema": value(body) } },
        });
    }
    operation
}

/// What a call's access is, in words.
fn needs(needs: Needs) -> String {
    match needs {
        Needs::Nothing => "Nobody has to be signed in for this.".to_owned(),
        Needs::Only(access) => format!("Needs the access '{access}', at the least."),
        Needs::Everything(access) => {
            format!("Needs the access '{access}', at the least, and to see all accounts.")
        }
    }
}

/// What a path names: a number each, but for keys.
fn in_path(path: &str) -> impl Iterator<Item = Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let what = match name {
            "task" => "The task's number.",
            "number" => "The attempt's number among those of its task.",
            "variable" => "The variable that names the key.",
            _ => "Its number.",
        };
        let schema = match name {
            "variable" => json!({ "type": "string" }),
            _ => json!({ "type": "integer", "format": "int64", "minimum": 1 }),
        };
        json!({
            "name": name,
            "in": "path",
            "description": what,
            "required": true,
            "schema": schema,
        })
    })
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Whatever is asked again with the same key is done once, and answered the \
            same.",
        "schema": { "type": "string", "maxLength": 256 },
    })
}

fn if_none_match() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of an answer that is known: if it still holds, that is all \
            that is said. Browsers send it by themselves.",
        "schema": { "type": "string" },
    })
}

fn etag() -> Value {
    json!({
        "description": "What the answer is known by: another answer has another.",
        "schema": { "type": "string" },
    })
}

/// What can't be done, by its status; and that nothing has changed.
fn responses() -> Map<String, Value> {
    let problems = STATUSES.iter().map(|(_, name, what)| {
        let schema = json!({ "$ref": format!("{SCHEMAS}Problem") });
        let content = json!({ "application/json": { "schema": schema } });
        ((*name).to_owned(), json!({ "description": what, "content": content }))
    });
    let unchanged = json!({ "description": "The answer that is known still holds." });
    problems.chain([("unchanged".to_owned(), unchanged)]).collect()
}

/// The schemas of all answers.
fn answers(paths: &mut Value) -> impl Iterator<Item = &mut Value> {
    let operations = paths.as_object_mut().into_iter().flatten();
    let operations = operations.filter_map(|(_, path)| path.as_object_mut()).flatten();
    operations.filter_map(|(_, operation)| operation["responses"]["200"].get_mut("content"))
}

/// The names of all schemas that answers are made of.
fn answered(paths: &Value, schemas: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let mut names: Vec<String> = vec!["Problem".into()];
    // What events have as their data is in no answer.
    names.extend(["TaskChanged", "Changed", "Progress"].map(Into::into));
    let mut paths = paths.clone();
    answers(&mut paths).for_each(|answer| named(answer, &mut names));
    let mut seen = BTreeSet::new();
    while let Some(name) = names.pop() {
        if let Some(schema) = schemas.get(&name).filter(|_| seen.insert(name)) {
            named(schema, &mut names);
        }
    }
    seen
}

/// The names that a schema calls others by.
fn named(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(Value::as_str);
            names.extend(name.and_then(|name| name.strip_prefix(SCHEMAS)).map(str::to_owned));
            fields.values().for_each(|field| named(field, names));
        }
        Value::Array(all) => all.iter().for_each(|one| named(one, names)),
        _ => {}
    }
}

/// Has all that may be null be there.
fn whole(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(whole);
            let Some(Value::Object(properties)) = fields.get("properties") else { return };
            let nulls = properties.iter().filter(|(_, property)| is_nullable(property));
            let nulls: Vec<Value> = nulls.map(|(name, _)| name.as_str().into()).collect();
            if nulls.is_empty() {
                return;
            }
            let required = fields.entry("required").or_insert_with(|| json!([]));
            let Value::Array(required) = required else { return };
            let more: Vec<Value> =
                nulls.into_iter().filter(|name| !required.contains(name)).collect();
            required.extend(more);
        }
        Value::Array(all) => all.iter_mut().for_each(whole),
        _ => {}
    }
}

fn is_nullable(property: &Value) -> bool {
    let null = Value::from("null");
    let kinds = &property["type"];
    let is_null = |one: &Value| one["type"] == null;
    *kinds == null
        || kinds.as_array().is_some_and(|kinds| kinds.contains(&null))
        || property["oneOf"].as_array().is_some_and(|any| any.iter().any(is_null))
}
