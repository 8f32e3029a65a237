//! Secrets whose values are known: each is found wherever it stands, as it is, percent-encoded,
//! and in base64, alone or in the midst of something longer.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

use crate::{Kind, Span};

/// The shortest value that is looked for, in bytes. A shorter one is a word that may mean
/// something else, and as a key it would be worth nothing.
pub const MIN_KNOWN_BYTES: usize = 8;

/// The values that are known.
pub(crate) struct Known {
    forms: Option<AhoCorasick>,
    /// The beginnings, up to a line break each, of those that have more lines than one.
    beginnings: Vec<String>,
}

impl Known {
    pub(crate) fn new<'v>(values: impl IntoIterator<Item = &'v str>) -> Self {
        let mut forms = BTreeSet::new();
        // What stands in brackets would be told from a marker no more.
        for value in values.into_iter().flat_map(|value| value.split(['[', ']'])) {
            let value = value.trim();
            if value.len() >= MIN_KNOWN_BYTES && !is_in_a_marker(value) {
                forms.insert(value.to_owned());
                forms.extend(percent_encoded(value));
                forms.extend([STANDARD, URL_SAFE].iter().flat_map(|of| in_base64(of, value)));
            }
        }
        let of = |form: &String| -> Vec<String> {
            form.match_indices('\n').map(|(at, _)| form[..=at].to_owned()).collect()
        };
        let beginnings = forms.iter().flat_map(of).collect();
        let built = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&forms);
        // It fails for more patterns than there are keys in the world.
        Self { forms: built.ok().filter(|_| !forms.is_empty()), beginnings }
    }

    /// Where one may begin that is whole only with what follows a text of whole lines.
    pub(crate) fn unended(&self, text: &str) -> Option<usize> {
        let there = self.beginnings.iter().filter(|beginning| text.ends_with(beginning.as_str()));
        there.map(|beginning| text.len() - beginning.len()).min()
    }

    /// Where they are, in order, and apart from each other.
    pub(crate) fn find(&self, text: &str) -> Vec<Span> {
        let Some(forms) = &self.forms else { return Vec::new() };
        let mut found: Vec<Range<usize>> =
            forms.find_overlapping_iter(text).map(|found| found.range()).collect();
        found.sort_by_key(|at| at.start);
        let mut spans: Vec<Span> = Vec::new();
        for at in found {
            match spans.last_mut() {
                Some(last) if at.start < last.at.end => last.at.end = last.at.end.max(at.end),
                _ => spans.push(Span { at, kind: Kind::ProviderKey }),
            }
        }
        spans
    }
}

fn is_in_a_marker(value: &str) -> bool {
    Kind::ALL.iter().any(|kind| kind.marker().contains(value))
}

/// As it stands in an address, in both ways to write the digits.
fn percent_encoded(value: &str) -> [String; 2] {
    let encode = |upper: bool| {
        let each = value.bytes().map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        });
        each.collect()
    };
    [encode(true), encode(false)]
}

/// As it stands in the base64 of something longer: three ways, by where it begins there. The
/// digits at both ends that hold bits of their neighbours are left out.
fn in_base64(alphabet: &Alphabet, value: &str) -> Vec<String> {
    let engine = GeneralPurpose::new(alphabet, NO_PAD);
    let way = |before: usize| {
        let bytes = [&[0; 2][..before], value.as_bytes()].concat();
        let digits = engine.encode(&bytes);
        let (first, last) = ([0, 2, 3][before], usize::from(bytes.len() % 3 != 0));
        digits[first..digits.len() - last].to_owned()
    };
    (0..3).map(way).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(known: &str, text: &'t str) -> Vec<&'t str> {
        let spans = Known::new([known]).find(text);
        spans.into_iter().map(|span| &text[span.at]).collect()
    }

    #[test]
    fn a_value_is_found_in_all_its_forms() {
        let key = "no real+key/7";
        assert_eq!(found(key, "x=no real+key/7;"), [key]);
        for form in ["no%20real%2Bkey%2F7", "no%20real%2bkey%2f7"] {
            assert_eq!(found(key, &format!("?k={form}&")), [form]);
        }
        let engine = GeneralPurpose::new(&STANDARD, NO_PAD);
        for (before, after) in [("", ""), ("u:", ""), ("us:", "!"), ("usr", "and more")] {
            let text = engine.encode(format!("{before}{key}{after}"));
            let left = found(key, &text).first().map_or(text.len(), |hit| text.len() - hit.len());
            let around = before.len() + after.len();
            assert!(left <= around * 4 / 3 + 6, "{before}: {left} digits are left of {text}");
        }
    }

    #[test]
    fn short_words_and_the_words_of_a_marker_are_no_keys() {
        assert_eq!(found("ollama", "ollama"), [""; 0]);
        assert_eq!(found("redacted", "redacted"), [""; 0]);
        assert_eq!(found("longer-key]", "longer-key]"), ["longer-key"]);
    }

    #[test]
    fn values_that_overlap_are_one_finding() {
        let known = Known::new(["abcdefgh", "efghijkl"]);
        let text = "-abcdefghijkl-";
        assert_eq!(crate::replaced(text, &known.find(text)).matches("[redacted").count(), 1);
    }
}
