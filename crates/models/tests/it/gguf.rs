//! Headers as they are, damaged, and hostile.

use proptest::prelude::*;
use tenfold_domain::{Bytes, Tokens};
use tenfold_models::{GgufError, GgufHeader, read_header};

use crate::sample::Gguf;

fn read(gguf: &Gguf) -> Result<GgufHeader, GgufError> {
    read_header(&gguf.header()[..])
}

#[test]
fn a_header_says_what_the_model_is_and_can() {
    let gguf = Gguf::usual();
    let header = read(&gguf).unwrap();
    assert_eq!(header.version, 3);
    assert_eq!((header.architecture.as_str(), header.kind.as_str()), ("qwen2", "model"));
    assert_eq!(header.name.as_deref(), Some("Small Model"));
    assert_eq!(header.licence.as_deref(), Some("mit"));
    assert_eq!(header.context, Some(Tokens(2_048)));
    assert_eq!(header.parameters, 6_464);
    // 2 layers, 2 heads of 16 numbers for keys and as many for values, 2 bytes each.
    assert_eq!(header.cache_bytes_per_token, Some(Bytes(2 * 2 * (16 + 16) * 2)));
    assert!(header.chat_template && !header.infill);
    assert_eq!(header.split_count, 1);
    let data = (gguf.header().len() as u64).next_multiple_of(32);
    assert_eq!(header.at_least, Bytes(data + 6_400));
}

#[test]
fn infilling_is_known_by_keys_or_by_the_vocabulary() {
    let tokens = ["<|fim_prefix|>", "x", "<|fim_suffix|>", "<|fim_middle|>"];
    let mixed = ["<|fim_prefix|>", "<fim_suffix>", "<|fim_middle|>"];
    let named = Gguf::empty().text("general.architecture", "llama");
    let keys = ["pre", "suf", "mid"].map(|at| format!("tokenizer.ggml.fim_{at}_token_id"));
    let by_keys = keys.iter().fold(named.clone(), |gguf, key| gguf.number(key, 5));
    let two_keys = keys[1..].iter().fold(named.clone(), |gguf, key| gguf.number(key, 5));
    for (gguf, infill) in [
        (named.clone().texts("tokenizer.ggml.tokens", &tokens), true),
        (named.clone().texts("tokenizer.ggml.tokens", &mixed), false),
        (named.clone().texts("tokenizer.ggml.merges", &tokens), false),
        (by_keys, true),
        (two_keys, false),
    ] {
        assert_eq!(read(&gguf).unwrap().infill, infill);
    }
}

#[test]
fn a_long_template_is_one_and_an_empty_one_is_none() {
    let named = Gguf::empty().text("general.architecture", "llama");
    for (template, has) in [("x".repeat(100_000), true), (String::new(), false)] {
        let gguf = named.clone().text("tokenizer.chat_template", &template);
        assert_eq!(read(&gguf).unwrap().chat_template, has);
    }
    assert!(!read(&named).unwrap().chat_template);
}

#[test]
fn names_lose_their_terminal_codes() {
    let gguf = Gguf::empty()
        .text("general.architecture", "llama")
        .text("general.name", "ev\u{1b}[31mil\u{7}");
    assert_eq!(read(&gguf).unwrap().name.as_deref(), Some("ev[31mil"));
}

#[test]
fn heads_may_be_given_for_each_layer() {
    let mut value = 5u32.to_le_bytes().to_vec();
    value.extend(3u64.to_le_bytes());
    for heads in [1u32, 4, 2] {
        value.extend(heads.to_le_bytes());
    }
    let gguf = Gguf::empty()
        .text("general.architecture", "deci")
        .number("deci.block_count", 3)
        .number("deci.embedding_length", 80)
        .number("deci.attention.head_count", 8)
        .pair("deci.attention.head_count_kv", 9, &value);
    assert_eq!(read(&gguf).unwrap().cache_bytes_per_token, Some(Bytes(3 * 4 * 20 * 2)));
}

#[test]
fn a_header_cut_anywhere_is_truncated() {
    let bytes = Gguf::usual().header();
    for length in 0..bytes.len() {
        let error = read_header(&bytes[..length]).unwrap_err();
        assert!(matches!(error, GgufError::Truncated(_)), "{length}: {error}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_reason() {
    let usual = Gguf::usual().header();
    let with = |at: usize, bytes: &[u8]| {
        let mut header = usual.clone();
        header[at..at + bytes.len()].copy_from_slice(bytes);
        read_header(&header[..]).unwrap_err()
    };
    assert!(matches!(with(0, b"GGML"), GgufError::NotGguf));
    assert!(matches!(with(4, &1u32.to_le_bytes()), GgufError::Version(1)));
    assert!(matches!(with(4, &9u32.to_le_bytes()), GgufError::Version(9)));
    assert!(matches!(with(4, &3u32.to_be_bytes()), GgufError::BigEndian));
    let most = u64::MAX.to_le_bytes();
    assert!(matches!(with(8, &most), GgufError::TooMuch { what: "tensors", .. }));
    assert!(matches!(with(16, &most), GgufError::TooMuch { what: "key-value pairs", .. }));
    assert!(matches!(with(24, &most), GgufError::TooMuch { what: "bytes in a name", .. }));
    let nameless = read(&Gguf::empty().number("a.b", 1)).unwrap_err();
    assert!(matches!(nameless, GgufError::Malformed(_)));
}

#[test]
fn claims_beyond_reason_cost_nothing() {
    let named = Gguf::empty().text("general.architecture", "llama");
    let mut texts = 8u32.to_le_bytes().to_vec();
    texts.extend(u64::MAX.to_le_bytes());
    let mut numbers = 10u32.to_le_bytes().to_vec();
    numbers.extend(u64::MAX.to_le_bytes());
    let nested: Vec<u8> = (0..200).flat_map(|_| [9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]).collect();
    for gguf in [
        named.clone().pair("x", 9, &texts),
        named.clone().pair("x", 9, &numbers),
        named.clone().pair("x", 9, &nested),
        named.clone().pair("x", 8, &u64::MAX.to_le_bytes()),
        named.clone().pair("x", 99, &[]),
        named.clone().pair("general.alignment", 4, &0u32.to_le_bytes()),
        named.clone().pair("general.alignment", 4, &48u32.to_le_bytes()),
        named.clone().pair("general.alignment", 10, &(1u64 << 40).to_le_bytes()),
    ] {
        assert!(read(&gguf).is_err());
    }
    let large = named.tensor("t", &[u64::MAX; 8], u64::MAX);
    let header = read(&large).unwrap();
    assert_eq!((header.parameters, header.at_least), (u64::MAX, Bytes(u64::MAX)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_damage_makes_the_reader_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Gguf::usual().header();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read_header(&bytes[..]);
        bytes.truncate(cut.index(bytes.len()));
        let _ = read_header(&bytes[..]);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(tail in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut bytes = b"GGUF\x03\0\0\0\x02\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0".to_vec();
        bytes.extend(tail);
        let _ = read_header(&bytes[..]);
    }
}
