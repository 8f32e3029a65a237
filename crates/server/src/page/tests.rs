//! The document is what is reached, and `docs/openapi.json` is the document.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::DOCUMENT;

/// Writes the file instead of comparing with it.
const UPDATE: &str = "UPDATE_EXPECT";

#[test]
fn the_document_is_the_one_in_docs() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, DOCUMENT.as_str()).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == DOCUMENT.as_str(),
        "docs/openapi.json is not the API's: {UPDATE}=1 cargo test -p tenfold-server writes it, \
         then npm run types in web"
    );
}

fn each<'v>(value: &'v Value, see: &mut impl FnMut(&str, &'v Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            see(key, value);
            each(value, see);
        }),
        Value::Array(all) => all.iter().for_each(|one| each(one, see)),
        _ => {}
    }
}

#[test]
fn every_name_stands_for_one_thing_that_is_there() {
    let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
    let mut names = BTreeSet::new();
    each(&document, &mut |key, value| match (key, value) {
        ("$ref", Value::String(name)) => {
            let path = name.strip_prefix('#').unwrap();
            assert!(document.pointer(path).is_some(), "{name} is nowhere");
        }
        ("operationId", Value::String(name)) => {
            assert!(names.insert(name), "two calls are called {name}");
        }
        _ => {}
    });
    assert!(names.len() > 40);
}

#[test]
fn what_is_answered_has_all_its_fields_and_what_is_asked_may_leave_some_out() {
    let document: Value = serde_json::from_str(&DOCUMENT).unwrap();
    let required = |name: &str| -> BTreeSet<String> {
        let schema = &document["components"]["schemas"][name];
        serde_json::from_value(schema["required"].clone()).unwrap_or_default()
    };
    assert!(required("Card").contains("deadline_at_ms"));
    assert!(!required("Problem").contains("to_do"), "serde leaves it out");
    assert_eq!(required("NewTask"), BTreeSet::from(["workspace".to_owned()]));
    assert!(required("Begin").is_empty());
}
