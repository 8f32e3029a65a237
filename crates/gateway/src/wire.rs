//! The protocols that are spoken, on either side: which path, which members, which words. What is
//! the same for all of them is elsewhere.

use tenfold_models::{Hosted, Protocol};

/// A way to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// OpenAI's chat completions.
    Chat,
    /// OpenAI's responses.
    Responses,
    /// Anthropic's messages.
    Messages,
    /// OpenAI's embeddings.
    Embeddings,
    /// How many tokens a message of Anthropic's has.
    CountTokens,
}

impl Wire {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Chat, Self::Responses, Self::Messages, Self::Embeddings, Self::CountTokens];

    /// Behind the version, here as at providers.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Chat => "chat/completions",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::Embeddings => "embeddings",
            Self::CountTokens => "messages/count_tokens",
        }
    }

    /// What OpenTelemetry calls the operation.
    pub(crate) const fn operation(self) -> &'static str {
        match self {
            Self::Embeddings => "embeddings",
            Self::CountTokens => "count_tokens",
            _ => "chat",
        }
    }

    /// Whether errors look as Anthropic's do.
    pub(crate) const fn is_anthropics(self) -> bool {
        matches!(self, Self::Messages | Self::CountTokens)
    }

    /// Whether it makes tokens.
    pub(crate) const fn writes(self) -> bool {
        matches!(self, Self::Chat | Self::Responses | Self::Messages)
    }

    /// The protocol in which a provider is asked that was asked for here in this one. `None` if
    /// it can't be.
    pub(crate) fn at(self, hosted: &Hosted) -> Option<Self> {
        let spoken = match hosted.protocol {
            Protocol::Openai | Protocol::Gemini => Self::Chat,
            Protocol::OpenaiResponses => Self::Responses,
            Protocol::Anthropic => Self::Messages,
        };
        match self {
            Self::Embeddings => (spoken != Self::Messages).then_some(self),
            Self::CountTokens => (spoken == Self::Messages).then_some(self),
            // OpenAI itself answers both at one address.
            Self::Chat | Self::Responses if hosted.address.is_none() => match spoken {
                Self::Messages => Some(spoken),
                _ if hosted.protocol == Protocol::Gemini => Some(spoken),
                _ => Some(self),
            },
            _ => Some(spoken),
        }
    }

    /// The member with the limit of an answer's tokens, at this provider.
    pub(crate) fn limit_member(self, hosted: &Hosted) -> &'static str {
        match self {
            Self::Chat if hosted.address.is_none() && hosted.protocol != Protocol::Gemini => {
                "max_completion_tokens"
            }
            Self::Responses => "max_output_tokens",
            _ => "max_tokens",
        }
    }
}

/// Where a provider answers in a protocol.
pub(crate) fn address(hosted: &Hosted, wire: Wire) -> String {
    // Gemini has a way in for who speaks OpenAI's chat completions.
    let below = if hosted.protocol == Protocol::Gemini { "openai/" } else { "" };
    format!("{}{below}{}", hosted.place(), wire.path())
}
