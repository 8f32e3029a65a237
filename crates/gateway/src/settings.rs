//! `gateway.toml`, as a person writes it: their own names, and bounds of their own.
//!
//! It is apart because it is the one place that reads words of a file; what they come to is in
//! [`Terms`] and [`Aliases`]. It is taken whole or not at all. In TOML:
//!
//! ```toml
//! # An order for `tenfold/auto`, in the place of the one that is chosen for each request.
//! auto = ["qwen2.5-coder-1.5b", "haiku", "sonnet"]
//!
//! # One's own names: each a model, then what to fall back on.
//! [aliases]
//! fast = ["haiku", "qwen2.5-coder-1.5b"]
//! "gpt-4o" = ["sonnet"]
//!
//! [gateway]
//! hosted_tools = true
//! output_max = 4096
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use tenfold_domain::Tokens;

use crate::{Aliases, Terms};

/// The least that a body may be let be, in bytes.
const BODY_BYTES_MIN: usize = 1_024;
/// All bodies have so many times the room of one, at the least: an account has a quarter of it.
const BODIES: usize = 4;

/// What a person has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Their own names.
    pub aliases: Aliases,
    /// The bounds, with what they say of them.
    pub terms: Terms,
}

/// What is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It is no TOML, or has something in it that is not known.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A bound is so little that nothing could be done.
    #[error("'{name}' in [gateway] is {found}; write {least} at the least")]
    TooLittle {
        /// Which.
        name: &'static str,
        /// What it is.
        found: u64,
        /// What it may be.
        least: u64,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    auto: Vec<String>,
    aliases: BTreeMap<String, Vec<String>>,
    gateway: Table,
}

/// The bounds that a person may set; what is left out is as usual.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Table {
    hosted_tools: Option<bool>,
    logs_bodies: Option<bool>,
    output_max: Option<u64>,
    body_bytes_max: Option<usize>,
    bodies_bytes_max: Option<usize>,
    answer_bytes_max: Option<usize>,
    connections_max: Option<usize>,
    body_seconds: Option<u64>,
    gate_seconds: Option<u64>,
    silence_seconds: Option<u64>,
    reading_seconds: Option<u64>,
}

impl Settings {
    /// What a file says; where it says nothing, `usual` holds.
    ///
    /// # Errors
    /// [`SettingsError`] says what to write.
    pub fn read(text: &str, usual: Terms) -> Result<Self, SettingsError> {
        let File { auto, aliases, gateway } = toml::from_str(text)?;
        let terms = gateway.over(usual);
        sound(&terms)?;
        Ok(Self { aliases: Aliases { auto, aliases }, terms })
    }
}

impl Table {
    fn over(&self, usual: Terms) -> Terms {
        let long = |seconds: Option<u64>, usual| seconds.map_or(usual, Duration::from_secs);
        Terms {
            hosted_tools: self.hosted_tools.unwrap_or(usual.hosted_tools),
            logs_bodies: self.logs_bodies.unwrap_or(usual.logs_bodies),
            output_max: self.output_max.map_or(usual.output_max, Tokens),
            body_bytes_max: self.body_bytes_max.unwrap_or(usual.body_bytes_max),
            bodies_bytes_max: self.bodies_bytes_max.unwrap_or(usual.bodies_bytes_max),
            answer_bytes_max: self.answer_bytes_max.unwrap_or(usual.answer_bytes_max),
            connections_max: self.connections_max.unwrap_or(usual.connections_max),
            body_time: long(self.body_seconds, usual.body_time),
            gate: long(self.gate_seconds, usual.gate),
            silence: long(self.silence_seconds, usual.silence),
            reading: long(self.reading_seconds, usual.reading),
            ..usual
        }
    }
}

/// Whether anything could be done on these terms.
fn sound(terms: &Terms) -> Result<(), SettingsError> {
    let bodies = BODIES.saturating_mul(terms.body_bytes_max);
    for (name, found, least) in [
        ("output_max", terms.output_max.0, 1),
        ("body_bytes_max", terms.body_bytes_max as u64, BODY_BYTES_MIN as u64),
        ("bodies_bytes_max", terms.bodies_bytes_max as u64, bodies as u64),
        ("answer_bytes_max", terms.answer_bytes_max as u64, BODY_BYTES_MIN as u64),
        ("connections_max", terms.connections_max as u64, 1),
        ("body_seconds", terms.body_time.as_secs(), 1),
        ("silence_seconds", terms.silence.as_secs(), 1),
        ("reading_seconds", terms.reading.as_secs(), 1),
    ] {
        if found < least {
            return Err(SettingsError::TooLittle { name, found, least });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(table: &str) -> Result<Terms, String> {
        let text = format!("auto = ['a']\n[gateway]\n{table}");
        let read = Settings::read(&text, Terms { logs_bodies: true, ..Terms::default() });
        read.map(|settings| settings.terms).map_err(|why| why.to_string())
    }

    #[test]
    fn what_is_said_holds_and_all_else_is_as_usual() {
        let usual = Terms { logs_bodies: true, ..Terms::default() };
        assert_eq!(terms(""), Ok(usual));
        let said = "hosted_tools = true\nlogs_bodies = false\noutput_max = 100\n\
                    body_bytes_max = 2048\nbodies_bytes_max = 8192\nanswer_bytes_max = 4096\n\
                    connections_max = 7\nbody_seconds = 1\ngate_seconds = 0\n\
                    silence_seconds = 3\nreading_seconds = 4";
        let expected = Terms {
            hosted_tools: true,
            logs_bodies: false,
            output_max: Tokens(100),
            body_bytes_max: 2_048,
            bodies_bytes_max: 8_192,
            answer_bytes_max: 4_096,
            connections_max: 7,
            body_time: Duration::from_secs(1),
            gate: Duration::ZERO,
            silence: Duration::from_secs(3),
            reading: Duration::from_secs(4),
            ..usual
        };
        assert_eq!(terms(said), Ok(expected));
    }

    #[test]
    fn what_cant_be_is_refused_with_what_to_write() {
        for (table, words) in [
            ("hosted_tool = true", "one of `hosted_tools`, `logs_bodies`"),
            ("output_max = '9'", "expected u64"),
            ("output_max = 0", "'output_max' in [gateway] is 0; write 1 at the least"),
            ("body_bytes_max = 1000000000", "'bodies_bytes_max' in [gateway]"),
            ("bodies_bytes_max = 99", "write 134217728 at the least"),
            ("silence_seconds = 0", "'silence_seconds'"),
        ] {
            let refused = terms(table).unwrap_err();
            assert!(refused.contains(words), "{table}: {refused}");
        }
        let refused = Settings::read("alias = {}", Terms::default()).unwrap_err().to_string();
        assert!(refused.contains("expected one of `auto`, `aliases`, `gateway`"), "{refused}");
    }
}
