//! What a model is told of a tool, made from the type of its arguments.
//!
//! Apart, because providers and the embedded model's grammar take only the plainest schemas:
//! what is not needed to write a call is left out here, for all tools alike.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use tenfold_domain::ToolSpec;

use crate::call::Tool;

/// A tool's name, its type's doc comment, and the JSON schema of its arguments: only `type`,
/// `description`, `properties`, `required` and `items`, nothing by reference.
pub(crate) fn spec<T: Tool>() -> ToolSpec {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    let about = match schema.get("description") {
        Some(Value::String(text)) => unwrapped(text),
        _ => String::new(),
    };
    let parameters = match simple(&schema) {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().filter(|(key, _)| key != "description").collect())
        }
        other => other,
    };
    ToolSpec { name: T::NAME.to_owned(), about, parameters }
}

fn simple(schema: &Value) -> Value {
    let mut kept = Map::new();
    for (key, value) in schema.as_object().into_iter().flatten() {
        let value = match (key.as_str(), value) {
            ("type", Value::Array(kinds)) => one_kind(kinds),
            ("description", Value::String(text)) => Value::String(unwrapped(text)),
            ("properties", Value::Object(fields)) => {
                fields.iter().map(|(name, of)| (name.clone(), simple(of))).collect()
            }
            ("items", of) => simple(of),
            ("type" | "required", _) => value.clone(),
            _ => continue,
        };
        kept.insert(key.clone(), value);
    }
    Value::Object(kept)
}

/// What may be left out is also allowed to be null, which no model needs to know.
fn one_kind(kinds: &[Value]) -> Value {
    kinds.iter().find(|kind| **kind != "null").cloned().unwrap_or(Value::Null)
}

/// A doc comment without the line breaks that it has in the source.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
