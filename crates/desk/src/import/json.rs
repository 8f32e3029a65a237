//! JSON: an object a line, or an array of objects.

use serde_json::{Map, Value};

use super::item::Item;

pub(super) fn read(text: &str) -> Vec<Result<Item, String>> {
    objects(text)
        .into_iter()
        .map(|object| object.and_then(|(line, object)| item(line, &object)))
        .collect()
}

/// An object, and where it stands.
type Numbered = (usize, Map<String, Value>);

/// The objects of a text, each with the line that it begins on; those of an array are counted
/// instead.
pub(super) fn objects(text: &str) -> Vec<Result<Numbered, String>> {
    if text.trim_start().starts_with('[') {
        return match serde_json::from_str::<Vec<Map<String, Value>>>(text) {
            Ok(objects) => objects.into_iter().enumerate().map(|(at, o)| Ok((at + 1, o))).collect(),
            Err(why) => vec![Err(format!("it is no array of objects: {why}"))],
        };
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(index, line): (usize, &str)| match serde_json::from_str(line) {
        Ok(object) => Ok((index + 1, object)),
        Err(why) => Err(format!("line {}: it is no object: {why}", index + 1)),
    };
    lines.map(read).collect()
}

fn item(line: usize, object: &Map<String, Value>) -> Result<Item, String> {
    let mut item = Item::on(line);
    for (key, value) in object {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Array(values) => {
                let names = values.iter().map(|value| match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                item.set_list(key, names.collect()).map_err(|why| format!("line {line}: {why}"))?;
                continue;
            }
            Value::Object(_) => return Err(format!("line {line}: '{key}' can't be an object")),
            other => other.to_string(),
        };
        item.set(key, &value).map_err(|why| format!("line {line}: {why}"))?;
    }
    item.whole()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_arrays_are_read_alike() {
        let one =
            r#"{"id": 7, "text": "mend", "labels": ["a", "b, c"], "value": 2.5, "check": null}"#;
        for text in
            [format!("{one}\n\n{{\"title\": \"x\"}}\n"), format!("[{one}, {{\"title\": \"x\"}}]")]
        {
            let items: Vec<Item> = read(&text).into_iter().map(Result::unwrap).collect();
            assert_eq!((items[0].id.as_deref(), items[1].text.as_str()), (Some("7"), "x"));
            assert_eq!(items[0].labels, ["a", "b, c"]);
            assert_eq!(items[0].value.unwrap().0, 2_500_000_000);
        }
        let wrong = read("{\"text\": \"a\"}\nnot json\n{\"text\": {}}\n{}\n");
        let wrong: Vec<bool> = wrong.iter().map(Result::is_err).collect();
        assert_eq!(wrong, [false, true, true, true]);
    }
}
