//! What a table is made of, out of the JSON that was measured. Shared by the benches that print one.

use serde_json::Value as Json;

pub(crate) fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn words(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

pub(crate) fn number(json: &Json) -> f64 {
    json.as_f64().unwrap_or(f64::NAN)
}
