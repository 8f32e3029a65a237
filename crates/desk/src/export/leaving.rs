//! What every text passes that leaves with an export, whatever the format. It is one place, so
//! that a rule about what may leave is written once and can't be gone round.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;
use tenfold_domain::Timestamp;
use tenfold_redact::Redactor;

use crate::DeskError;
use crate::plain::is_hidden;

/// A text as it leaves: without what looks like a secret. What is recorded has none, but for
/// files and edits, which stay exact until they leave, and for records of older releases.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new([]));
    REDACTOR.text(text)
}

/// As one line of JSON.
pub(super) fn line(of: &impl Serialize) -> Result<String, DeskError> {
    Ok(harmless(&serde_json::to_string(&passed(value(of)?)).map_err(unwritten)?))
}

/// As JSON for people too.
pub(super) fn pretty(of: &impl Serialize) -> Result<String, DeskError> {
    Ok(harmless(&serde_json::to_string_pretty(&passed(value(of)?)).map_err(unwritten)?))
}

/// As JSON.
pub(super) fn value(of: &impl Serialize) -> Result<Value, DeskError> {
    serde_json::to_value(of).map_err(unwritten)
}

fn unwritten(error: serde_json::Error) -> DeskError {
    DeskError::internal(format!("it can't be written as JSON: {error}"))
}

fn passed(value: Value) -> Value {
    match value {
        Value::String(whole) => Value::String(text(&whole).into_owned()),
        Value::Array(values) => values.into_iter().map(passed).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (text(&key).into_owned(), passed(value))).collect()
        }
        other => other,
    }
}

/// JSON whose texts hold nothing that a terminal obeys or that can't be seen: such characters
/// are escaped, which means the same to every reader. Outside of texts JSON has none of them.
fn harmless(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character == '\n' || !is_hidden(character) {
            shown.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(shown, "\\u{unit:04x}");
        }
    }
    shown
}

/// A moment, in UTC and to a millisecond, as programs read it.
pub(super) fn moment(at: Timestamp) -> String {
    let known = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    known.map_or_else(String::new, |at| format!("{at:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_can_not_write_on_a_terminal_and_reads_back_the_same() {
        let value = serde_json::json!({ "a\u{9b}": "\x1b[2J\u{202e}\u{e0041}\n日本 ✓\x7f" });
        for shown in [line(&value).unwrap(), pretty(&value).unwrap()] {
            assert!(!shown.chars().any(|c| c != '\n' && is_hidden(c)), "{shown:?}");
            assert!(shown.contains("日本 ✓"), "what can be seen stays as it is: {shown}");
            assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn a_secret_does_not_leave() {
        let secret = format!("ghp_{}", "N0tARealOne".repeat(4));
        let value = serde_json::json!({ &secret: [{ "diff": format!("-a = \"{secret}\"\n+b") }] });
        assert!(value.to_string().contains(&secret), "the control");
        for shown in [line(&value).unwrap(), pretty(&value).unwrap()] {
            assert!(!shown.contains("N0tAReal") && shown.contains("+b"), "{shown}");
        }
    }

    #[test]
    fn moments_have_one_form() {
        assert_eq!(moment(Timestamp(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(moment(Timestamp(1_700_000_000_120)), "2023-11-14T22:13:20.120Z");
    }
}
