//! How many tokens a request comes to at the most, by its model's own tokenizer.
//!
//! Apart, because only one company's tokenizer is public and part of a package: everything else is
//! bounded by its bytes. A request is JSON, of which the provider makes the text that its model
//! reads: each string of it is counted by itself, and whatever stands around strings, byte by
//! byte. That is more than the marks of turns and the form in which tools are told take.

use tenfold_domain::Tokens;
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton};

use crate::{Hosted, Protocol};

/// Models at OpenAI that read by `o200k_base`: their names, whole or with a dash behind. What is
/// not here may read otherwise.
const O200K: [&str; 8] =
    ["chatgpt-4o", "gpt-4.1", "gpt-4.5", "gpt-4o", "gpt-5", "o1", "o3", "o4-mini"];
/// The same of those that read by `cl100k_base`.
const CL100K: [&str; 4] = ["gpt-3.5-turbo", "gpt-4", "text-embedding-3", "text-embedding-ada"];
/// Strings are counted in pieces of so many bytes, since a word without an end takes the square of
/// its length.
const PIECE_BYTES: usize = 2_048;
/// A longer request is not worth the time: the model's context bounds it.
const BYTES_MAX: usize = 4 << 20;
/// The beginning of what is an image rather than a text.
const DATA: &str = "\"data:";

/// The tokenizer of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokenizer {
    /// OpenAI's, of its models since 2024.
    O200k,
    /// OpenAI's, of its models from 2023 to then, and of those that embed.
    Cl100k,
}

impl Tokenizer {
    /// The tokenizer of a hosted model, if it is known for sure.
    #[must_use]
    pub fn of(hosted: &Hosted) -> Option<Self> {
        let is_openais = matches!(hosted.protocol, Protocol::Openai | Protocol::OpenaiResponses)
            && hosted.place() == hosted.protocol.usual_address();
        let is_called = |name: &str| {
            let rest = hosted.model.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let known = [(Self::O200k, &O200K[..]), (Self::Cl100k, &CL100K[..])];
        let of = known.into_iter().filter(|_| is_openais);
        let mut of = of.filter(|(_, names)| names.iter().copied().any(is_called));
        of.next().map(|(tokenizer, _)| tokenizer)
    }

    /// The most tokens that this JSON comes to as a model's prompt. The first count takes half a
    /// second, for the tokenizer is made then.
    #[must_use]
    pub fn most(self, json: &[u8]) -> Tokens {
        let Some(json) = str::from_utf8(json).ok().filter(|json| json.len() <= BYTES_MAX) else {
            return Tokens(json.len() as u64);
        };
        let bpe = match self {
            Self::O200k => o200k_base_singleton(),
            Self::Cl100k => cl100k_base_singleton(),
        };
        let (mut most, mut rest) = (0, json);
        while let Some(begin) = rest.find('"') {
            most += begin as u64;
            let (string, behind) = string(&rest[begin..]);
            most += counted(bpe, string);
            rest = behind;
        }
        Tokens(most + rest.len() as u64)
    }
}

/// The string that a text begins with, its quotes included, and what is behind it.
fn string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    text.split_at(end.map_or(text.len(), |end| end + 2))
}

