//! What holds for every text, whatever is in it.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

const KEY: &str = "no-real/key+of=mine";
/// In two parts, so that no scanner takes this file for a key.
const BEGIN: &str = concat!("-----BEGIN RSA PRIVATE ", "KEY-----");
const END: &str = concat!("-----END RSA PRIVATE ", "KEY-----");

fn redactor() -> &'static Redactor {
    static MADE: LazyLock<Redactor> = LazyLock::new(|| Redactor::new([KEY, "another-KEY-9"]));
    &MADE
}

/// Pieces of which texts are made that are hard to get right: heads, bodies, edges, markers.
fn piece() -> impl Strategy<Value = String> {
    const FIXED: &[&str] = &[
        KEY,
        "another-KEY-9",
        BEGIN,
        END,
        "-----",
        "\n",
        "\\n",
        " ",
        "\u{e4}\u{1f600}",
        "AKIA",
        "ghp_",
        "glpat-",
        "AIza",
        "sk-ant-",
        "npm_",
        "Bearer ",
        "secret_access_key=",
        "eyJ",
        ".",
        "://u:",
        "@h",
        "[redacted: npm token]",
        "N0TAREALONE12345",
        "n0tARealOne",
        "NotARealKey0NotARealKey0NotARealKey0NotARealKey0",
        "EXAMPLE",
        "x",
        "]",
        "%3D",
    ];
    prop_oneof![8 => prop::sample::select(FIXED).prop_map(str::to_owned), 1 => ".{0,6}"]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

/// Whole lines, and what may stand in a private key and around it.
fn lines() -> impl Strategy<Value = String> {
    const FIXED: &[&str] = &[
        BEGIN,
        END,
        "NotARealKey0NotARealKey0NotARealKey0NotARealKey0",
        "NotARealKey1NotARealKey1NotARealKey1NotARealKey1\\nReal2",
        "Real0=",
        "word",
        "two words",
        "-----",
        "",
        "[redacted: private key]",
        "a-key-of",
        "two-lines",
    ];
    let line = prop::sample::select(FIXED).prop_map(|line| format!("{line}\n"));
    prop::collection::vec(line, 0..16).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn what_is_settled_is_redacted_by_itself_whatever_follows(
        before in prop_oneof![lines(), text()],
        after in prop_oneof![lines(), text()],
    ) {
        let redactor = Redactor::new([KEY, "another-KEY-9", "a-key-of\ntwo-lines"]);
        let (settled, held) = before.split_at(redactor.settled(&before));
        let (rest, whole) = (format!("{held}{after}"), format!("{before}{after}"));
        let apart = format!("{}{}", redactor.text(settled), redactor.text(&rest));
        prop_assert_eq!(apart, redactor.text(&whole));
    }

    #[test]
    fn redacting_twice_is_redacting_once(text in text()) {
        let redactor = redactor();
        let once = redactor.text(&text).into_owned();
        prop_assert_eq!(redactor.text(&once), once.as_str());
        prop_assert!(redactor.secrets(&once).is_empty());
    }

    #[test]
    fn no_known_value_is_left_whatever_surrounds_it(before in text(), after in text()) {
        let redactor = redactor();
        let left = redactor.text(&format!("{before}{KEY}{after}")).into_owned();
        prop_assert!(!left.contains(KEY), "{left}");
    }

    #[test]
    fn no_known_value_is_left_in_base64(before in ".{0,9}", after in ".{0,9}") {
        let whole = format!("{before}{KEY}{after}");
        for text in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
            let left = redactor().text(&text).into_owned();
            // What is left of the value is less than a third of it at either end.
            prop_assert!(left.contains("[redacted: "), "{left}");
            prop_assert!(left.len() < text.len() + 40 - KEY.len(), "{left}");
        }
    }

    #[test]
    fn all_else_stays_as_it_is(text in "[a-z0-9 \n\\\\:/@.=\"'-]{0,200}") {
        // Without an upper-case letter in it there is neither a key's head nor a known value,
        // but an address may have its password.
        let redactor = redactor();
        if redactor.secrets(&text).is_empty() {
            prop_assert!(matches!(redactor.text(&text), Cow::Borrowed(same) if same == text));
        }
        let plain = text.replace(':', "");
        prop_assert!(matches!(redactor.text(&plain), Cow::Borrowed(_)), "{plain}");
    }

    #[test]
    fn line_breaks_stay_where_they_are(text in text()) {
        let redactor = redactor();
        let left = redactor.text(&text).into_owned();
        prop_assert_eq!(left.matches('\n').count(), text.matches('\n').count());
        let secrets = redactor.secrets(&text);
        // What is known may lie in a private key, and goes with it.
        if secrets.iter().any(|secret| secret.kind == Kind::PrivateKey) {
            return Ok(());
        }
        for secret in secrets {
            let line = left.split('\n').nth(secret.line - 1).unwrap_or_default();
            prop_assert!(line.contains(&secret.kind.marker()), "{:?} in {}", secret, left);
        }
    }
}

#[test]
fn what_can_be_no_part_of_a_secret_is_settled_at_once() {
    let settled = |text: &str| text[..redactor().settled(text)].to_owned();
    for text in ["", "ready\n", "a\n\nServing HTTP on 0.0.0.0 port 8000\n", "-----\nx-1\n"] {
        assert_eq!(settled(text), text);
    }
    let key = format!("{BEGIN}\n{}\n", "NotARealKey0".repeat(5));
    assert_eq!(settled(&format!("a\n{key}")), "a\n");
    assert_eq!(settled(&format!("a\n{key}{END}\nb")), format!("a\n{key}{END}\n"));
    assert_eq!(settled(&format!("a\n{key}x\ny\n")), "a\n");
    assert_eq!(settled(&format!("a\n{key}x\ny\nz\n")), format!("a\n{key}x\ny\nz\n"));
}

#[test]
fn secrets_are_compared_by_their_text_and_never_shown() {
    let redactor = redactor();
    let secrets = redactor.secrets(&format!("a\nb {KEY}\n{KEY} c\nanother-KEY-9"));
    assert_eq!(secrets.iter().map(|secret| secret.line).collect::<Vec<_>>(), [2, 3, 4]);
    assert!(secrets[0] == secrets[1] && secrets[1] != secrets[2]);
    assert!(!format!("{secrets:?}{redactor:?}").contains("real"));
}

/// That it takes as long as the text is long is so by how it is made; these are the texts that
/// would show it if it were not: they don't come to an end then.
#[test]
fn texts_that_are_made_to_take_long_do_not() {
    for piece in [
        "sk-",
        "glpat-",
        "eyJ",
        "eyJ.",
        "://",
        "://a:",
        "://a:b@",
        "Bearer ",
        "-----",
        "AKIA",
        BEGIN,
        END,
        "\\n",
        "_authToken=",
        "NotARealKey0NotARealKey0NotARealKey0NotARealKey0\n",
        "no-real/key+of=min",
        "glpat-a1",
    ] {
        let text = piece.repeat(300_000 / piece.len());
        let left = redactor().text(&text).into_owned();
        assert_eq!(redactor().text(&left), left, "{piece}");
    }
}
