//! What a test lets the server reply: an answer, a failure, or what a closure chooses.
//!
//! It is apart because it is all that a test writes, the same for every wire format.

use std::fmt;

use serde_json::Value;

use super::gate::Gate;
use super::request::Request;

/// The reply to one request.
#[derive(Debug)]
pub struct Reply {
    pub(super) what: What,
    pub(super) used: Used,
    pub(super) gate: Option<Gate>,
}

pub(super) enum What {
    Answer(Content),
    Failure(Failure),
    Choice(Box<dyn FnOnce(&Request) -> Reply + Send>),
}

/// What a model says.
#[derive(Debug, Clone, Default)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) calls: Vec<Call>,
    pub(super) cut_off: bool,
    pub(super) refused: bool,
}

/// A call of a tool, as a model writes it.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) name: String,
    /// JSON, or what a model took for it.
    pub(super) arguments: String,
}

/// What an answer used, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// All that was read, what was cached and what is written to the cache included.
    pub prompt: u64,
    /// Of these, what came from the cache.
    pub cached: u64,
    /// Of these, what was written to the cache. Said by Anthropic always, by OpenAI only if
    /// there is any, by Gemini never.
    pub cache_written: u64,
    /// All that was written.
    pub output: u64,
}

impl Default for Used {
    fn default() -> Self {
        Self { prompt: 100, cached: 0, cache_written: 0, output: 10 }
    }
}

/// How a provider fails. Each is sent as the provider of the wire format sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Too many requests: 429. The wait is a header, in Gemini a detail of the body.
    TooMany {
        /// After how many seconds to ask again, if it is said.
        retry_after_s: Option<u32>,
    },
    /// What may be used is used up, the money or a day's share: 429 of OpenAI and Gemini, 400 of
    /// Anthropic. When it lifts is said as in [`Failure::TooMany`].
    QuotaSpent {
        /// After how many seconds it lifts, if it is said.
        retry_after_s: Option<u32>,
    },
    /// Too busy: 529 of Anthropic, else 503.
    Overloaded,
    /// Something broke: 500.
    Internal,
    /// Something in front of the provider broke: 502 and a page of HTML.
    BadGateway,
    /// The conversation is longer than the model can read: 400. OpenAI Responses says it in a
    /// stream that began well, if a stream was asked for.
    ContextOverflow,
    /// The key is wrong: 401, of Gemini 400.
    WrongKey,
    /// There is no such model: 404.
    UnknownModel,
    /// The connection is closed before a byte of an answer.
    HangsUp,
    /// The connection breaks in the midst of the answer.
    Truncated,
    /// The answer ends properly, half-way: its last events are missing, or half of its JSON.
    EndsEarly,
    /// An error is said in the stream after half of the answer. Without a stream, as
    /// [`Failure::Overloaded`].
    LateError,
    /// The model calls this tool with arguments that are no JSON. Gemini says so in place of
    /// the call; Anthropic without a stream leaves the arguments away.
    MalformedCall {
        /// Which tool.
        tool: String,
    },
    /// The model, or a filter before it, refuses.
    Refusal,
}

impl Reply {
    /// The model says this.
    #[must_use]
    pub fn says(text: impl Into<String>) -> Self {
        Self::answer(Content { text: text.into(), ..Content::default() })
    }

    /// The model calls these tools, in one turn.
    #[must_use]
    pub fn calls<N: Into<String>>(calls: impl IntoIterator<Item = (N, Value)>) -> Self {
        Self::says("").and_calls(calls)
    }

    /// The request fails.
    #[must_use]
    pub fn fails(how: Failure) -> Self {
        Self { what: What::Failure(how), used: Used::default(), gate: None }
    }

    /// What the closure makes of the request.
    #[must_use]
    pub fn chosen(choose: impl FnOnce(&Request) -> Self + Send + 'static) -> Self {
        Self { what: What::Choice(Box::new(choose)), used: Used::default(), gate: None }
    }

    /// Besides what it says, the model calls these tools.
    ///
    /// # Panics
    /// If the reply is not an answer.
    #[must_use]
    pub fn and_calls<N: Into<String>>(
        mut self,
        calls: impl IntoIterator<Item = (N, Value)>,
    ) -> Self {
        let call = |(name, arguments): (N, Value)| Call {
            name: name.into(),
            arguments: arguments.to_string(),
        };
        self.content().calls.extend(calls.into_iter().map(call));
        self
    }

    /// The answer ends here because it has as many tokens as it may have.
    ///
    /// # Panics
    /// If the reply is not an answer.
    #[must_use]
    pub fn cut_off(mut self) -> Self {
        self.content().cut_off = true;
        self
    }

    /// The answer used this.
    #[must_use]
    pub fn using(mut self, used: Used) -> Self {
        self.used = used;
        self
    }

    /// The reply waits for this gate, piece by piece.
    #[must_use]
    pub fn through(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    fn answer(content: Content) -> Self {
        Self { what: What::Answer(content), used: Used::default(), gate: None }
    }

    fn content(&mut self) -> &mut Content {
        match &mut self.what {
            What::Answer(content) => content,
            what => panic!("only an answer says something, and this is a {what:?}"),
        }
    }
}

impl fmt::Debug for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(content) => content.fmt(f),
            Self::Failure(failure) => failure.fmt(f),
            Self::Choice(_) => f.write_str("choice"),
        }
    }
}
