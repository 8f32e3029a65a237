//! The grammar of one call of one of the tools, in GBNF, as llama.cpp reads it. It is made from the
//! tools' schemas, and grows as they do: a part that may stand in several places has a rule.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::{Value, json};
use tenfold_domain::ToolSpec;

/// What JSON values of any form need.
const VALUES: &str = r#"string ::= "\"" char* "\""
char ::= [^"\\\x7F\x00-\x1F] | "\\" ["\\/bfnrt]
natural ::= "0" | [1-9] [0-9]{0,8}
integer ::= "-"? natural
number ::= integer ("." [0-9]{1,9})?
boolean ::= "true" | "false"
object ::= "{" (string ": " value (", " string ": " value)*)? "}"
array ::= "[" (value (", " value)*)? "]"
value ::= object | array | string | number | boolean | "null"
"#;

/// The longest thought, in characters: a small model would go on for ever, and never call.
const THOUGHT: usize = 240;

/// The grammar of one call: `{"thought": …, "tool": …, "arguments": {…}}`.
pub(crate) fn of_a_call(tools: &[Arc<ToolSpec>]) -> String {
    let mut rules = Rules::default();
    let (tool, end) = (literal(", \"tool\": "), literal("}"));
    rules.add("root", &format!("{} thought {tool} call {end}", literal("{\"thought\": ")));
    rules.add("thought", &format!("\"\\\"\" char{{0,{THOUGHT}}} \"\\\"\""));
    let names: Vec<String> = (0..tools.len()).map(|index| format!("call-{index}")).collect();
    rules.add("call", &names.join(" | "));
    for (tool, name) in tools.iter().zip(&names) {
        let head = literal(&format!("{}, \"arguments\": ", json!(tool.name)));
        let arguments = rules.object(&tool.parameters);
        rules.add(name, &format!("{head} {arguments}"));
    }
    rules.text + VALUES
}

/// The rules of a grammar.
#[derive(Default)]
struct Rules {
    text: String,
    /// How many were made for parts.
    parts: usize,
}

impl Rules {
    fn add(&mut self, name: &str, rule: &str) {
        let _ = writeln!(self.text, "{name} ::= {rule}");
    }

    /// The name of a rule of its own for a part; it may be the name of one already.
    fn part(&mut self, rule: &str) -> String {
        if rule.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return rule.to_owned();
        }
        let name = format!("part-{}", self.parts);
        self.parts += 1;
        self.add(&name, rule);
        name
    }

    /// An object's properties: those that are required first, in the schema's order. Each of the
    /// others may be left out, and the first that is there has no comma before it.
    fn object(&mut self, schema: &Value) -> String {
        let all = sorted(schema);
        let (required, others) = all.split_at(all.partition_point(|(_, _, required)| *required));
        let mut text = literal("{");
        for (index, property) in required.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            let _ = write!(text, " {}", self.property(comma, property));
        }
        if required.is_empty() {
            text += &self.any_of(others);
        } else {
            for other in others {
                let _ = write!(text, " ({})?", self.property(", ", other));
            }
        }
        text + " " + &literal("}")
    }

    fn property(&mut self, comma: &str, (name, schema, _): &(&str, &Value, bool)) -> String {
        format!("{} {}", literal(&format!("{comma}{}: ", json!(name))), self.value(schema))
    }

    /// Any of the properties, in their order, or none.
    fn any_of(&mut self, properties: &[(&str, &Value, bool)]) -> String {
        let mut ways = Vec::new();
        let mut rest: Option<String> = None;
        for (index, property) in properties.iter().enumerate().rev() {
            let first = self.property("", property);
            let first = if index == 0 { first } else { self.part(&first) };
            let then = rest.map_or_else(String::new, |rest| format!(" {rest}"));
            ways.push(format!("{first}{then}"));
            rest = (index > 0).then(|| self.part(&format!("(\", \" {first})?{then}")));
        }
        ways.reverse();
        if ways.is_empty() { String::new() } else { format!(" ({})?", ways.join(" | ")) }
    }

    fn value(&mut self, schema: &Value) -> String {
        let list =
            |name: &str| schema.get(name).and_then(Value::as_array).filter(|all| !all.is_empty());
        let either = |ways: Vec<String>| format!("({})", ways.join(" | "));
        if let Some(allowed) = list("enum") {
            return either(allowed.iter().map(|value| literal(&value.to_string())).collect());
        }
        if let Some(ways) = list("anyOf").or_else(|| list("oneOf")) {
            return either(ways.iter().map(|way| self.value(way)).collect());
        }
        let is_natural =
            schema.get("minimum").and_then(Value::as_f64).is_some_and(|least| least >= 0.0);
        match kind(schema) {
            "integer" if is_natural => "natural".to_owned(),
            "object" if schema.get("properties").is_some() => self.object(schema),
            "array" => {
                let item = schema.get("items").map(|items| self.value(items));
                let item = self.part(&item.unwrap_or_else(|| "value".to_owned()));
                format!("\"[\" ({item} (\", \" {item})*)? \"]\"")
            }
            "null" => literal("null"),
            kind @ ("string" | "integer" | "number" | "boolean" | "object") => kind.to_owned(),
            // What is said elsewhere of it is not known here.
            _ => "value".to_owned(),
        }
    }
}

