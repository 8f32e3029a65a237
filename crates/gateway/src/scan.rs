//! One pass over a request's body: what the gateway has to know of it, and where it stands, so
//! that the body itself can pass unchanged. Nothing is decoded that is not needed, and nothing
//! kept but a few words.
//!
//! What it can't read for sure is refused: a body that the gateway and the provider read
//! differently would be billed for another model than it asks.

use std::borrow::Cow;
use std::ops::Range;

use crate::{Tier, Wire};

/// How deep values may lie in each other.
const DEPTH_MAX: usize = 128;
/// The longest word that is looked at; what matters is shorter.
const WORD_MAX: usize = 200;

/// Words that are the type of a part whose tokens its bytes do not bound.
const IMAGES: [&str; 3] = ["image", "image_url", "input_image"];
/// The same, where nothing but the model's context bounds them.
const UNBOUNDED: [&str; 8] = [
    "document",
    "file",
    "input_audio",
    "input_file",
    "input_video",
    "item_reference",
    "search_result",
    "video_url",
];
/// Members by which the provider adds what it has kept to the conversation.
const KEPT_ELSEWHERE: [&str; 3] = ["conversation", "previous_response_id", "prompt"];
/// Members that cost what no price here says.
const UNPRICED: [&str; 9] = [
    "audio",
    "background",
    "container",
    "inference_geo",
    "mcp_servers",
    "modalities",
    "prediction",
    "speed",
    "web_search_options",
];
/// Beginnings of the types of tools that the client itself runs; those without a type are too.
const CLIENTS_TOOLS: [&str; 9] = [
    "apply_patch",
    "bash_",
    "computer_",
    "custom",
    "function",
    "local_shell",
    "memory_",
    "namespace",
    "text_editor_",
];
/// Members whose texts a model reads, whatever else there is.
const TEXTS: [&str; 6] = ["content", "input", "instructions", "output", "system", "text"];

/// Why a body is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request's body can't be read ({why}, at byte {at}); send one JSON object")]
pub struct Unreadable {
    /// What is wrong.
    pub why: &'static str,
    /// Where.
    pub at: usize,
}

/// What a body says, as far as the gateway has to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    /// The model's name, and where it stands with its quotes.
    pub model: Option<(String, Range<usize>)>,
    /// Just behind the brace that opens the object, where a member can be put in.
    pub inside: usize,
    /// Whether the object has no member.
    pub is_empty: bool,
    /// Whether a stream is asked for.
    pub streamed: bool,
    /// The limits of the answer's tokens that it names. Each protocol knows its own, and passes over
    /// the others.
    pub limits: Limits,
    /// Limits that are named and said to be none: which, and where their `null` stands.
    pub null_limits: Vec<(&'static str, Range<usize>)>,
    /// How many answers are asked for, one at the least.
    pub answers: u64,
    /// Whether the stream is to say what it used; `None` if it has no options at all.
    pub says_usage: Option<bool>,
    /// Where the options of the stream stand, with their braces.
    pub stream_options: Option<Range<usize>>,
    /// How many images there are.
    pub images: u64,
    /// Whether something's tokens are bounded by the model's context only.
    pub unbounded: bool,
    /// Bytes of text that a model has to read, whatever it passes over: some of all that there is.
    pub text: u64,
    /// How quickly an answer is asked for.
    pub tier: Tier,
    /// Whether what the provider keeps of the prompt is to be kept for half a day or longer.
    pub keeps_long: bool,
    /// What no price here says the cost of, by name.
    pub unpriced: Option<String>,
    /// A tool that the provider runs, by its type.
    pub hosted_tool: Option<String>,
}

/// Limits of an answer's tokens, by the member that holds each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// `max_tokens`: of messages, and formerly of chat completions.
    pub tokens: Option<u64>,
    /// `max_completion_tokens`, of chat completions.
    pub completion_tokens: Option<u64>,
    /// `max_output_tokens`, of responses.
    pub output_tokens: Option<u64>,
}

