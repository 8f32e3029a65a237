//! Conversations with tools for a model that was never taught to call them: the tools are
//! listed in its instructions, and a grammar lets it write nothing but one call.
//!
//! What the model writes is `{"thought": …, "tool": …, "arguments": {…}}`. The grammar is made
//! from the tools' own schemas, so a call that comes to its end is valid in its form; only a
//! limit of tokens can leave half of one. Where there are no tools it answers in its own words.

use std::sync::Arc;

use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Value, json};
use tenfold_domain::{
    Answer, Generate, Message, Prompt, Said, Sample, Speaker, ToolCall, ToolSpec, Turn,
};

/// What a grammar for JSON values needs: GBNF, as llama.cpp reads it.
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

/// How the conversation is put to the model: as a chat whose answer is bound by a grammar.
pub(crate) fn question(turn: &Turn) -> Generate {
    let has_tools = !turn.tools.is_empty();
    let content = if has_tools { instructions(turn) } else { turn.instructions.clone() };
    let mut messages = vec![Message { role: Speaker::System, content }];
    // Without a word of its own, the model's template has one.
    messages.retain(|message| !message.content.is_empty());
    for said in &turn.said {
        let (role, content) = match &**said {
            Said::Person { text } => (Speaker::User, text.clone()),
            Said::Model { text, calls } => (Speaker::Assistant, written(text, calls)),
            Said::Tool { text, .. } => (Speaker::User, format!("Result:\n{text}")),
        };
        // Templates want the two to take turns.
        match messages.last_mut() {
            Some(last) if last.role == role => {
                last.content.push_str("\n\n");
                last.content.push_str(&content);
            }
            _ => messages.push(Message { role, content }),
        }
    }
    Generate {
        prompt: Prompt::Chat { messages, opening: String::new() },
        samples: 1,
        max_tokens: turn.max_tokens,
        temperature: turn.temperature,
        top_p: 0.95,
        seed: turn.seed,
        stop: Vec::new(),
        grammar: has_tools.then(|| grammar(&turn.tools)),
    }
}

/// What the model's text says. Half a call is no call, but text that came to no end.
pub(crate) fn answer(turn: &Turn, sample: Sample) -> Answer {
    #[derive(Deserialize)]
    struct Written {
        thought: String,
        tool: String,
        arguments: Value,
    }
    if turn.tools.is_empty() {
        return Answer::Turned { text: sample.text, calls: Vec::new(), ended: sample.ended };
    }
    match serde_json::from_str::<Written>(sample.text.trim()) {
        Ok(Written { thought, tool, arguments }) => {
            let id = format!("{}-{tool}", turn.said.len());
            let calls = vec![ToolCall { id, name: tool, arguments, signatures: Vec::new() }];
            Answer::Turned { text: thought, calls, ended: true }
        }
        Err(_) => Answer::Turned { text: sample.text, calls: Vec::new(), ended: false },
    }
}

fn instructions(turn: &Turn) -> String {
    let mut text = turn.instructions.clone();
    text.push_str(
        "\n\nAnswer with one JSON object and nothing else: \
         {\"thought\": \"why, in a sentence\", \"tool\": \"its name\", \"arguments\": {…}}. \
         You will be told the result, and can then call the next. The tools:\n",
    );
    for tool in &turn.tools {
        let arguments = properties(tool).map(|(name, schema, required)| {
            let optional = if required { "" } else { "?" };
            let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
            format!("{name}{optional} ({}): {about}", described(schema))
        });
        let _ = write!(text, "\n{}: {}\n", tool.name, tool.about);
        arguments.for_each(|argument| {
            let _ = writeln!(text, "  {argument}");
        });
    }
    text
}

/// What the model wrote, as it wrote it.
fn written(text: &str, calls: &[ToolCall]) -> String {
    calls.first().map_or_else(
        || text.to_owned(),
        |call| {
            let (tool, arguments) = (json!(call.name), &call.arguments);
            format!(
                "{{\"thought\": {}, \"tool\": {tool}, \"arguments\": {arguments}}}",
                json!(text)
            )
        },
    )
}

