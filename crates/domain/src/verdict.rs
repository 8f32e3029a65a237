//! What a person's policy says of something that is about to be done, and the record of that.

use std::fmt;

use serde::{Deserialize, Serialize};

/// From the mildest to the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It may be done.
    Allow,
    /// A person has to say so first.
    Ask,
    /// It may not be done.
    Deny,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        })
    }
}

/// Whether a person's answer to "may it?" is a yes: only one that begins with "yes", or is "y".
pub fn is_yes(answer: &str) -> bool {
    let answer = answer.trim().to_lowercase();
    answer == "y" || answer.split(|c: char| !c.is_alphabetic()).next() == Some("yes")
}

/// What the policy said of a call. That a default allows it is not recorded: it allows most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum PolicyEvent {
    /// It was decided, before the call was performed.
    Decided {
        /// The answer.
        verdict: Verdict,
        /// The rule that decided; none if a default did.
        rule: Option<String>,
        /// What was decided on: the tool, the path, the part of a command.
        on: String,
        /// Why, for people.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_is_said_in_so_many_words() {
        for yes in ["y", "yes", " Yes, once.", "YES"] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in ["", "no", "yesterday", "maybe", "ok", "not yes"] {
            assert!(!is_yes(no), "{no}");
        }
    }
}
