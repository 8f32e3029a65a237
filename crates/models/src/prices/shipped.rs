//! The books that ship with Tenfold: one text for each provider, and one with what providers
//! have announced. A provider is a file and a line here.

use std::sync::LazyLock;

use super::PriceBook;

/// What a file is called, and what stands in it.
const SHIPPED_PRICES: &[(&str, &str)] = &[
    ("announced.toml", include_str!("../../prices/announced.toml")),
    ("ai21.toml", include_str!("../../prices/ai21.toml")),
    ("amazon.toml", include_str!("../../prices/amazon.toml")),
    ("anthropic.toml", include_str!("../../prices/anthropic.toml")),
    ("bedrock.toml", include_str!("../../prices/bedrock.toml")),
    ("cohere.toml", include_str!("../../prices/cohere.toml")),
    ("deepseek.toml", include_str!("../../prices/deepseek.toml")),
    ("google.toml", include_str!("../../prices/google.toml")),
    ("groq.toml", include_str!("../../prices/groq.toml")),
    ("meta.toml", include_str!("../../prices/meta.toml")),
    ("minimax.toml", include_str!("../../prices/minimax.toml")),
    ("mistral.toml", include_str!("../../prices/mistral.toml")),
    ("moonshot.toml", include_str!("../../prices/moonshot.toml")),
    ("openai.toml", include_str!("../../prices/openai.toml")),
    ("perplexity.toml", include_str!("../../prices/perplexity.toml")),
    ("qwen.toml", include_str!("../../prices/qwen.toml")),
    ("xai.toml", include_str!("../../prices/xai.toml")),
    ("zai.toml", include_str!("../../prices/zai.toml")),
];

static BOOK: LazyLock<Result<PriceBook, String>> = LazyLock::new(|| {
    let mut book = PriceBook::default();
    for (file, text) in SHIPPED_PRICES {
        book.add(PriceBook::parse(text, false).map_err(|why| format!("{file}: {why}"))?);
    }
    Ok(book)
});

impl PriceBook {
    /// The book that ships with Tenfold. It is read once.
    pub fn shipped() -> &'static Self {
        BOOK.as_ref().expect("a test reads every book that ships")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::host;
    use crate::{Price, Protocol, moment};

    #[test]
    fn every_book_that_ships_reads() {
        if let Err(why) = &*BOOK {
            panic!("{why}");
        }
        // Some hundreds, and not what a mistake of the chore's would leave.
        let count = PriceBook::shipped().models().count();
        assert!((300..5_000).contains(&count), "{count}");
    }

    #[test]
    fn every_book_that_lies_there_ships() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/prices");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_shipped = SHIPPED_PRICES.iter().any(|(file, _)| *file == name);
            assert!(is_shipped || name == "releases.toml", "{name}");
        }
    }

    #[test]
    fn the_usual_addresses_of_protocols_are_somebodys() {
        for (protocol, provider) in [
            (Protocol::Openai, "openai"),
            (Protocol::OpenaiResponses, "openai"),
            (Protocol::Anthropic, "anthropic"),
            (Protocol::Gemini, "google"),
        ] {
            let host = host(protocol.usual_address());
            assert_eq!(PriceBook::shipped().provider_at(host), Some(provider));
        }
    }

    /// Prices that are known well, so that a slip in any of the steps between is seen.
    #[test]
    fn well_known_prices_are_right_at_their_time() {
        for (model, day, prompt, output) in [
            ("gpt-4o", "2024-06-01", "5", "15"),
            ("gpt-4o", "2025-06-01", "2.50", "10"),
            ("o3", "2025-06-09", "10", "40"),
            ("o3", "2025-06-10", "2", "8"),
            ("deepseek-chat", "2024-07-01", "0.14", "0.28"),
            ("claude-3-opus-20240229", "2024-06-01", "15", "75"),
            ("gemini-2.5-pro", "2025-12-01", "1.25", "10"),
        ] {
            let book = PriceBook::shipped();
            let name = book.named(model)[0];
            let dated = book.as_of(name, moment(day).unwrap()).unwrap();
            let Price::Listed(list) = &dated.price else { panic!("{model} is free") };
            let base = list.usual.base;
            assert_eq!(base.prompt, prompt.parse().unwrap(), "{model} on {day}");
            assert_eq!(base.output, output.parse().unwrap(), "{model} on {day}");
        }
    }
}
