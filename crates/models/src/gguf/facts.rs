//! The few key-value pairs that are kept, out of the many that a header has.

use std::io::Read;

use tenfold_domain::{Bytes, Tokens};

use super::bounded::Bounded;
use super::{DEPTH_LIMIT, GgufError, GgufHeader, limited};

/// The longest text that is kept; a chat template may be longer, and is only looked for.
const TEXT_LIMIT: u64 = 512;
/// The longest token that is compared with those of [`INFILL_TOKENS`].
const TOKEN_LIMIT: u64 = 32;
/// The alignment of a file that does not name one.
const ALIGNMENT: u64 = 32;
/// The largest alignment that is believed.
const ALIGNMENT_LIMIT: u64 = 1 << 20;

/// Tokens for infilling (before, after, here), as the model families spell them. A vocabulary
/// with all three of a row can infill though its header has no keys for it.
const INFILL_TOKENS: [[&str; 3]; 7] = [
    ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"],
    ["<fim_prefix>", "<fim_suffix>", "<fim_middle>"],
    ["<fim-prefix>", "<fim-suffix>", "<fim-middle>"],
    ["<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"],
    ["<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"],
    ["▁<PRE>", "▁<SUF>", "▁<MID>"],
    ["<PRE>", "<SUF>", "<MID>"],
];

/// Keys that give the ids of the tokens for infilling, now and formerly.
const INFILL_KEYS: [[&str; 3]; 2] = [
    [
        "tokenizer.ggml.fim_pre_token_id",
        "tokenizer.ggml.fim_suf_token_id",
        "tokenizer.ggml.fim_mid_token_id",
    ],
    [
        "tokenizer.ggml.prefix_token_id",
        "tokenizer.ggml.suffix_token_id",
        "tokenizer.ggml.middle_token_id",
    ],
];

/// Numbers that a header gives under the name of its architecture, in the order of
/// [`Facts::sizes`].
const SIZES: [&str; 7] = [
    "context_length",
    "block_count",
    "embedding_length",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
];

/// What has been seen so far.
#[derive(Default)]
pub(super) struct Facts {
    architecture: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    licence: Option<String>,
    chat_template: bool,
    alignment: Option<u64>,
    split_count: Option<u64>,
    /// The architecture that each of [`SIZES`] was given for, and the number.
    sizes: [Option<(String, u64)>; SIZES.len()],
    infill_keys: [[bool; 3]; INFILL_KEYS.len()],
    infill_tokens: [[bool; 3]; INFILL_TOKENS.len()],
}

/// A value, as far as anyone here wants it.
enum Value {
    Number(u64),
    Text(Option<String>),
    Other,
}

impl Facts {
    /// Reads the value that follows `key`, and keeps it if it is one of the few.
    pub(super) fn read_pair(
        &mut self,
        key: &str,
        input: &mut Bounded<impl Read>,
    ) -> Result<(), GgufError> {
        let value_type = input.u32()?;
        let value = match value_type {
            8 => Value::Text(text(input)?),
            9 => self.read_array(key, input)?,
            _ => read_number(value_type, input)?,
        };
        match (key, value) {
            ("general.architecture", Value::Text(text)) => self.architecture = text,
            ("general.type", Value::Text(text)) => self.kind = text,
            ("general.name", Value::Text(text)) => self.name = text,
            ("general.license", Value::Text(text)) => self.licence = text,
            ("general.alignment", Value::Number(n)) => self.alignment = Some(n),
            ("split.count", Value::Number(n)) => self.split_count = Some(n),
            // A template that is too long to be kept is one all the same.
            ("tokenizer.chat_template", Value::Text(text)) => {
                self.chat_template = text.is_none_or(|text| !text.is_empty());
            }
            (_, Value::Number(n)) => self.keep_number(key, n),
            _ => {}
        }
        Ok(())
    }

    fn keep_number(&mut self, key: &str, number: u64) {
        mark(&INFILL_KEYS, &mut self.infill_keys, key);
        let Some((architecture, rest)) = key.split_once('.') else { return };
        if let Some(n) = SIZES.iter().position(|size| *size == rest) {
            self.sizes[n] = Some((architecture.to_owned(), number));
        }
    }

    /// Passes over an array; looks for infill tokens in the vocabulary. An array of numbers
    /// counts as its largest: some models give the heads of each layer.
    fn read_array(
        &mut self,
        key: &str,
        input: &mut Bounded<impl Read>,
    ) -> Result<Value, GgufError> {
        let element = input.u32()?;
        let count = input.u64()?;
        if element == 8 && key == "tokenizer.ggml.tokens" {
            for _ in 0..count {
                if let Some(token) = input.string(TOKEN_LIMIT)? {
                    let token = str::from_utf8(&token).unwrap_or_default();
                    mark(&INFILL_TOKENS, &mut self.infill_tokens, token);
                }
            }
            return Ok(Value::Other);
        }
        if matches!(element, 4 | 5) && key.ends_with(SIZES[4]) {
            let mut largest = 0;
            for _ in 0..count {
                largest = largest.max(u64::from(input.u32()?));
            }
            return Ok(Value::Number(largest));
        }
        skip_elements(element, count, 1, input)?;
        Ok(Value::Other)
    }

