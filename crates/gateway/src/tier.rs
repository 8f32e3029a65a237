//! How quickly a provider is asked to answer, and says that it has: each has prices of its own.
//!
//! It is apart because the words are the protocols' and the prices the book's: what is asked for
//! decides which prices the worst case has to cover, and what the answer says which one is billed.

use tenfold_models::Service;

/// What a request asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tier {
    /// Nothing, or whatever the owner's project at the provider is set to.
    #[default]
    Any,
    /// As usual, and in no other way.
    Usual,
    /// When there is room.
    Flex,
    /// Before others.
    Priority,
}

impl Tier {
    /// What a request's word asks for; `None` if it is no word of either protocol's.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Any),
            "default" | "standard" | "standard_only" => Some(Self::Usual),
            "flex" => Some(Self::Flex),
            "priority" => Some(Self::Priority),
            _ => None,
        }
    }

    /// The services that may answer beside the usual one, which always may.
    pub(crate) const fn others(self) -> &'static [Service] {
        match self {
            Self::Any => &[Service::Flex, Service::Priority],
            Self::Usual => &[],
            Self::Flex => &[Service::Flex],
            Self::Priority => &[Service::Priority],
        }
    }

    /// What is billed where an answer does not say who has answered: what was asked for, but
    /// never something cheaper than usual on nobody's word.
    pub(crate) const fn unsaid(self) -> Service {
        match self {
            Self::Any | Self::Usual | Self::Flex => Service::Usual,
            Self::Priority => Service::Priority,
        }
    }
}

/// What an answer in OpenAI's protocols says; `None` for words that have no prices of their own.
pub(crate) fn answered(word: &str) -> Option<Service> {
    match word {
        "default" => Some(Service::Usual),
        "flex" => Some(Service::Flex),
        "priority" => Some(Service::Priority),
        _ => None,
    }
}
