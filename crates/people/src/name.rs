//! What a person can be called. A name stands in the log of what people did, so that no two may
//! look alike by their case, and none may be read otherwise than it is written.

use crate::Refusal;

/// The longest name, in characters.
const LONGEST: usize = 64;

/// The form in which names are compared: `Ada` and `ada` are the same person.
pub(crate) fn key(name: &str) -> String {
    name.to_lowercase()
}

/// Whether somebody can be called so.
///
/// # Errors
/// [`Refusal::BadName`].
pub(crate) fn fits(name: &str) -> Result<(), Refusal> {
    let Some(why) = wrong(name) else { return Ok(()) };
    let shown = name.chars().filter(|c| is_printable(*c)).take(LONGEST).collect();
    Err(Refusal::BadName { name: shown, why })
}

/// Why nothing can be called so, if it can't.
pub(crate) fn wrong(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.trim() != name {
        Some("it is empty, or has spaces at its ends")
    } else if name.chars().any(|c| !is_printable(c)) {
        Some("it has characters that can't be seen")
    } else if name.chars().count() > LONGEST {
        Some("it is longer than 64 characters")
    } else {
        None
    }
}

/// Neither a control character nor one that is not seen, or turns the direction of others.
fn is_printable(c: char) -> bool {
    let is_unseen = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}'
        | '\u{e0000}'..='\u{10ffff}');
    let is_odd_space = c.is_whitespace() && c != ' ';
    !c.is_control() && !is_unseen && !is_odd_space
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_fit() {
        for name in ["ada", "Ada Lovelace", "李雷", "o'brien", "josé", &"x".repeat(64)] {
            assert_eq!(fits(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_hides_or_has_no_end_does_not() {
        let long = "x".repeat(65);
        let bad =
            ["", " ada", "ada ", "a\nb", "a\u{202e}b", "ow\u{200b}ner", "a\u{a0}b", "\u{7}", &long];
        for name in bad {
            let Err(Refusal::BadName { name: shown, .. }) = fits(name) else { panic!("{name:?}") };
            assert!(shown.chars().all(is_printable) && shown.chars().count() <= 64);
        }
    }
}
