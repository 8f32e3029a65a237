//! How much a person wants one task before another, in five words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much a task is wanted before others of the same account; the least first. It never
/// goes before another account's share.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Priority {
    /// When there is little else to do.
    Lowest,
    /// Rather later.
    Low,
    /// As it comes.
    #[default]
    Normal,
    /// Rather sooner.
    High,
    /// As soon as can be.
    Highest,
}

impl Priority {
    /// All of them, the least first.
    pub const ALL: [Self; 5] = [Self::Lowest, Self::Low, Self::Normal, Self::High, Self::Highest];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lowest => "lowest",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Highest => "highest",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for Priority {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|priority| priority.word() == text).ok_or_else(|| {
            format!(
                "'{text}' is not a priority: there are 'lowest', 'low', 'normal', 'high' and \
                 'highest'"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_ordered_and_read_back_by_their_words() {
        assert!(Priority::ALL.is_sorted());
        assert_eq!(Priority::default(), Priority::Normal);
        for priority in Priority::ALL {
            assert_eq!(priority.word().parse(), Ok(priority));
            let json = serde_json::to_string(&priority).unwrap();
            assert_eq!(json, format!("\"{priority}\""));
        }
    }

    #[test]
    fn a_word_that_is_no_priority_is_refused_with_those_there_are() {
        let error = "urgent".parse::<Priority>().unwrap_err();
        assert!(error.contains("'urgent'") && error.contains("'highest'"), "{error}");
    }
}
