//! A policy file as it is written. Reading it here checks the form only; what its words mean is
//! made of it in `rule` and `test_case`, with the line at hand for what is wrong.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tenfold_domain::{NanoUsd, Verdict};
use toml::Spanned;

use crate::decision::Unattended;
use crate::error::PolicyError;
use crate::policy::{MAX_FILE_BYTES, MAX_RULES, MAX_TESTS};

/// The form that is read here.
pub(crate) const VERSION: i64 = 1;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPolicy {
    #[allow(dead_code, reason = "it was looked at before the rest was read")]
    version: i64,
    pub(crate) unattended: Option<Unattended>,
    #[serde(rename = "accept-unseen-over")]
    pub(crate) accept_unseen_over: Option<Spanned<f64>>,
    #[serde(default)]
    pub(crate) default: RawDefaults,
    #[serde(default)]
    pub(crate) rule: Vec<Spanned<RawRule>>,
    #[serde(default)]
    pub(crate) test: Vec<Spanned<RawTest>>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDefaults {
    pub(crate) tool: Option<Verdict>,
    pub(crate) command: Option<Verdict>,
    pub(crate) read: Option<Verdict>,
    pub(crate) write: Option<Verdict>,
    pub(crate) host: Option<Verdict>,
    pub(crate) cost: Option<Verdict>,
}

/// A rule, read and written in this one form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawRule {
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub(crate) role: Texts,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub(crate) tool: Texts,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub(crate) command: Texts,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub(crate) read: Texts,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub(crate) write: Texts,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub(crate) create: Texts,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub(crate) host: Texts,
    #[serde(default, skip_serializing_if = "Texts::is_empty")]
    pub(crate) methods: Texts,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) tls: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) credential: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cost_over: Option<Money>,
    pub(crate) decide: Verdict,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) why: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTest {
    pub(crate) role: Option<String>,
    pub(crate) tool: Option<String>,
    pub(crate) command: Option<String>,
    pub(crate) read: Option<String>,
    pub(crate) write: Option<String>,
    pub(crate) create: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) cost: Option<Money>,
    pub(crate) expect: Verdict,
    pub(crate) rule: Option<String>,
}

/// One text, or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Texts(pub(crate) Vec<String>);

impl Texts {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(to),
            many => many.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a list of texts that is not empty")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                // A rule about nothing is a slip of the pen, not a wish.
                if texts.is_empty() {
                    return Err(de::Error::invalid_length(0, &self));
                }
                Ok(Texts(texts))
            }
        }
        from.deserialize_any(OneOrMany)
    }
}

/// An amount as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Money(pub(crate) NanoUsd);

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.to_string().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map(Self).map_err(de::Error::custom)
    }
}

/// Reads a file's text.
pub(crate) fn read(text: &str) -> Result<RawPolicy, PolicyError> {
    #[derive(Deserialize)]
    struct Versioned {
        version: Option<Spanned<i64>>,
    }
    // Before the rest, since another version has other words.
    let versioned: Versioned = parsed(text)?;
    let error = |line, why: String| Err(PolicyError::Line { line, why });
    match &versioned.version {
        Some(version) if *version.get_ref() == VERSION => {}
        Some(version) => {
            let why = format!("this Tenfold reads version {VERSION}, not {}", version.get_ref());
            return error(line_of(text, version.span().start), why);
        }
        None => return error(1, format!("it lacks `version = {VERSION}` at its top")),
    }
    let raw: RawPolicy = parsed(text)?;
    for (what, count, max) in
        [("rules", raw.rule.len(), MAX_RULES), ("tests", raw.test.len(), MAX_TESTS)]
    {
        if count > max {
            return error(1, format!("it has {count} {what}; {max} are the most"));
        }
    }
    Ok(raw)
}

/// Bytes of a file as text of a bearable length.
pub(crate) fn text(bytes: &[u8]) -> Result<&str, PolicyError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(PolicyError::TooLarge { max: MAX_FILE_BYTES });
    }
    std::str::from_utf8(bytes).map_err(|_| PolicyError::NotText)
}

fn parsed<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, PolicyError> {
    toml::from_str(text).map_err(|error| PolicyError::Line {
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        why: error.message().trim().replace('\n', "; "),
    })
}

/// The line, from 1, in which this byte stands.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|b| *b == b'\n').count() + 1
}