impl Limits {
    /// The limit that holds in this protocol: the larger, where either may.
    #[must_use]
    pub fn of(&self, wire: Wire) -> Option<u64> {
        match wire {
            Wire::Chat => self.tokens.max(self.completion_tokens),
            Wire::Responses => self.output_tokens,
            Wire::Messages => self.tokens,
            Wire::Embeddings | Wire::CountTokens => None,
        }
    }
}

/// Whether the client runs tools of this type itself.
pub(crate) fn is_clients_tool(kind: &str) -> bool {
    CLIENTS_TOOLS.iter().any(|start| kind.starts_with(start))
}

/// Whether this is the word for keeping a prompt longer than an hour.
pub(crate) fn is_long(retention: &str) -> bool {
    retention == "24h"
}

/// Reads a body.
///
/// # Errors
/// [`Unreadable`] if it is no JSON object, or names a member twice that matters here.
pub fn sketch(body: &[u8]) -> Result<Sketch, Unreadable> {
    if let Err(wrong) = str::from_utf8(body) {
        return Err(Unreadable { why: "it is not UTF-8", at: wrong.valid_up_to() });
    }
    let mut scan = Scan { body, at: 0 };
    let mut sketch = Sketch { answers: 1, is_empty: true, ..Sketch::default() };
    scan.space();
    scan.expect(b'{', "it does not begin with a brace")?;
    sketch.inside = scan.at;
    let mut seen: Vec<Cow<'_, str>> = Vec::new();
    scan.members(|scan, key| {
        sketch.is_empty = false;
        if seen.contains(&key) {
            return Err(scan.wrong("a member stands twice"));
        }
        seen.push(key.clone());
        sketch.member(scan, &key)
    })?;
    scan.space();
    if scan.at != body.len() { Err(scan.wrong("something follows it")) } else { Ok(sketch) }
}

impl Sketch {
    /// One member of the object, its value not read yet.
    fn member(&mut self, scan: &mut Scan<'_>, key: &str) -> Result<(), Unreadable> {
        let begin = scan.at;
        match key {
            "model" => {
                let name = scan.string()?.into_owned();
                self.model = Some((name, begin..scan.at));
            }
            "stream" => self.streamed = scan.scalar()? == b"true",
            "max_tokens" => self.limits.tokens = self.limit(scan, "max_tokens")?,
            "max_completion_tokens" => {
                self.limits.completion_tokens = self.limit(scan, "max_completion_tokens")?;
            }
            "max_output_tokens" => {
                self.limits.output_tokens = self.limit(scan, "max_output_tokens")?;
            }
            "n" | "best_of" => self.answers = self.answers.max(scan.count()?.unwrap_or(1)),
            "stream_options" if scan.next() == Some(b'{') => self.options(scan)?,
            "service_tier" if scan.next() == Some(b'"') => {
                let word = scan.string()?;
                match Tier::of(&word) {
                    Some(tier) => self.tier = tier,
                    None => self.unpriced = Some(format!("service_tier {word}")),
                }
            }
            "prompt_cache_retention" if scan.next() == Some(b'"') => {
                self.keeps_long = is_long(&scan.string()?);
            }
            "tools" => self.value(scan, 0, true)?,
            // No model reads it.
            "metadata" => Self::default().value(scan, 0, false)?,
            _ => {
                self.value(scan, 0, false)?;
                self.read(key, &scan.body[begin..scan.at]);
                let is_said = !matches!(&scan.body[begin..scan.at], b"null" | b"false" | b"[]");
                // Text alone is what `modalities` says where it says nothing new.
                let is_said = is_said && &scan.body[begin..scan.at] != b"[\"text\"]";
                self.unbounded |= is_said && KEPT_ELSEWHERE.contains(&key);
                if is_said && UNPRICED.contains(&key) {
                    self.unpriced = Some(key.to_owned());
                }
            }
        }
        Ok(())
    }