    /// Where tensors begin: at a multiple of this.
    pub(super) fn alignment(&self) -> Result<u64, GgufError> {
        let alignment = self.alignment.unwrap_or(ALIGNMENT);
        if !alignment.is_power_of_two() {
            return Err(GgufError::Malformed("its alignment is not a power of two"));
        }
        limited("bytes of alignment", alignment, ALIGNMENT_LIMIT)
    }

    /// The header, once everything has been read.
    pub(super) fn into_header(
        self,
        version: u32,
        parameters: u64,
        at_least: Bytes,
    ) -> Result<GgufHeader, GgufError> {
        let Some(architecture) = self.architecture.clone().filter(|name| !name.is_empty()) else {
            return Err(GgufError::Malformed("it names no architecture"));
        };
        let all = |row: &[bool; 3]| row.iter().all(|seen| *seen);
        Ok(GgufHeader {
            version,
            context: self.size(&architecture, 0).map(Tokens),
            cache_bytes_per_token: self.cache_bytes_per_token(&architecture),
            architecture,
            kind: self.kind.unwrap_or_else(|| "model".into()),
            name: self.name,
            licence: self.licence,
            parameters,
            chat_template: self.chat_template,
            infill: self.infill_keys.iter().any(all) || self.infill_tokens.iter().any(all),
            split_count: self.split_count.unwrap_or(1).max(1),
            at_least,
        })
    }

    fn size(&self, architecture: &str, n: usize) -> Option<u64> {
        self.sizes[n].as_ref().filter(|(of, _)| of == architecture).map(|(_, number)| *number)
    }

    /// Keys and values of all layers: `layers × heads × (key length + value length) × 2`.
    fn cache_bytes_per_token(&self, architecture: &str) -> Option<Bytes> {
        let size = |n| self.size(architecture, n);
        let layers = size(1)?;
        let heads = size(3).filter(|heads| *heads > 0);
        let cached_heads = size(4).or(heads)?;
        let head_size = || Some(size(2)? / heads?);
        let key = size(5).or_else(head_size)?;
        let value = size(6).or_else(head_size)?;
        let numbers = layers.checked_mul(cached_heads)?.checked_mul(key.checked_add(value)?)?;
        numbers.checked_mul(2).map(Bytes)
    }
}

/// Notes in `seen` where `word` stands in `table`.
fn mark<const N: usize>(table: &[[&str; 3]; N], seen: &mut [[bool; 3]; N], word: &str) {
    for (row, seen) in table.iter().zip(seen) {
        for (known, seen) in row.iter().zip(seen) {
            *seen |= *known == word;
        }
    }
}

/// A text for people: without control characters, `None` if it is too long.
fn text(input: &mut Bounded<impl Read>) -> Result<Option<String>, GgufError> {
    let bytes = input.string(TEXT_LIMIT)?;
    Ok(bytes
        .map(|bytes| String::from_utf8_lossy(&bytes).chars().filter(|c| !c.is_control()).collect()))
}

/// Reads one number of the given type; negative ones and fractions count as other things.
fn read_number(value_type: u32, input: &mut Bounded<impl Read>) -> Result<Value, GgufError> {
    let signed = |n: i64| u64::try_from(n).map_or(Value::Other, Value::Number);
    Ok(match value_type {
        0 | 7 => Value::Number(input.bytes::<1>()?[0].into()),
        1 => signed(i8::from_le_bytes(input.bytes()?).into()),
        2 => Value::Number(u16::from_le_bytes(input.bytes()?).into()),
        3 => signed(i16::from_le_bytes(input.bytes()?).into()),
        4 => Value::Number(input.u32()?.into()),
        5 => signed(i32::from_le_bytes(input.bytes()?).into()),
        10 => Value::Number(input.u64()?),
        11 => signed(i64::from_le_bytes(input.bytes()?)),
        _ => {
            skip_elements(value_type, 1, 0, input)?;
            Value::Other
        }
    })
}

/// Passes over `count` values of a type. Every value takes at least one byte of a header whose
/// length is bounded, and so are the turns of these loops.
fn skip_elements(
    value_type: u32,
    count: u64,
    depth: u32,
    input: &mut Bounded<impl Read>,
) -> Result<(), GgufError> {
    let width = match value_type {
        0 | 1 | 7 => 1,
        2 | 3 => 2,
        4..=6 => 4,
        10..=12 => 8,
        8 => {
            for _ in 0..count {
                let length = input.u64()?;
                input.skip(length)?;
            }
            return Ok(());
        }
        9 => {
            limited("arrays in arrays", depth.into(), DEPTH_LIMIT.into())?;
            for _ in 0..count {
                let element = input.u32()?;
                let count = input.u64()?;
                skip_elements(element, count, depth + 1, input)?;
            }
            return Ok(());
        }
        _ => return Err(GgufError::Malformed("a value has a type that does not exist")),
    };
    input.skip(count.saturating_mul(width))
}
