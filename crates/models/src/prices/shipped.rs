//! The books that ship with Tenfold: one text for each provider, and one with what providers
//! have announced. A provider is a file and a line here.

use std::sync::LazyLock;

use super::PriceBook;

/// What a file is called, and what stands in it.
pub const SHIPPED_PRICES: &[(&str, &str)] =
    &[("announced.toml", include_str!("../../prices/announced.toml"))];

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

    #[test]
    fn every_book_that_ships_reads() {
        if let Err(why) = &*BOOK {
            panic!("{why}");
        }
        assert!(PriceBook::shipped().models().count() > 0);
    }
}
