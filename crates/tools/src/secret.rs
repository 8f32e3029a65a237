//! What a model is told that takes the words in the place of a secret for the text itself.
//!
//! Apart, because `edit`, `write` and `run` all say it. What is a secret is for
//! [`tenfold_redact`] to say.

use tenfold_redact::Kind;

/// It looks for a secret by the words in its place.
pub(crate) fn in_old(kind: Kind) -> String {
    format!(
        "`old` holds `{}`, which stands in the place of a secret that you are not shown, so it is \
         not in the file. Give the lines around it, in edits of their own; to change its own \
         line, name that by its number, with `run`: sed -i '3s/.*/the new line/' FILE",
        kind.marker()
    )
}

/// It would write the words down.
pub(crate) fn in_new(kind: Kind) -> String {
    format!(
        "`{}` only stands in the place of a secret that you are not shown, and would be taken for \
         the text itself. Where a secret is needed, read it from the environment; where it is in \
         a file already, change the lines around it with `edit`",
        kind.marker()
    )
}
