//! Conversations with tools for a model that was never taught to call them: the tools are
//! listed in its instructions, and a grammar lets it write nothing but one call.
//!
//! What the model writes is `{"thought": …, "tool": …, "arguments": {…}}`. The grammar is made
//! from the tools' own schemas, so a call that comes to its end is valid in its form; only a
//! limit of tokens can leave half of one. Where there are no tools it answers in its own words.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Value, json};
use tenfold_domain::{
    Answer, Generate, Message, Prompt, Said, Sample, Speaker, ToolCall, ToolSpec, Turn,
};

use crate::grammar::{self, kind, sorted};

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
        grammar: has_tools.then(|| grammar::of_a_call(&turn.tools)),
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

/// The same, as the model is told of it.
fn described(schema: &Value) -> &str {
    Some(kind(schema)).filter(|kind| !kind.is_empty()).unwrap_or("any")
}

fn properties(tool: &ToolSpec) -> impl Iterator<Item = (&str, &Value, bool)> {
    sorted(&tool.parameters).into_iter()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