    fn limit(
        &mut self,
        scan: &mut Scan<'_>,
        name: &'static str,
    ) -> Result<Option<u64>, Unreadable> {
        let begin = scan.at;
        let limit = scan.count()?;
        if limit.is_none() {
            self.null_limits.push((name, begin..scan.at));
        }
        Ok(limit)
    }

    fn options(&mut self, scan: &mut Scan<'_>) -> Result<(), Unreadable> {
        let begin = scan.at;
        self.says_usage = Some(false);
        scan.at += 1;
        scan.members(|scan, key| {
            if key == "include_usage" {
                self.says_usage = Some(scan.scalar()? == b"true");
                return Ok(());
            }
            self.value(scan, 1, false)
        })?;
        self.stream_options = Some(begin..scan.at);
        Ok(())
    }

    /// Passes over a value, and notes the words in it that matter. `tool` is whether it is a list
    /// of tools.
    fn value(&mut self, scan: &mut Scan<'_>, depth: usize, tool: bool) -> Result<(), Unreadable> {
        if depth > DEPTH_MAX {
            return Err(scan.wrong("it is too deep"));
        }
        match scan.next() {
            Some(b'{') => {
                scan.at += 1;
                scan.members(|scan, key| {
                    if tool && key == "type" && depth == 1 && scan.next() == Some(b'"') {
                        return self.tool(scan);
                    }
                    let begin = scan.at;
                    self.value(scan, depth + 1, tool)?;
                    if !tool {
                        self.read(&key, &scan.body[begin..scan.at]);
                    }
                    Ok(())
                })
            }
            Some(b'[') => {
                scan.at += 1;
                scan.items(|scan| self.value(scan, depth + 1, tool))
            }
            Some(b'"') => {
                let begin = scan.at;
                scan.pass_string()?;
                // A short one may be a word; a long one is not even looked at.
                if scan.at - begin <= WORD_MAX {
                    scan.at = begin;
                    let word = scan.string()?;
                    self.word(&word);
                }
                Ok(())
            }
            _ => scan.scalar().map(drop),
        }
    }

    fn tool(&mut self, scan: &mut Scan<'_>) -> Result<(), Unreadable> {
        let kind = scan.string()?;
        if !is_clients_tool(&kind) {
            self.hosted_tool = Some(kind.into_owned());
        }
        Ok(())
    }

    /// Notes a member that was passed over, if it is a text that has to be read.
    fn read(&mut self, key: &str, value: &[u8]) {
        if value.first() == Some(&b'"') && TEXTS.contains(&key) {
            self.text += value.len() as u64 - 2;
        }
    }

    fn word(&mut self, word: &str) {
        self.images += u64::from(IMAGES.contains(&word));
        self.unbounded |= UNBOUNDED.contains(&word);
    }
}