/// The grammar of one call of one of the tools.
fn grammar(tools: &[Arc<ToolSpec>]) -> String {
    let head = literal("{\"thought\": ");
    let mut rules =
        format!("root ::= {head} thought {} call {}\n", literal(", \"tool\": "), literal("}"));
    let _ = writeln!(rules, "thought ::= \"\\\"\" char{{0,{THOUGHT}}} \"\\\"\"");
    let names: Vec<String> = (0..tools.len()).map(|index| format!("call-{index}")).collect();
    let _ = writeln!(rules, "call ::= {}", names.join(" | "));
    for (tool, name) in tools.iter().zip(&names) {
        let head = literal(&format!("{}, \"arguments\": ", json!(tool.name)));
        let _ = writeln!(rules, "{name} ::= {head} {}", object(&tool.parameters));
    }
    rules + VALUES
}

/// An object's properties: those that are required first, in the schema's order. Each of the others
/// may be left out, and the first that is there has no comma before it.
fn object(schema: &Value) -> String {
    let all = sorted(schema);
    let part = |comma: &str, (name, schema, _): &(&str, &Value, bool)| {
        format!("{} {}", literal(&format!("{comma}{}: ", json!(name))), value(schema))
    };
    let rest = |others: &[(&str, &Value, bool)]| -> String {
        others.iter().map(|other| format!(" ({})?", part(", ", other))).collect()
    };
    let (required, others) = all.split_at(all.partition_point(|(_, _, required)| *required));
    let mut text = literal("{");
    for (index, property) in required.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(text, " {}", part(comma, property));
    }
    if required.is_empty() && !others.is_empty() {
        let first = |index: usize| part("", &others[index]) + &rest(&others[index + 1..]);
        let ways: Vec<String> = (0..others.len()).map(first).collect();
        let _ = write!(text, " ({})?", ways.join(" | "));
    } else {
        text += &rest(others);
    }
    text + " " + &literal("}")
}

fn value(schema: &Value) -> String {
    let list =
        |name: &str| schema.get(name).and_then(Value::as_array).filter(|all| !all.is_empty());
    let either = |ways: Vec<String>| format!("({})", ways.join(" | "));
    if let Some(allowed) = list("enum") {
        return either(allowed.iter().map(|value| literal(&value.to_string())).collect());
    }
    if let Some(ways) = list("anyOf").or_else(|| list("oneOf")) {
        return either(ways.iter().map(value).collect());
    }
    let is_natural =
        schema.get("minimum").and_then(Value::as_f64).is_some_and(|least| least >= 0.0);
    match kind(schema) {
        "integer" if is_natural => "natural".to_owned(),
        "object" if schema.get("properties").is_some() => object(schema),
        "array" => {
            let item = schema.get("items").map_or_else(|| "value".to_owned(), value);
            format!("\"[\" ({item} (\", \" {item})*)? \"]\"")
        }
        "null" => literal("null"),
        kind @ ("string" | "integer" | "number" | "boolean" | "object") => kind.to_owned(),
        // What is said elsewhere of it is not known here.
        _ => "value".to_owned(),
    }
}

/// The schema's type; of several the first that is something. Empty if it has none.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            kinds.find(|kind| *kind != "null").unwrap_or_default()
        }
        _ => "",
    }
}

/// The same, as the model is told of it.
fn described(schema: &Value) -> &str {
    Some(kind(schema)).filter(|kind| !kind.is_empty()).unwrap_or("any")
}

fn properties(tool: &ToolSpec) -> impl Iterator<Item = (&str, &Value, bool)> {
    sorted(&tool.parameters).into_iter()
}

