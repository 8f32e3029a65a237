//! What a server offers, as a model may be told of it: a bounded number of tools, with names
//! that every provider takes and schemas of the plainest kind.
//!
//! Apart, because a description is read by a model as if somebody had meant it, and this is the
//! one door through which a stranger's comes in. Whether arguments fit is for the server to
//! say, so a schema may lose what makes it strict.

use std::collections::HashSet;

use rmcp::model::Tool;
use serde_json::{Map, Value, json};
use tenfold_domain::{McpServer, OfferedTool, ToolSpec};
use tenfold_redact::Redactor;

use crate::shown;

/// With what the name of each such tool begins; the server's name follows, and two more lines.
pub const PREFIX: &str = "mcp__";
/// The most tools of one server.
pub const MAX_TOOLS: usize = 64;

/// The longest name that all providers take, in bytes.
const MAX_NAME_BYTES: usize = 64;
/// The longest description of a tool, and of an argument, in characters.
const MAX_ABOUT_CHARS: usize = 1_000;
const MAX_ARGUMENT_CHARS: usize = 300;
/// The largest schema, in bytes of JSON.
const MAX_SCHEMA_BYTES: usize = 8_000;
/// How deep a schema goes, and how many values a choice has.
const MAX_DEPTH: usize = 6;
const MAX_CHOICES: usize = 50;

/// What a server offers, and what of it can't be offered on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// In the server's order.
    pub tools: Vec<OfferedTool>,
    /// In words for people and models.
    pub left_out: Vec<String>,
}

/// Makes a server's list fit to be offered.
pub fn offer(server: &McpServer, tools: &[Tool], redactor: &Redactor) -> Offer {
    let mut offer = Offer::default();
    let mut names = HashSet::new();
    let is_wanted = |tool: &&Tool| {
        server.tools.is_empty() || server.tools.iter().any(|wanted| *wanted == tool.name)
    };
    for tool in tools.iter().take(MAX_TOOLS).filter(is_wanted) {
        let called = shown::name(&tool.name);
        let name = name(&server.name, &tool.name);
        let parameters = parameters(&tool.input_schema, redactor);
        if parameters.to_string().len() > MAX_SCHEMA_BYTES {
            let why = format!("{called} (its arguments take too long to describe)");
            offer.left_out.push(why);
        } else if !names.insert(name.clone()) {
            offer.left_out.push(format!("{called} (another one has its name here)"));
        } else {
            let about = said(tool.description.as_deref(), MAX_ABOUT_CHARS, redactor);
            let about = format!("(The MCP server {} says of it:) {about}", server.name);
            let hints = tool.annotations.as_ref();
            offer.tools.push(OfferedTool {
                spec: ToolSpec { name, about, parameters },
                server: server.name.clone(),
                tool: tool.name.to_string(),
                reads: hints.and_then(|hints| hints.read_only_hint) == Some(true),
            });
        }
    }
    if tools.len() > MAX_TOOLS {
        offer.left_out.push(format!("all behind the first {MAX_TOOLS}"));
    }
    let there: HashSet<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    let missing = server.tools.iter().filter(|wanted| !there.contains(wanted.as_str()));
    offer.left_out.extend(missing.map(|wanted| format!("{wanted} (it does not offer that)")));
    offer
}

/// The name by which a model calls it.
fn name(server: &str, tool: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let tool: String = tool.chars().map(plain).collect();
    let mut name = format!("{PREFIX}{server}__{tool}");
    name.truncate(MAX_NAME_BYTES);
    name
}

/// A description, on one line.
fn said(text: Option<&str>, most: usize, redactor: &Redactor) -> String {
    let text = shown::output(text.unwrap_or_default());
    let text = redactor.text(&text);
    let text: Vec<&str> = text.split_whitespace().collect();
    shown::cut(&text.join(" "), most)
}

