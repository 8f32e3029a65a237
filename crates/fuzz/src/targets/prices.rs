//! A person's own price book.

use tenfold_domain::Timestamp;
use tenfold_models::PriceBook;

use crate::input;

/// A book that reads has an order, and what it says of a moment was known then.
pub(super) fn run(bytes: &[u8]) {
    let text = input::text(bytes);
    let Ok(book) = PriceBook::parse(&text, true) else { return };
    for name in book.models() {
        let history = book.history(name);
        assert!(
            history
                .windows(2)
                .all(|two| { (two[0].from, two[0].known) <= (two[1].from, two[1].known) })
        );
        for dated in history {
            for at in [dated.from, dated.known, Timestamp(dated.from.0.wrapping_sub(1))] {
                if let Some(found) = book.as_of(name, at) {
                    assert!(found.from <= at && found.known <= at, "{name} at {at:?}");
                }
            }
        }
        assert!(book.in_force(name, Timestamp(u64::MAX)).len() <= history.len());
    }
}
