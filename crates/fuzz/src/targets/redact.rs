//! Texts that may hold secrets.

use std::sync::LazyLock;

use tenfold_redact::Redactor;

use crate::input;

const KEY: &str = "no-real/key+of=mine";

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new([KEY, "another-KEY-9"]));

/// Nothing that is known is left, whatever surrounds it; what was redacted once is not changed
/// again; line breaks stay.
pub(super) fn run(bytes: &[u8]) {
    let [before, after] = input::texts(bytes);
    for text in [format!("{before}{after}"), format!("{before}{KEY}{after}")] {
        let left = REDACTOR.text(&text).into_owned();
        assert!(!left.contains(KEY) && !left.contains("another-KEY-9"), "{left}");
        assert_eq!(REDACTOR.text(&left), left, "from {text:?}");
        assert!(REDACTOR.secrets(&left).is_empty(), "{left}");
        assert_eq!(left.matches('\n').count(), text.matches('\n').count(), "{text:?}");
    }
}