/// The schema of a tool's arguments, which are always an object.
fn parameters(schema: &Map<String, Value>, redactor: &Redactor) -> Value {
    let whole = Value::Object(schema.clone());
    let mut simple = simple(&whole, &whole, MAX_DEPTH, redactor);
    if let Value::Object(fields) = &mut simple {
        fields.insert("type".to_owned(), json!("object"));
        fields.entry("properties").or_insert_with(|| json!({}));
        fields.remove("description");
    }
    simple
}

/// A schema without references and choices between kinds: of these the first that is not null.
fn simple(whole: &Value, schema: &Value, depth: usize, redactor: &Redactor) -> Value {
    if depth == 0 {
        return json!({});
    }
    let chosen = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(*key)?.as_array());
    let chosen = chosen.and_then(|kinds| kinds.iter().find(|kind| kind["type"] != "null"));
    let named = schema.get("$ref").and_then(Value::as_str);
    let named = named.and_then(|name| whole.pointer(name.strip_prefix('#')?));
    let mut kept = match named.or(chosen) {
        Some(other) => match simple(whole, other, depth - 1, redactor) {
            Value::Object(fields) => fields,
            _ => Map::new(),
        },
        None => Map::new(),
    };
    let below = |of: &Value| simple(whole, of, depth - 1, redactor);
    for (key, value) in schema.as_object().into_iter().flatten() {
        let value = match (key.as_str(), value) {
            ("type", Value::Array(kinds)) => match kinds.iter().find(|kind| **kind != "null") {
                Some(Value::String(kind)) => json!(kind),
                _ => continue,
            },
            ("type", Value::String(kind)) => json!(kind),
            ("description", Value::String(text)) => {
                json!(said(Some(text), MAX_ARGUMENT_CHARS, redactor))
            }
            ("enum", Value::Array(values)) => {
                let texts = values.iter().filter(|value| value.is_string());
                let texts: Vec<&Value> = texts.take(MAX_CHOICES).collect();
                if texts.is_empty() || texts.len() < values.len().min(MAX_CHOICES) {
                    continue;
                }
                json!(texts)
            }
            ("properties", Value::Object(fields)) => {
                let fields = fields.iter().filter(|(name, _)| is_plain(name));
                fields.map(|(name, of)| (name.clone(), below(of))).collect()
            }
            ("items", of @ Value::Object(_)) => below(of),
            _ => continue,
        };
        kept.insert(key.clone(), value);
    }
    if let (Some(Value::Array(names)), Some(Value::Object(fields))) =
        (schema.get("required"), kept.get("properties"))
    {
        let there = |name: &&Value| name.as_str().is_some_and(|name| fields.contains_key(name));
        let names: Vec<Value> = names.iter().filter(there).cloned().collect();
        if !names.is_empty() {
            kept.insert("required".to_owned(), Value::Array(names));
        }
    }
    Value::Object(kept)
}

/// Whether a model can be told the name of an argument as it is.
fn is_plain(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$".contains(c))
}

#[cfg(test)]
mod tests {
    use tenfold_domain::{McpTalk, Millis};

    use super::*;

    fn server(tools: &[&str]) -> McpServer {
        McpServer {
            name: "docs".into(),
            command: "x".into(),
            talk: McpTalk::Stdio,
            visible: Vec::new(),
            tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
            start_timeout: Millis(1),
            call_timeout: Millis(1),
        }
    }

    fn tool(of: Value) -> Tool {
        serde_json::from_value(of).unwrap()
    }

    fn offered(tools: &[Tool], wanted: &[&str]) -> Offer {
        offer(&server(wanted), tools, &Redactor::new(["s3cret-of-the-tests"]))
    }