/// Where in the body it is.
struct Scan<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    const fn wrong(&self, why: &'static str) -> Unreadable {
        Unreadable { why, at: self.at }
    }

    fn next(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, why: &'static str) -> Result<(), Unreadable> {
        if self.next() != Some(byte) {
            return Err(self.wrong(why));
        }
        self.at += 1;
        Ok(())
    }

    /// The members of an object, from behind its brace to behind the other.
    fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        self.space();
        if self.next() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.expect(b':', "a colon is missing")?;
            self.space();
            member(self, key)?;
            self.space();
            match self.next() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                _ => return Err(self.wrong("a comma or a brace is missing")),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// The items of an array, from behind its bracket to behind the other.
    fn items(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        self.space();
        if self.next() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            item(self)?;
            self.space();
            match self.next() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                _ => return Err(self.wrong("a comma or a bracket is missing")),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Passes over a string; true if something in it is escaped.
    fn pass_string(&mut self) -> Result<bool, Unreadable> {
        self.expect(b'"', "a string is missing")?;
        let mut escaped = false;
        loop {
            let rest = &self.body[self.at..];
            let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            let Some(end) = end else { return Err(self.wrong("a string does not end")) };
            self.at += end;
            match self.body[self.at] {
                b'"' => break,
                b'\\' if self.at + 1 < self.body.len() => {
                    escaped = true;
                    self.at += 2;
                }
                _ => return Err(self.wrong("a string has a control character")),
            }
        }
        self.at += 1;
        Ok(escaped)
    }

    /// A string, decoded.
    fn string(&mut self) -> Result<Cow<'a, str>, Unreadable> {
        let begin = self.at;
        let escaped = self.pass_string()?;
        let raw = &self.body[begin..self.at];
        if escaped {
            let text = serde_json::from_slice::<String>(raw);
            return text.map(Cow::Owned).map_err(|_| self.wrong("a string is escaped wrongly"));
        }
        let text = str::from_utf8(&raw[1..raw.len() - 1]);
        text.map(Cow::Borrowed).map_err(|_| self.wrong("it is not UTF-8"))
    }

    /// A number, `true`, `false` or `null`, as it stands.
    fn scalar(&mut self) -> Result<&'a [u8], Unreadable> {
        let rest = &self.body[self.at..];
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let end = rest.iter().position(|byte| !plain(byte)).unwrap_or(rest.len());
        let scalar = &rest[..end];
        let is_one = matches!(scalar, b"true" | b"false" | b"null")
            || scalar.first().is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-')
                && serde_json::from_slice::<serde::de::IgnoredAny>(scalar).is_ok();
        if !is_one {
            return Err(self.wrong("a value is missing"));
        }
        self.at += end;
        Ok(scalar)
    }

    /// A count; `None` for `null`.
    fn count(&mut self) -> Result<Option<u64>, Unreadable> {
        let scalar = self.scalar()?;
        if scalar == b"null" {
            return Ok(None);
        }
        let text = str::from_utf8(scalar).unwrap_or_default();
        text.parse().map(Some).map_err(|_| self.wrong("a limit is not a whole number"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &str) -> Sketch {
        sketch(body.as_bytes()).unwrap()
    }

    #[test]
    fn what_matters_is_found_where_it_stands() {
        let body = r#" {"messages":[{"role":"user","content":"a \"model\": b"}],
            "model" : "gpt\u002d5", "stream":true, "max_tokens": 9, "max_completion_tokens": 7,
            "n": 3, "stream_options": {"include_usage": true} } "#;
        let sketch = read(body);
        let (name, place) = sketch.model.clone().unwrap();
        assert_eq!(name, "gpt-5");
        assert_eq!(&body[place], r#""gpt\u002d5""#);
        assert!(sketch.streamed && sketch.says_usage == Some(true));
        assert_eq!((sketch.limits.of(Wire::Chat), sketch.answers), (Some(9), 3));
        assert_eq!(sketch.limits.of(Wire::Responses), None, "that is a limit to nobody there");
        assert_eq!(&body[sketch.inside - 1..sketch.inside], "{");
        assert_eq!(&body[sketch.stream_options.unwrap()], r#"{"include_usage": true}"#);
    }

    #[test]
    fn what_the_provider_could_read_otherwise_is_refused() {
        for body in [
            "",
            "[]",
            "{",
            r#"{"model":"a","model":"b"}"#,
            r#"{"model":"a","mod\u0065l":"b"}"#,
            r#"{"model":"a"} {"model":"b"}"#,
            r#"{"model":"a",}"#,
            r#"{"model":1}"#,
            r#"{"max_tokens":1e9}"#,
            r#"{"max_tokens":-1}"#,
            r#"{"a":nan}"#,
            "{\"a\":\"line\nbreak\"}",
            r#"{"a":"\ud800"}"#,
            r#"{"a" "b"}"#,
        ] {
            assert!(sketch(body.as_bytes()).is_err(), "{body}");
        }
        assert!(sketch(b"{\"a\":\"\xff\"}").is_err());
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(999), "]".repeat(999));
        assert!(sketch(deep.as_bytes()).is_err());
    }

    #[test]
    fn what_bytes_do_not_bound_is_counted() {
        let body = r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"x"}},
            {"type":"im\u0061ge","cache_control":{"ttl":"1h"}}]}]}"#;
        let sketch = read(body);
        assert_eq!((sketch.images, sketch.unbounded), (2, false));
        assert!(read(r#"{"input":[{"type":"input_file","file_id":"f"}]}"#).unbounded);
        assert!(read(r#"{"previous_response_id":"r"}"#).unbounded);
        assert!(!read(r#"{"previous_response_id":null}"#).unbounded);
    }

    #[test]
    fn texts_are_measured_and_what_a_model_may_pass_over_is_not() {
        let body = r#"{"system":"12345","messages":[{"role":"user","content":"123"},
            {"role":"user","content":[{"type":"text","text":"1234"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"long","signature":"x"},
            {"type":"tool_use","name":"write","input":{"content":"12"}}]}],
            "tools":[{"name":"t","description":"what it does","input_schema":{"text":"no"}}]}"#;
        assert_eq!(read(body).text, 5 + 3 + 4 + 2);
    }

    #[test]
    fn what_no_model_reads_is_neither_text_nor_an_image() {
        let body = r#"{"metadata":{"content":"12345","type":"image","kind":["file"],
            "text":{"input":"12"}},"messages":[{"content":"123"}]}"#;
        let sketch = read(body);
        assert_eq!((sketch.text, sketch.images, sketch.unbounded), (3, 0, false));
    }

    #[test]
    fn how_long_a_prompt_is_kept_is_noted() {
        let keeps = |value: &str| read(&format!(r#"{{"prompt_cache_retention":{value}}}"#));
        assert!(keeps(r#""24h""#).keeps_long);
        assert!(!keeps(r#""in_memory""#).keeps_long && !keeps("null").keeps_long);
    }

    #[test]
    fn how_quickly_an_answer_is_wanted_is_noted() {
        let tier = |word: &str| read(&format!(r#"{{"service_tier":"{word}"}}"#)).tier;
        assert_eq!(read("{}").tier, Tier::Any);
        let words = ["auto", "default", "standard_only", "flex", "priority"].map(tier);
        assert_eq!(words, [Tier::Any, Tier::Usual, Tier::Usual, Tier::Flex, Tier::Priority]);
    }

    #[test]
    fn what_has_no_price_is_named() {
        assert_eq!(read(r#"{"background":true}"#).unpriced.as_deref(), Some("background"));
        assert_eq!(read(r#"{"background":false}"#).unpriced, None);
        let tier = read(r#"{"service_tier":"performance"}"#).unpriced;
        assert_eq!(tier.as_deref(), Some("service_tier performance"));
        let tools = r#"{"tools":[{"type":"function","function":{"parameters":{"type":"object"}}},
            {"name":"edit","input_schema":{"type":"object"}},{"type":"bash_20250124"}]}"#;
        assert_eq!(read(tools).hosted_tool, None);
        let tools = r#"{"tools":[{"name":"s","type":"web_search_20250305"}]}"#;
        assert_eq!(read(tools).hosted_tool.as_deref(), Some("web_search_20250305"));
    }

    proptest! {
        #[test]
        fn whatever_json_there_is_is_read(text in ".*", number: i64, deep in 0..20usize) {
            let mut value = serde_json::json!({ "t": text, "n": number });
            for _ in 0..deep {
                value = serde_json::json!([{ "in": value }]);
            }
            let body = serde_json::json!({ "model": text, "x": value }).to_string();
            prop_assert_eq!(sketch(body.as_bytes()).unwrap().model.unwrap().0, text);
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = sketch(&bytes);
        }
    }
}