/// Name, schema and whether it is required, of each property; those that are required first,
/// in the order in which the schema requires them.
fn sorted(schema: &Value) -> Vec<(&str, &Value, bool)> {
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
    use proptest::prelude::*;

    use super::*;
    use tenfold_domain::Seed;

    fn turn(said: Vec<Said>) -> Turn {
        let parameters = json!({
            "type": "object",
            "properties": {
                "context": { "type": ["integer", "null"], "description": "Lines around." },
                "pattern": { "type": "string", "description": "What to look for." },
            },
            "required": ["pattern"],
        });
        let about = "Looks for a text.".to_owned();
        let tools = vec![Arc::new(ToolSpec { name: "search".into(), about, parameters })];
        let instructions = "You mend programs.".to_owned();
        let said = said.into_iter().map(Arc::new).collect();
        Turn { instructions, said, tools, max_tokens: 100, temperature: 0.2, seed: Seed(1) }
    }

    proptest! {
        /// What a call is written as is read as that call, and no text is too odd.
        #[test]
        fn what_is_written_reads_back(thought in "\\PC{0,20}", name in "\\PC{0,9}", text in ".{0,30}") {
            let turn = turn(Vec::new());
            let sample = |text: &str| Sample {
                text: text.to_owned(),
                log_probability: 0.0,
                tokens: 1,
                ended: true,
            };
            let arguments = json!({ "a": text, "b": [1, null, { name.as_str(): true }] });
            let call = ToolCall {
                id: format!("0-{name}"),
                name,
                arguments,
                signatures: Vec::new(),
            };
            let written = written(&thought, std::slice::from_ref(&call));
            let read = answer(&turn, sample(&written));
            prop_assert_eq!(read, Answer::Turned { text: thought, calls: vec![call], ended: true });
            let odd = answer(&turn, sample(&text));
            prop_assert!(matches!(odd, Answer::Turned { ended: false, .. }), "{:?}", odd);
        }
    }

    #[test]
    fn the_grammar_lets_optional_arguments_out_and_asks_for_the_others_first() {
        let grammar = question(&turn(Vec::new())).grammar.unwrap();
        let wanted = r#"call-0 ::= "\"search\", \"arguments\": " "{" "\"pattern\": " string (", \"context\": " integer)? "}""#;
        assert!(grammar.contains(wanted), "{grammar}");
    }

    #[test]
    fn where_nothing_is_required_the_first_argument_has_no_comma() {
        let of = |names: &[&str]| {
            let all = names.iter().map(|name| ((*name).to_owned(), json!({"type": "boolean"})));
            object(&json!({"properties": all.collect::<serde_json::Map<_, _>>()}))
        };
        assert_eq!(of(&[]), r#""{" "}""#);
        assert_eq!(of(&["a"]), r#""{" ("\"a\": " boolean)? "}""#);
        assert_eq!(
            of(&["a", "b", "c"]),
            r#""{" ("\"a\": " boolean (", \"b\": " boolean)? (", \"c\": " boolean)? | "#.to_owned()
                + r#""\"b\": " boolean (", \"c\": " boolean)? | "\"c\": " boolean)? "}""#
        );
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

    #[test]
    fn without_tools_it_answers_in_its_own_words() {
        let said = vec![Said::Person { text: "Hello?".into() }];
        let plain = Turn { tools: Vec::new(), instructions: String::new(), ..turn(said) };
        let asked = question(&plain);
        assert_eq!(asked.grammar, None);
        let Prompt::Chat { messages, .. } = asked.prompt else { panic!("no chat") };
        assert_eq!(messages.len(), 1, "nothing is said before it");
        let sample = Sample {
            text: "{\"thought\": 1}".to_owned(),
            log_probability: 0.0,
            tokens: 1,
            ended: true,
        };
        let said = Answer::Turned { text: sample.text.clone(), calls: Vec::new(), ended: true };
        assert_eq!(answer(&plain, sample), said);
    }

    #[test]
    fn what_was_said_is_told_in_turns_and_a_call_as_it_was_written() {
        let call = ToolCall {
            id: "1-search".into(),
            name: "search".into(),
            arguments: json!({"pattern": "a \"b\""}),
            signatures: Vec::new(),
        };
        let written =
            r#"{"thought": "Where?", "tool": "search", "arguments": {"pattern":"a \"b\""}}"#;
        let said = vec![
            Said::Person { text: "Mend it.".into() },
            Said::Person { text: "Soon.".into() },
            Said::Model { text: "Where?".into(), calls: vec![call.clone()] },
            Said::Tool { call: "1-search".into(), text: "nowhere".into() },
        ];
        let turn = turn(said);
        let Prompt::Chat { messages, .. } = question(&turn).prompt else { panic!("no chat") };
        let roles: Vec<Speaker> = messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Speaker::System, Speaker::User, Speaker::Assistant, Speaker::User]);
        assert_eq!(messages[2].content, written);
        assert!(messages[0].content.contains("context? (integer): Lines around."));
        let sample = |text: &str| Sample {
            text: text.to_owned(),
            log_probability: 0.0,
            tokens: 1,
            ended: true,
        };
        let Answer::Turned { text, calls, ended } = answer(&turn, sample(written)) else {
            panic!("another answer")
        };
        assert!(ended && text == "Where?" && calls[0].arguments == call.arguments);
        assert_eq!(calls[0].id, "4-search");
        let half = answer(&turn, sample("{\"thought\": \"I"));
        assert!(matches!(half, Answer::Turned { ended: false, ref calls, .. } if calls.is_empty()));
    }
}