    #[test]
    fn a_tool_is_offered_as_the_servers_own_words() {
        let about = "Finds\u{1b}[31m pages.\nBy s3cret-of-the-tests \u{202e}now";
        let search = tool(json!({
            "name": "find.pages/v2", "description": about,
            "inputSchema": { "type": "object", "properties": { "q": { "type": "string" } },
                             "required": ["q", "gone"] },
            "annotations": { "readOnlyHint": true },
        }));
        let offer = offered(&[search], &[]);
        let [found] = offer.tools.as_slice() else { panic!("{offer:?}") };
        assert_eq!(found.spec.name, "mcp__docs__find_pages_v2");
        assert_eq!((found.tool.as_str(), found.reads), ("find.pages/v2", true));
        let told = "(The MCP server docs says of it:) Finds pages. By [redacted: provider key] \
                    \\u{202e}now";
        assert_eq!(found.spec.about, told);
        assert_eq!(found.spec.parameters["required"], json!(["q"]));
    }

    #[test]
    fn a_schema_is_made_plain() {
        let odd = tool(json!({
            "name": "t",
            "inputSchema": {
                "$schema": "x", "title": "T", "additionalProperties": false,
                "$defs": { "P": { "type": "object", "properties": { "x": { "type": ["null", "integer"] } } },
                           "L": { "items": { "$ref": "#/$defs/L" } } },
                "properties": {
                    "p": { "$ref": "#/$defs/P", "description": "a\nplace" },
                    "n": { "anyOf": [{ "type": "null" }, { "type": "number" }], "default": 3 },
                    "c": { "enum": ["a", "b"], "type": "string" },
                    "l": { "$ref": "#/$defs/L" },
                    "bad \u{7} name": { "type": "string" },
                    "gone": { "$ref": "http://elsewhere/x" },
                },
            },
        }));
        let offer = offered(&[odd], &[]);
        let properties = offer.tools[0].spec.parameters["properties"].clone();
        assert_eq!(properties["p"]["properties"]["x"], json!({ "type": "integer" }));
        assert_eq!(properties["p"]["description"], "a place");
        assert_eq!(properties["n"], json!({ "type": "number" }));
        assert_eq!(properties["c"], json!({ "enum": ["a", "b"], "type": "string" }));
        assert_eq!(properties["gone"], json!({}));
        assert_eq!(properties.as_object().unwrap().len(), 5);
        let text = offer.tools[0].spec.parameters.to_string();
        assert!(!text.contains("$ref") && text.len() < 1_000, "{text}");
    }

    #[test]
    fn what_is_too_much_is_left_out_and_named() {
        let many: Vec<Tool> = (0..MAX_TOOLS + 1)
            .map(|n| tool(json!({ "name": format!("t{n}"), "inputSchema": {} })))
            .collect();
        let offer = offered(&many, &[]);
        assert_eq!((offer.tools.len(), offer.left_out.len()), (MAX_TOOLS, 1));
        assert!(offer.left_out[0].contains("behind the first 64"));
        let fields: Map<String, Value> =
            (0..400).map(|n| (format!("argument-{n}"), json!({ "type": "string" }))).collect();
        let wide = tool(json!({ "name": "wide", "inputSchema": { "properties": fields } }));
        let long = |end| tool(json!({ "name": "l".repeat(80) + end, "inputSchema": {} }));
        let offer = offered(&[wide, long("a"), long("b")], &[]);
        assert_eq!(offer.tools.len(), 1);
        assert_eq!(offer.tools[0].spec.name.len(), MAX_NAME_BYTES);
        assert!(offer.left_out[0].starts_with("wide (its arguments"), "{:?}", offer.left_out);
        assert!(offer.left_out[1].contains("another one has its name"), "{:?}", offer.left_out);
    }

    #[test]
    fn only_what_the_person_names_is_offered() {
        let tools: Vec<Tool> =
            ["a", "b"].map(|name| tool(json!({ "name": name, "inputSchema": {} }))).into();
        let offer = offered(&tools, &["b", "c"]);
        assert_eq!(offer.tools.len(), 1);
        assert_eq!(offer.tools[0].tool, "b");
        assert_eq!(offer.left_out, ["c (it does not offer that)"]);
    }
}
