//! Prices of others: a list of LiteLLM's or models.dev's, a model of the latter, and JSON as such.

use tenfold_domain::{Millis, Timestamp, Tokens, Usage};
use tenfold_models::{
    Import, Importer, Json, JsonReader, ModelName, Price, PriceBook, Wanted, book_text,
};

use crate::input;

/// The largest input that is read.
const MOST: u64 = 1 << 20;

/// What is taken from a list is written into a book that reads back as it was; what is JSON to
/// us is JSON to others.
pub(super) fn run(bytes: &[u8]) {
    let [list, model] = input::texts::<2>(bytes);
    holds_against_others(&list);
    let wanted = Wanted { all: true, ..Wanted::default() };
    let book = PriceBook::shipped();
    let mut importer = Importer::new(book, Timestamp(1 << 41), wanted);
    // What came before something that does not read counts as well.
    let _ = importer.list(list.as_bytes());
    importer.models_dev_toml("openai", "gpt-4o", &model).expect("an input has few rows");
    reads_back(&importer.end());
}

fn reads_back(import: &Import) {
    for (name, dated) in import.entries("a list", Timestamp(1_000)) {
        assert!(dated.price != Price::Free, "nothing is only taken in so many words");
        let usage = Usage { prompt: Tokens(9), output: Tokens(9), ..Usage::default() };
        let most = dated.price.worst_case(Tokens(9), Tokens(9), Millis(9));
        assert!(dated.price.cost(usage, Millis(9)) <= most);
        let mut book = PriceBook::default();
        book.insert(name.clone(), dated);
        let text = book_text("", &book);
        let text = text.replace("[[price]]\n", "[[price]]\nprovider = 'p'\n");
        let read = PriceBook::parse(&text, true).unwrap_or_else(|why| panic!("{why}\n{text}"));
        let as_p = ModelName { provider: "p".into(), ..name.clone() };
        assert_eq!(read.history(&as_p), book.history(&name));
    }
}

fn holds_against_others(text: &str) {
    let mut reader = JsonReader::new(text.as_bytes(), MOST);
    let ours = reader.value().and_then(|value| reader.end().map(|()| value));
    let others: Result<serde_json::Value, _> = serde_json::from_str(text);
    if let Ok(ours) = &ours
        && !has_no_number(ours)
    {
        let is_large = others.as_ref().is_err_and(|why| why.to_string().contains("out of range"));
        assert!(others.is_ok() || is_large, "{text:?} is JSON to us alone");
    }
    if let Err(why) = &ours
        && !["twice", "in each other", "more than"].iter().any(|bound| why.contains(bound))
    {
        assert!(others.is_err(), "{text:?} is JSON, and not to us: {why}");
    }
}

/// Whether there is a number that is none, as Python writes it and JSON does not have it.
fn has_no_number(json: &Json) -> bool {
    match json {
        Json::Number(text) => text.contains(['N', 'I']),
        Json::List(values) => values.iter().any(has_no_number),
        Json::Object(fields) => fields.iter().any(|(_, value)| has_no_number(value)),
        _ => false,
    }
}
