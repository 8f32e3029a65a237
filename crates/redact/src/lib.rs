//! Finds secrets in a text and puts a word in the place of each.
//!
//! Two kinds are found: values that are known, which are the keys of the providers of models,
//! and what looks like a secret, as its issuer has made the looks public. Apart from those who
//! record and show texts, because all of them have to agree on what is a secret, and what they
//! write has to be what they show. It never says what a secret was, and it is no proof that
//! there is none: a password is a word like others.
//!
//! ```
//! use tenfold_redact::Redactor;
//!
//! let redactor = Redactor::new(["no-real-key-of-mine"]);
//! let text = redactor.text("sent with no-real-key-of-mine");
//! assert_eq!(text, "sent with [redacted: provider key]");
//! ```

mod block;
mod kind;
mod known;
mod token;

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use known::Known;
use token::Tokens;

pub use kind::Kind;
pub use known::MIN_KNOWN_BYTES;

/// Finds secrets. Making one takes a moment, using it does not: keep it.
pub struct Redactor {
    known: Known,
    tokens: Tokens,
}

/// A secret that was found. Two are equal if their texts are, wherever these stand; the text
/// itself is never shown.
#[derive(Clone)]
pub struct Secret {
    /// What it is.
    pub kind: Kind,
    /// The line that it begins in, from one.
    pub line: usize,
    /// The secret itself.
    text: String,
}

/// Who finds secrets.
enum Finder {
    Known,
    Block,
    Token,
}

/// Where a secret stands.
pub(crate) struct Span {
    pub(crate) at: Range<usize>,
    pub(crate) kind: Kind,
}

impl Redactor {
    /// One that knows these values, beside all that looks like a secret. Values of less than
    /// [`MIN_KNOWN_BYTES`] are not looked for.
    pub fn new<'v>(known: impl IntoIterator<Item = &'v str>) -> Self {
        Self { known: Known::new(known), tokens: Tokens::new() }
    }

    /// The text with a marker in the place of each secret. A text without any is handed back as
    /// it is; line breaks stay where they are; what was redacted once is not changed again.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.pass(text, |_, _| {})
    }

    /// The secrets in a text, in the order of their lines.
    pub fn secrets(&self, text: &str) -> Vec<Secret> {
        let mut secrets = Vec::new();
        self.pass(text, |text, spans| {
            // Lines are counted on from one to the next.
            let (mut line, mut from) = (1, 0);
            for Span { at, kind } in spans {
                line += text[from..at.start].matches('\n').count();
                from = at.start;
                secrets.push(Secret { kind: *kind, line, text: text[at.clone()].to_owned() });
            }
        });
        secrets.sort_by_key(|secret| secret.line);
        secrets
    }

    /// How much of a text that goes on can be redacted by itself, in bytes: up to the end of a
    /// line, where no secret is cut in two, whatever follows. No more is held back than what may
    /// belong to a private key, or to a known value of several lines, and a line that is not at
    /// its end.
    pub fn settled(&self, text: &str) -> usize {
        let lines = text.rfind('\n').map_or("", |end| &text[..=end]);
        let known = self.known.find(lines);
        // Line breaks stay where they are, so places are lines from here on.
        let left = replaced(lines, &known);
        let keys = block::find(&left);
        let line = |text: &str, at: usize| text[..at].matches('\n').count();
        let tied = |text: &str, span: &Span| (line(text, span.at.start), line(text, span.at.end));
        let mut ties: Vec<_> = known.iter().map(|span| tied(lines, span)).collect();
        ties.extend(keys.iter().map(|span| tied(&left, span)));
        let known = self.known.unended(lines).map(|at| line(lines, at));
        let key = block::unended(&left).map(|at| line(&left, at));
        let mut end = known.into_iter().chain(key).min().unwrap_or(usize::MAX);
        while let Some((first, _)) = ties.iter().find(|(first, last)| *first < end && end <= *last)
        {
            end = *first;
        }
        lines.split_inclusive('\n').take(end).map(str::len).sum()
    }

    /// One finder after another, each on what the one before it has left.
    fn pass<'t>(&self, text: &'t str, mut hear: impl FnMut(&str, &[Span])) -> Cow<'t, str> {
        [Finder::Known, Finder::Block, Finder::Token].iter().fold(
            Cow::Borrowed(text),
            |text, by| {
                let spans = match by {
                    Finder::Known => self.known.find(&text),
                    Finder::Block => block::find(&text),
                    Finder::Token => self.tokens.find(&text),
                };
                hear(&text, &spans);
                match spans.is_empty() {
                    true => text,
                    false => Cow::Owned(replaced(&text, &spans)),
                }
            },
        )
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Secret {}

impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// Never with what it knows.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

/// Never with its text.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("kind", &self.kind)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// The text with markers in the place of what was found, and behind each the line breaks that
/// stood there.
pub(crate) fn replaced(text: &str, spans: &[Span]) -> String {
    let (mut new, mut from) = (String::with_capacity(text.len()), 0);
    for Span { at, kind } in spans {
        new.push_str(&text[from..at.start]);
        new.push_str(&kind.marker());
        new.extend(text[at.clone()].matches('\n'));
        from = at.end;
    }
    new.push_str(&text[from..]);
    new
}

#[cfg(test)]
mod tests;
