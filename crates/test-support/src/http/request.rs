//! What the server was asked, in words that fit every wire format, besides the JSON itself.
//!
//! It is apart because it is all that a test reads. The words are those of a turn, so that a
//! test can compare what arrived with what was meant.

use serde_json::Value;
use tenfold_domain::{Said, ToolCall, ToolSpec};

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// OpenAI's chat completions: `…/chat/completions`.
    OpenAiChat,
    /// OpenAI's responses: `…/responses`.
    OpenAiResponses,
    /// Anthropic's messages: `…/messages`.
    Anthropic,
    /// Gemini's: `…/models/NAME:generateContent` and `:streamGenerateContent?alt=sse`.
    Gemini,
}

impl Format {
    /// The format that is spoken at a path, its query left out.
    pub(super) fn of(path: &str) -> Option<Self> {
        let endings = [
            ("/chat/completions", Self::OpenAiChat),
            ("/responses", Self::OpenAiResponses),
            ("/messages", Self::Anthropic),
            (":generateContent", Self::Gemini),
            (":streamGenerateContent", Self::Gemini),
        ];
        endings.iter().find(|(ending, _)| path.ends_with(ending)).map(|(_, format)| *format)
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// In which format.
    pub format: Format,
    /// Path and query.
    pub path: String,
    /// The headers as they came, their names in small letters.
    pub headers: Vec<(String, String)>,
    /// Which model is asked.
    pub model: String,
    /// What comes before all else.
    pub system: String,
    /// What was said so far.
    pub said: Vec<Said>,
    /// The tools that may be called.
    pub tools: Vec<ToolSpec>,
    /// The most tokens of the answer.
    pub max_tokens: Option<u64>,
    /// How much chance there is.
    pub temperature: Option<f64>,
    /// Whether the answer is to be streamed.
    pub streamed: bool,
    /// Up to where the prompt is to be cached, in the order of the JSON.
    pub cache_marks: Vec<CacheMark>,
    /// The JSON as it came.
    pub body: Value,
}

/// A mark that the prompt is to be cached up to here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheMark {
    /// What is marked, as a JSON pointer into the body: `/system/0`.
    pub place: String,
    /// What the mark says: `{"type": "ephemeral"}`.
    pub mark: Value,
}

impl Request {
    /// The header of this name, in small letters.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The key that was sent, wherever the format has it.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        match self.format {
            Format::OpenAiChat | Format::OpenAiResponses => {
                self.header("authorization")?.strip_prefix("Bearer ")
            }
            Format::Anthropic => self.header("x-api-key"),
            Format::Gemini => self.header("x-goog-api-key"),
        }
    }

    /// All that was said, as one text: for a closure that looks for something.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |said: &Said| match said {
            Said::Person { text } | Said::Model { text, .. } | Said::Tool { text, .. } => {
                text.clone()
            }
        };
        self.said.iter().map(text).collect::<Vec<_>>().join("\n")
    }
}

/// What a format's file reads from a body.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) system: String,
    pub(super) said: Vec<Said>,
    pub(super) tools: Vec<ToolSpec>,
    pub(super) max_tokens: Option<u64>,
    pub(super) temperature: Option<f64>,
}

impl Read {
    pub(super) fn system(&mut self, text: &str) {
        if !self.system.is_empty() && !text.is_empty() {
            self.system.push_str("\n\n");
        }
        self.system.push_str(text);
    }

    pub(super) fn person(&mut self, text: String) {
        self.said.push(Said::Person { text });
    }

    pub(super) fn tool(&mut self, call: &str, text: String) {
        self.said.push(Said::Tool { call: call.to_owned(), text });
    }

    /// What a model says and calls is one turn, in however many parts it comes.
    pub(super) fn model(&mut self, more: &str, call: Option<ToolCall>) {
        if !matches!(self.said.last(), Some(Said::Model { .. })) {
            self.said.push(Said::Model { text: String::new(), calls: Vec::new() });
        }
        if let Some(Said::Model { text, calls }) = self.said.last_mut() {
            text.push_str(more);
            calls.extend(call);
        }
    }
}

/// A text, or the texts of parts that have one.
pub(super) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// The items of an array, or none.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text at a place, or an empty one.
pub(super) fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Arguments that came as a text of JSON; what is none stays a text.
pub(super) fn arguments(text: &Value) -> Value {
    serde_json::from_str(string(text)).unwrap_or_else(|_| text.clone())
}

pub(super) fn tool_spec(tool: &Value, parameters: &Value) -> ToolSpec {
    ToolSpec {
        name: string(&tool["name"]).to_owned(),
        about: string(&tool["description"]).to_owned(),
        parameters: parameters.clone(),
    }
}

/// The marks for caching below a value.
pub(super) fn cache_marks(value: &Value, place: &str, marks: &mut Vec<CacheMark>) {
    match value {
        Value::Array(values) => {
            for (number, value) in values.iter().enumerate() {
                cache_marks(value, &format!("{place}/{number}"), marks);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                if matches!(name.as_str(), "cache_control" | "prompt_cache_breakpoint") {
                    marks.push(CacheMark { place: place.to_owned(), mark: value.clone() });
                } else {
                    cache_marks(value, &format!("{place}/{name}"), marks);
                }
            }
        }
        _ => {}
    }
}
