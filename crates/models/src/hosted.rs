//! Models that others host: what a catalogue says of one, checked.

use std::fmt;
use std::str::FromStr;

use tenfold_domain::{Millis, NanoUsd, Tokens, Usage};

use crate::entry::host;
use crate::{Entry, ModelName, Price, PriceBook};

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
    /// What its calls cost; none if nobody has said so yet.
    pub price: Option<Price>,
    /// Where its price comes from, if it is in the price book and not in the catalogue.
    pub listed: Option<ModelName>,
    /// How much may be asked of its provider.
    pub limits: RequestLimits,
}

/// How much may be asked of a provider, as far as somebody has said so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestLimits {
    /// The most requests in any minute, at least one.
    pub requests_per_minute: Option<u32>,
    /// The most tokens in any minute, those that are read and those that are written.
    pub tokens_per_minute: Option<Tokens>,
    /// The most requests under way at once, at least one.
    pub at_once: Option<u32>,
}

impl RequestLimits {
    /// What keeps to both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
            a.into_iter().chain(b).min()
        }
        Self {
            requests_per_minute: least(self.requests_per_minute, other.requests_per_minute),
            tokens_per_minute: least(self.tokens_per_minute, other.tokens_per_minute),
            at_once: least(self.at_once, other.at_once),
        }
    }
}

impl Hosted {
    /// Where its provider is: the address that is given, or that of the protocol's own company.
    pub fn place(&self) -> &str {
        self.address.as_deref().unwrap_or(self.protocol.usual_address())
    }

    /// The name under which a price book has it; none if its provider is not in there.
    pub fn listed_in(&self, book: &PriceBook) -> Option<ModelName> {
        let provider = book.provider_at(host(self.place()))?;
        Some(ModelName { provider: provider.to_owned(), model: self.model.clone() })
    }

    /// Whether both are asked at one address with one key, and so share what may be asked.
    pub fn shares_limits_with(&self, other: &Self) -> bool {
        self.place() == other.place() && self.key == other.key
    }
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

    /// Where the protocol's own company is, with a slash at the end.
    pub const fn usual_address(self) -> &'static str {
        match self {
            Self::Openai | Self::OpenaiResponses => "https://api.openai.com/v1/",
            Self::Anthropic => "https://api.anthropic.com/v1/",
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta/",
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

    /// What its calls cost; none if nobody has said so yet.
    pub fn price(&self) -> Option<&Price> {
        match self {
            Self::Embedded(entry) => Some(&entry.price),
            Self::Hosted(hosted) => hosted.price.as_ref(),
        }
    }

    /// The price of one call, or one batch, that used `usage` and took `wall`. Without a price
    /// it is more than any budget holds: nobody can say that it was less.
    pub fn cost(&self, usage: Usage, wall: Millis) -> NanoUsd {
        self.price().map_or(NanoUsd::MAX, |price| price.cost(usage, wall))
    }

    /// The most that a call can cost. For a batch hand in the sums over its sequences. Without a
    /// price it is more than any budget holds.
    pub fn worst_case(&self, prompt: Tokens, output: Tokens) -> NanoUsd {
        match self {
            Self::Embedded(entry) => entry.worst_case(prompt, output),
            // Never priced by the second, and so however long it takes.
            Self::Hosted(hosted) => hosted
                .price
                .as_ref()
                .map_or(NanoUsd::MAX, |price| price.worst_case(prompt, output, Millis(0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Catalogue, SHIPPED};

    #[test]
    fn models_at_one_place_share_the_least_of_their_limits() {
        let one = |name: &str, protocol: &str, more: &str| {
            format!(
                "[[hosted]]\nname = '{name}'\nprotocol = '{protocol}'\nmodel = 'm'\n\
                 context_tokens = 8192\n{more}\n[hosted.price]\nusd_per_million_prompt = '1'\n\
                 usd_per_million_cached = '1'\nusd_per_million_output = '1'\n"
            )
        };
        let text = [
            one("a", "openai", "key_variable = 'KEY'\nat_once = 3"),
            one("b", "openai-responses", "key_variable = 'KEY'\nat_once = 2"),
            one("c", "openai", "key_variable = 'KEY'\ntokens_per_minute = 9"),
            one("d", "openai", "key_variable = 'OTHER'\nat_once = 1"),
            one("e", "openai", "key_variable = 'KEY'\nat_once = 1\naddress = 'http://there'"),
        ];
        let own = text.concat();
        let all = Catalogue::parse(SHIPPED, Some((Path::new("models.toml"), &own))).unwrap();
        let least = RequestLimits {
            at_once: Some(2),
            tokens_per_minute: Some(Tokens(9)),
            ..RequestLimits::default()
        };
        for model in &all.hosted()[..3] {
            assert_eq!(all.limits(model), least, "{}", model.name);
        }
        assert_eq!(all.limits(&all.hosted()[3]).tokens_per_minute, None);
    }
}
