//! Models that others host: what a catalogue says of one, checked.

use std::fmt;
use std::str::FromStr;

use tenfold_domain::{Millis, NanoUsd, Tokens, Usage};

use crate::{Entry, Price, TokenPrices};

/// A model at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosted {
    /// The name by which it is asked for here.
    pub name: String,
    /// The protocol that its provider speaks.
    pub protocol: Protocol,
    /// Where the provider is, with the version and a slash at the end; `None` for the
    /// protocol's own company.
    pub address: Option<String>,
    /// What its provider calls it.
    pub model: String,
    /// The variable of the environment that holds the key; `None` if the provider wants none.
    pub key: Option<String>,
    /// The longest conversation that it takes.
    pub context: Tokens,
    /// What its tokens cost.
    pub price: TokenPrices,
}

/// How a provider is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// OpenAI's chat completions, which most others speak too: Ollama, vLLM, llama-server,
    /// OpenRouter.
    Openai,
    /// OpenAI's responses.
    OpenaiResponses,
    /// Anthropic's messages.
    Anthropic,
    /// Google's Gemini.
    Gemini,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Openai, Self::OpenaiResponses, Self::Anthropic, Self::Gemini];

    /// As it is written in a catalogue and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::OpenaiResponses => "openai-responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// The variable that usually holds a key for it.
    pub const fn usual_key(self) -> &'static str {
        match self {
            Self::Openai | Self::OpenaiResponses => "OPENAI_API_KEY",
            Self::Anthropic => "ANTHROPIC_API_KEY",
            Self::Gemini => "GEMINI_API_KEY",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("'{text}' is no protocol that Tenfold speaks; there are: {known}")
        })
    }
}

/// A model of the catalogue, wherever it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Model {
    /// On this machine, from a file.
    Embedded(Box<Entry>),
    /// At a provider.
    Hosted(Box<Hosted>),
}

impl Model {
    /// The name by which it is asked for.
    pub fn name(&self) -> &str {
        match self {
            Self::Embedded(entry) => &entry.name,
            Self::Hosted(hosted) => &hosted.name,
        }
    }

    /// What its calls cost.
    pub fn price(&self) -> Price {
        match self {
            Self::Embedded(entry) => entry.price,
            Self::Hosted(hosted) => Price::Tokens(hosted.price),
        }
    }

    /// The price of one call, or one batch, that used `usage` and took `wall`.
    pub fn cost(&self, usage: Usage, wall: Millis) -> NanoUsd {
        self.price().cost(usage, wall)
    }

    /// The most that a call can cost. For a batch hand in the sums over its sequences.
    pub fn worst_case(&self, prompt: Tokens, output: Tokens) -> NanoUsd {
        match self {
            Self::Embedded(entry) => entry.worst_case(prompt, output),
            // Priced by the token alone, however long it takes.
            Self::Hosted(_) => self.price().worst_case(prompt, output, Millis(0)),
        }
    }
}
