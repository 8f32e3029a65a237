//! Instances as SWE-bench gives them: an id, a repository, what is wrong, and the tests that have
//! to pass. Where the repository lies on this machine is for the command to say.

use serde_json::{Map, Value};

use super::item::Item;
use super::json::objects;

/// Whether the first object of a text is one.
pub(super) fn is_one(text: &str) -> bool {
    let start = text.trim_start();
    let head = &start[..start.floor_char_boundary(64 << 10)];
    head.contains("\"instance_id\"") && head.contains("\"problem_statement\"")
}

pub(super) fn read(text: &str) -> Vec<Result<Item, String>> {
    objects(text).into_iter().map(|object| object.and_then(|(line, o)| item(line, &o))).collect()
}

fn item(line: usize, instance: &Map<String, Value>) -> Result<Item, String> {
    let text = |key: &str| instance.get(key).and_then(Value::as_str).map(str::to_owned);
    let missing = |key: &str| format!("line {line}: this instance has no {key}");
    let id = text("instance_id").ok_or_else(|| missing("instance_id"))?;
    let mut item = Item::on(line);
    item.text = text("problem_statement").ok_or_else(|| missing("problem_statement"))?;
    item.check = check(instance);
    item.repo = Some(id.clone().into());
    item.labels = [text("repo"), Some(id.clone())].into_iter().flatten().collect();
    item.id = Some(id);
    item.whole()
}

/// The tests that have to pass, and those that have to go on passing; none if it names none.
fn check(instance: &Map<String, Value>) -> Option<String> {
    let tests = |key: &str| match instance.get(key) {
        Some(Value::Array(tests)) => tests.clone(),
        // Some releases have a list as a text.
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Vec::new(),
    };
    let all = [tests("FAIL_TO_PASS"), tests("PASS_TO_PASS")].concat();
    let names: Vec<String> = all.iter().filter_map(Value::as_str).map(quoted).collect();
    (!names.is_empty()).then(|| format!("python -m pytest -q {}", names.join(" ")))
}

/// A word of shell, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_a_task_with_its_tests_as_the_check() {
        let text = r#"[{"instance_id": "a__b-1", "repo": "a/b", "problem_statement": "It fails.",
            "FAIL_TO_PASS": "[\"tests/t.py::x[it's]\"]", "PASS_TO_PASS": ["tests/t.py::y"]}]"#;
        assert!(is_one(text));
        let item = read(text).remove(0).unwrap();
        assert_eq!(item.text, "It fails.");
        let check = r"python -m pytest -q 'tests/t.py::x[it'\''s]' 'tests/t.py::y'";
        assert_eq!(item.check.as_deref(), Some(check));
        assert_eq!(item.labels, ["a/b", "a__b-1"]);
        assert_eq!(item.repo.unwrap().to_str(), Some("a__b-1"));
        assert!(read(r#"[{"instance_id": "x"}]"#).remove(0).is_err());
    }
}
