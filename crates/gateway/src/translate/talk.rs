//! A conversation and its answer in words of no protocol, between those of two. What only one of
//! them can say is not here: it is refused by name, or, like thoughts that are signed for their
//! own provider, left out.

use serde_json::{Number, Value};
use tenfold_domain::{Tokens, Usage};

use super::Untranslatable;

/// How a model is asked for JSON where its protocol can't say it.
pub(crate) const JSON_IN_WORDS: &str = "Answer with one JSON object and nothing else.";

/// A request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Talk {
    /// What comes before all else.
    pub(crate) instructions: String,
    pub(crate) said: Vec<Said>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) choice: Choice,
    /// Whether several tools may be called in one turn, if that is said.
    pub(crate) parallel: Option<bool>,
    pub(crate) output_max: Option<u64>,
    pub(crate) temperature: Option<Number>,
    pub(crate) top_p: Option<Number>,
    pub(crate) stop: Vec<String>,
    pub(crate) streamed: bool,
    /// How hard to think, in the words of either: `none` … `high`, `max`, if that is said.
    pub(crate) effort: Option<String>,
    /// The form that the answer has to have.
    pub(crate) form: Form,
}

/// One thing said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    Person(Vec<Part>),
    Model { text: String, calls: Vec<Call> },
    Tool { call: String, parts: Vec<Part>, failed: bool },
}

/// A part of what a person or a tool says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Text(String),
    /// At an address.
    Picture(String),
    /// In base64, of this media type.
    Image {
        kind: String,
        data: String,
    },
}

/// A tool that may be called.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) about: String,
    pub(crate) parameters: Value,
    /// Whether its arguments have to be as its parameters say.
    pub(crate) strict: bool,
}

/// A call of a tool, its arguments as the text that the model wrote.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
}

/// Which tools have to be called.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Choice {
    #[default]
    Free,
    None,
    Any,
    One(String),
}

/// The form that an answer has to have.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Form {
    #[default]
    Free,
    Json,
    Schema {
        name: String,
        schema: Value,
        /// Whether it has to be kept to.
        strict: bool,
    },
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) thought: String,
    pub(crate) text: String,
    pub(crate) calls: Vec<Call>,
    pub(crate) stop: Stop,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Stop {
    #[default]
    Done,
    Calls,
    Length,
    /// The model, or a filter before it, refuses.
    Refused,
}

/// What of an answer a stream says next.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    Thought(String),
    Text(String),
    /// A call begins; what follows of calls is of it.
    Call {
        id: String,
        name: String,
    },
    Arguments(String),
    Stop(Stop),
    Failed(String),
}

/// What is said of what was used, in any protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) usage: Usage,
    pub(crate) reasoning: Tokens,
}

impl Used {
    pub(crate) fn read(&self) -> u64 {
        self.usage.read().0
    }
}

/// What an answer is about: the name that was asked for, and what tells it from others.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) model: String,
    pub(crate) id: String,
    /// Seconds since 1970.
    pub(crate) created: u64,
    /// The tools that are called with a text of no form, as only responses have them.
    pub(crate) custom: Vec<String>,
}

impl Answer {
    /// The pieces that a stream would have said it in.
    pub(crate) fn pieces(self) -> Vec<Piece> {
        let thought = (!self.thought.is_empty()).then_some(Piece::Thought(self.thought));
        let text = (!self.text.is_empty()).then_some(Piece::Text(self.text));
        let calls = self.calls.into_iter().flat_map(|call| {
            [Piece::Call { id: call.id, name: call.name }, Piece::Arguments(call.arguments)]
        });
        let stop = Piece::Stop(self.stop);
        thought.into_iter().chain(text).chain(calls).chain([stop]).collect()
    }
}

impl Part {
    /// An image as OpenAI's protocols have it: an address, which may hold the data.
    pub(crate) fn address(&self) -> Option<String> {
        match self {
            Self::Text(_) => None,
            Self::Picture(address) => Some(address.clone()),
            Self::Image { kind, data } => Some(format!("data:{kind};base64,{data}")),
        }
    }

    /// The reverse.
    pub(crate) fn of_address(address: &str) -> Self {
        let data = address.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        match data {
            Some((kind, data)) => Self::Image { kind: kind.to_owned(), data: data.to_owned() },
            None => Self::Picture(address.to_owned()),
        }
    }
}

/// The text of parts, one after another.
pub(crate) fn text_of(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Picture(_) | Part::Image { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// The text of parts where only a text can stand.
pub(crate) fn text_only(parts: &[Part], place: &str) -> Result<String, Untranslatable> {
    match parts.iter().all(|part| matches!(part, Part::Text(_))) {
        true => Ok(text_of(parts)),
        false => Err(cant(&format!("an image in {place}"))),
    }
}

/// What a tool says, with a word before it where the protocol has no other way to say that the call
/// failed.
pub(crate) fn told(parts: &[Part], failed: bool) -> Vec<Part> {
    let failed = failed.then(|| Part::Text("The call failed:".to_owned()));
    failed.into_iter().chain(parts.iter().cloned()).collect()
}

/// The items of an array, or none.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text at a place, or an empty one.
pub(crate) fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A number, if there is one.
pub(crate) fn number(value: &Value) -> Option<Number> {
    value.as_number().cloned()
}

/// A text, or an array of them.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        values => items(values).iter().map(string).collect(),
    }
}

/// Puts a system text behind those before.
pub(crate) fn instruct(instructions: &mut String, text: &str) {
    if !instructions.is_empty() && !text.is_empty() {
        instructions.push_str("\n\n");
    }
    instructions.push_str(text);
}

/// Puts what the model said or called to its turn, which may come in several items.
pub(crate) fn model_said(said: &mut Vec<Said>, text: &str, call: Option<Call>) {
    if !matches!(said.last(), Some(Said::Model { .. })) {
        said.push(Said::Model { text: String::new(), calls: Vec::new() });
    }
    if let Some(Said::Model { text: all, calls }) = said.last_mut() {
        all.push_str(text);
        calls.extend(call);
    }
}

/// What can't be said in another protocol.
pub(crate) fn cant(what: &str) -> Untranslatable {
    Untranslatable(what.to_owned())
}

/// Arguments as a value; what a model wrote that is no object is kept as a text in one.
pub(crate) fn arguments(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Value::Object(members),
        _ if text.trim().is_empty() => Value::Object(serde_json::Map::new()),
        _ => serde_json::json!({ "arguments": text }),
    }
}
