//! Whether arguments that a model made up are those of a tool, and what is wrong if not.
//!
//! Apart, because a parser's own message names neither the argument nor those that there
//! are, and a model that reads it calls the same way again. It only reads.

use serde_json::{Map, Value};
use tenfold_domain::ToolSpec;

use crate::shown;

/// How many things that are wrong are told at once.
const MAX_WRONG: usize = 5;
/// How much of a wrong value is shown, in characters.
const MAX_VALUE_CHARS: usize = 60;

/// The arguments as an object: some models write it as a text, or leave it out.
pub(crate) fn object(given: &Value) -> Value {
    match given {
        Value::Null => Value::Object(Map::new()),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Value::Object(fields),
            _ => given.clone(),
        },
        other => other.clone(),
    }
}

/// Holds arguments to the schema of a tool.
///
/// # Errors
/// A text for the model.
pub(crate) fn check(spec: &ToolSpec, given: &Value) -> Result<(), String> {
    let mut wrong = Vec::new();
    check_value(&spec.parameters, given, "", &mut wrong);
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.truncate(MAX_WRONG);
    let (name, wrong) = (&spec.name, wrong.join("; "));
    Err(format!("`{name}` can't take these arguments: {wrong}. {}", taken(spec)))
}

/// Which arguments a tool takes, in a sentence.
pub(crate) fn taken(spec: &ToolSpec) -> String {
    let properties = spec.parameters["properties"].as_object();
    let takes = properties.into_iter().flatten().map(|(name, of)| {
        let kind = match of["type"].as_str() {
            Some("integer") => "whole number".to_owned(),
            _ => kind(of),
        };
        let may = if is_required(&spec.parameters, name) { "" } else { ", may be left out" };
        format!("`{name}` ({kind}{may})")
    });
    format!("It takes {}.", takes.collect::<Vec<_>>().join(", "))
}

fn check_value(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let fits = match schema["type"].as_str() {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.as_u64().is_some_and(|number| number <= u32::MAX.into()),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => true,
    };
    if !fits {
        let value = shown::cut(&shown::visible(&value.to_string()), MAX_VALUE_CHARS);
        wrong.push(match at {
            "" => format!("they have to be one {}, not {value}", kind(schema)),
            at => format!("`{at}` has to be a {}, not {value}", kind(schema)),
        });
        return;
    }
    match value {
        Value::Object(fields) => check_fields(schema, fields, at, wrong),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                check_value(&schema["items"], item, &format!("{at}[{place}]"), wrong);
            }
        }
        _ => {}
    }
}

fn check_fields(schema: &Value, fields: &Map<String, Value>, at: &str, wrong: &mut Vec<String>) {
    let Some(properties) = schema["properties"].as_object() else { return };
    let below = |name: &str| match at {
        "" => name.to_owned(),
        at => format!("{at}.{name}"),
    };
    for name in fields.keys().filter(|name| !properties.contains_key(*name)) {
        wrong.push(format!("`{}` is none of its arguments", shown::name(&below(name))));
    }
    for (name, of) in properties {
        match fields.get(name) {
            None | Some(Value::Null) if !is_required(schema, name) => {}
            None => wrong.push(format!("`{}` is missing", below(name))),
            Some(value) => check_value(of, value, &below(name), wrong),
        }
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|other| *other == name))
}

/// What a value has to be, behind "a": "text", "list of objects with `old` and `new`".
fn kind(schema: &Value) -> String {
    match schema["type"].as_str() {
        Some("string") => "text".to_owned(),
        Some("boolean") => "value that is true or false".to_owned(),
        Some("integer") => format!("whole number from 0 to {}", u32::MAX),
        Some("array") => format!("list of objects with {}", names(&schema["items"])),
        _ => format!("JSON object with {}", names(schema)),
    }
}

fn names(schema: &Value) -> String {
    let names = schema["properties"].as_object().into_iter().flatten();
    names.map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}