/// The tokens of a string, and one for each of its quotes.
fn counted(bpe: &CoreBPE, string: &str) -> u64 {
    let bytes = string.len() as u64;
    if string.starts_with(DATA) {
        return bytes;
    }
    let Ok(text) = serde_json::from_str::<String>(string) else { return bytes };
    let (mut tokens, mut rest) = (2, text.as_str());
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES));
        tokens += bpe.encode_ordinary(piece).len() as u64;
        rest = behind;
    }
    // What is written as an escape can be more tokens than bytes only where it is not text.
    tokens.min(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::RequestLimits;

    fn hosted(model: &str, address: Option<&str>) -> Hosted {
        Hosted {
            name: "m".to_owned(),
            protocol: Protocol::Openai,
            address: address.map(str::to_owned),
            model: model.to_owned(),
            key: None,
            context: Tokens(9),
            price: None,
            listed: None,
            limits: RequestLimits::default(),
        }
    }

    fn most(value: &Value) -> u64 {
        Tokenizer::O200k.most(value.to_string().as_bytes()).0
    }

    fn tokens(text: &str) -> u64 {
        o200k_base_singleton().encode_ordinary(text).len() as u64
    }

    /// What a model of OpenAI's is known to read of a conversation: a mark before and behind each
    /// turn, three for what is to come, and the tools as declarations.
    fn read(body: &Value) -> u64 {
        let turns = body["messages"].as_array().unwrap().iter();
        let turns = turns.map(|turn| {
            let calls = turn["tool_calls"].as_array().into_iter().flatten().map(|call| {
                let text = |name: &str| call["function"][name].as_str().unwrap();
                tokens(text("name")) + tokens(text("arguments")) + 8
            });
            let content = turn["content"].as_str().unwrap_or_default();
            tokens(content) + tokens(turn["role"].as_str().unwrap()) + 3 + calls.sum::<u64>()
        });
        let mut told = String::new();
        for tool in body["tools"].as_array().into_iter().flatten() {
            let tool = &tool["function"];
            told += &format!("// {}\ntype {} = (_: {{\n", tool["description"], tool["name"]);
            for (name, field) in tool["parameters"]["properties"].as_object().unwrap() {
                told += &format!("// {}\n{name}: {},\n", field["description"], field["type"]);
            }
            told += "}) => any;\n\n";
        }
        turns.sum::<u64>() + 3 + tokens(&told)
    }

    #[test]
    fn a_model_is_known_by_its_name_and_its_companys_address() {
        let (new, old) = (Some(Tokenizer::O200k), Some(Tokenizer::Cl100k));
        for (model, address, known) in [
            ("gpt-5", None, new),
            ("gpt-5-mini-2025-08-07", None, new),
            ("o3", None, new),
            ("gpt-4.1", None, new),
            ("gpt-5.9", None, None),
            ("gpt-4", None, old),
            ("gpt-4-turbo-2024-04-09", None, old),
            ("text-embedding-3-small", None, old),
            ("gpt-4.9", None, None),
            ("gpt-5", Some("https://elsewhere/v1/"), None),
        ] {
            assert_eq!(Tokenizer::of(&hosted(model, address)), known, "{model}");
        }
        let responses = Protocol::OpenaiResponses;
        let hosted = Hosted { protocol: Protocol::Anthropic, ..hosted("gpt-5", None) };
        assert_eq!(Tokenizer::of(&hosted), None);
        assert!(Tokenizer::of(&Hosted { protocol: responses, ..hosted }).is_some());
    }

    #[test]
    fn it_is_closer_than_bytes_and_no_less_than_is_known_of_the_tokenizer() {
        // As the tokenizer's makers publish it.
        assert_eq!(tokens("hello world"), 2);
        let text = "The median of an even number of values is the mean of the middle two. ";
        let body = json!({ "messages": [{ "role": "user", "content": text.repeat(100) }] });
        let bytes = body.to_string().len() as u64;
        let old = Tokenizer::Cl100k.most(body.to_string().as_bytes()).0;
        let own = cl100k_base_singleton().encode_ordinary(&text.repeat(100)).len() as u64;
        assert!(old >= own + 7 && old * 4 < bytes, "{old} {own}");
        assert!(most(&body) >= read(&body) && most(&body) * 4 < bytes, "{} {bytes}", most(&body));
    }

    #[test]
    fn what_is_no_text_counts_as_its_bytes() {
        let image = format!("data:image/png;base64,{}", "A".repeat(9_000));
        assert!(most(&json!([image])) > 9_000);
        assert_eq!(Tokenizer::O200k.most(b"\xff\xff\xff"), Tokens(3));
        assert_eq!(Tokenizer::O200k.most(br#"{"a":"no end"#), Tokens(12));
        // A word of a megabyte is counted in its pieces, and so within a moment.
        assert!(most(&json!(["a".repeat(1 << 20)])) < 1 << 19);
    }

    fn any_text() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            "\\PC{0,40}",
            "[ \\n\\t]{0,20}",
            "[a-z]{1,12}( [a-z]{1,12}){0,30}",
            "(<\\|im_start\\|>|fn main\\(\\) \\{\\}|\\\\n|\"){0,9}",
            Just("é\u{301}漢字🦀".repeat(20)),
        ];
        proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn whatever_is_said_is_never_more_than_was_feared(
            said in proptest::collection::vec((any_text(), any::<bool>()), 0..6),
            tools in proptest::collection::vec((any_text(), any_text()), 0..4),
        ) {
            let messages: Vec<Value> = said.iter().map(|(text, calls)| match calls {
                false => json!({ "role": "user", "content": text }),
                true => json!({ "role": "assistant", "content": null, "tool_calls": [{
                    "id": "c", "type": "function",
                    "function": { "name": "edit", "arguments": json!({ "to": text }).to_string() },
                }] }),
            }).collect();
            let tools: Vec<Value> = tools.iter().map(|(about, field)| json!({
                "type": "function",
                "function": { "name": "edit", "description": about, "parameters": {
                    "type": "object",
                    "properties": { "to": { "type": "string", "description": field } },
                } },
            })).collect();
            let body = json!({ "model": "m", "messages": messages, "tools": tools });
            prop_assert!(read(&body) <= most(&body), "{} > {}", read(&body), most(&body));
        }

        #[test]
        fn no_bytes_panic_or_are_more_tokens_than_bytes(bytes: Vec<u8>, text in any_text()) {
            prop_assert!(Tokenizer::O200k.most(&bytes).0 <= bytes.len() as u64);
            prop_assert!(most(&json!([text])) <= json!([text]).to_string().len() as u64);
        }
    }
}