/// The schema's type; of several the first that is something. Empty if it has none.
pub(crate) fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or_default()
        }
        _ => "",
    }
}

/// Name, schema and whether it is required, of each property; those that are required first,
/// in the order in which the schema requires them.
pub(crate) fn sorted(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map_or_else(Vec::new, |names| names.iter().filter_map(Value::as_str).collect());
    let place = |name: &str| required.iter().position(|known| *known == name);
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut list: Vec<_> = properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.as_str(), schema, place(name).is_some()))
        .collect();
    list.sort_by_key(|(name, _, _)| place(name).unwrap_or(usize::MAX));
    list
}

/// A text as the grammar writes it.
fn literal(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of an object, with those that were made for its parts.
    fn object(schema: &Value) -> String {
        let mut rules = Rules::default();
        let object = rules.object(schema);
        rules.text + &object
    }

    fn value(schema: &Value) -> String {
        let mut rules = Rules::default();
        let value = rules.value(schema);
        rules.text + &value
    }

    /// An object of so many properties, none of which is required.
    fn optional(names: impl IntoIterator<Item = String>, of: &Value) -> Value {
        let all = names.into_iter().map(|name| (name, of.clone()));
        json!({ "type": "object", "properties": all.collect::<serde_json::Map<_, _>>() })
    }

    #[test]
    fn where_nothing_is_required_the_first_argument_has_no_comma() {
        let of = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned());
            object(&optional(names, &json!({ "type": "boolean" })))
        };
        assert_eq!(of(&[]), r#""{" "}""#);
        assert_eq!(of(&["a"]), r#""{" ("\"a\": " boolean)? "}""#);
        let three = [
            r#"part-0 ::= "\"c\": " boolean"#,
            r#"part-1 ::= (", " part-0)?"#,
            r#"part-2 ::= "\"b\": " boolean"#,
            r#"part-3 ::= (", " part-2)? part-1"#,
            r#""{" ("\"a\": " boolean part-3 | part-2 part-1 | part-0)? "}""#,
        ];
        assert_eq!(of(&["a", "b", "c"]), three.join("\n"));
    }

    #[test]
    fn a_grammar_grows_as_its_schema_does() {
        let size = |depth: usize, width: usize| {
            let mut schema = json!({ "type": "array", "items": { "type": "string" } });
            for _ in 0..depth {
                let names = (0..width).map(|number| format!("p{number}"));
                schema = json!({ "type": "array", "items": optional(names, &schema) });
            }
            value(&schema).len()
        };
        // Four properties of four, and so on.
        assert!(size(4, 4) < 5 * size(3, 4), "{} {}", size(4, 4), size(3, 4));
        assert!(size(1, 200) < 11 * size(1, 20), "{} {}", size(1, 200), size(1, 20));
    }

    #[test]
    fn values_are_what_their_schema_says() {
        for (schema, rule) in [
            (json!({"type": "integer", "minimum": 0}), "natural"),
            (json!({"type": ["null", "integer"]}), "integer"),
            (json!({"type": "number"}), "number"),
            (json!({"type": "object"}), "object"),
            (
                json!({"type": "array", "items": {"type": "string"}}),
                r#""[" (string (", " string)*)? "]""#,
            ),
            (json!({"type": "string", "enum": ["a", "b\""]}), r#"("\"a\"" | "\"b\\\"\"")"#),
            (json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]}), r#"(boolean | "null")"#),
            (json!({"$ref": "#/$defs/Elsewhere"}), "value"),
            (json!({}), "value"),
        ] {
            assert_eq!(value(&schema), rule, "{schema}");
        }
    }
}
