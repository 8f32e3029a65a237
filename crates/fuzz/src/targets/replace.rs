//! The pieces that the tool `edit` replaces.

use std::sync::LazyLock;

use tenfold_redact::Redactor;
use tenfold_tools::edit::Replace;
use tenfold_tools::replace;

use crate::input;

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new([]));

/// A piece that is there once is replaced and all else stays; what is said to be new is in the
/// text, in order; and what can't be done is told.
pub(super) fn run(bytes: &[u8]) {
    let [text, old, new, second, third] = input::texts(bytes);
    let one = Replace { old: old.clone(), new: new.clone() };
    let starts = text.char_indices().filter(|(at, _)| text[*at..].starts_with(&old)).count();
    let once = !old.is_empty() && old != new && starts == 1;
    match replace::apply(&text, std::slice::from_ref(&one), &REDACTOR) {
        Ok(done) if once => assert_eq!(done.text, text.replacen(&old, &new, 1)),
        // It was there with other line ends.
        Ok(_) => assert!(starts == 0 && (old.contains('\n') || text.contains('\r')), "{old:?}"),
        Err(told) => assert!(!once && !told.is_empty(), "{told}"),
    }
    let two = Replace { old: second, new: third };
    if let Ok(done) = replace::apply(&text, &[one, two], &REDACTOR) {
        let mut from = 0;
        for region in &done.regions {
            assert!(from <= region.start && done.text.get(region.clone()).is_some());
            assert!(text.contains(&done.text[from..region.start]));
            from = region.end;
        }
        assert!(text.ends_with(&done.text[from..]));
    }
}
