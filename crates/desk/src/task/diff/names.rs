//! The names of files in a unified diff: in quotes with escapes where they hold anything odd, as
//! git writes them.

/// The name behind `--- ` or `+++ `, without what stands before it (`a/`, `b/`); none for a file
/// that is not there on that side.
pub(super) fn of_side(text: &str, prefix: &str) -> Option<String> {
    let name = match text.starts_with('"') {
        true => unquoted(text).0,
        // Behind a name with a space in it git puts a tab, and others put a date.
        false => text.split('\t').next().unwrap_or_default().to_owned(),
    };
    (name != "/dev/null").then(|| without(&name, prefix).to_owned())
}

/// The names behind `diff --git `. Where they are not in quotes and differ, nobody can tell where
/// the first ends; then other lines name them, and this is a guess.
pub(super) fn of_head(text: &str) -> (String, String) {
    if text.starts_with('"') {
        let (first, rest) = unquoted(text);
        let second = of_side(rest.trim_start(), "b/").unwrap_or_default();
        return (without(&first, "a/").to_owned(), second);
    }
    let same = text.len().checked_sub(1).map(|both| both / 2).and_then(|half| {
        let (first, second) = (text.get(..half)?, text.get(half..)?.strip_prefix(' ')?);
        (without(first, "a/") == without(second, "b/")).then_some((first, second))
    });
    let (first, second) = same
        .or_else(|| text.split_once(" b/"))
        .or_else(|| text.split_once(" \"b/"))
        .unwrap_or((text, text));
    (without(first, "a/").to_owned(), without(second, "b/").trim_end_matches('"').to_owned())
}

/// A name as `rename from` has it.
pub(super) fn plain(text: &str) -> String {
    match text.starts_with('"') {
        true => unquoted(text).0,
        false => text.to_owned(),
    }
}

fn without<'t>(name: &'t str, prefix: &str) -> &'t str {
    name.strip_prefix(prefix).unwrap_or(name)
}

/// A text in quotes, without them, and what stands behind it. Escapes are of bytes, and what they
/// come to need not be text.
fn unquoted(text: &str) -> (String, &str) {
    let mut bytes = Vec::new();
    let inner = text.strip_prefix('"').unwrap_or(text);
    let mut at = inner.bytes().enumerate();
    while let Some((place, byte)) = at.next() {
        match byte {
            b'"' => {
                let rest = inner.get(place + 1..).unwrap_or_default();
                return (String::from_utf8_lossy(&bytes).into_owned(), rest);
            }
            b'\\' => bytes.extend(escaped(&mut at)),
            byte => bytes.push(byte),
        }
    }
    (String::from_utf8_lossy(&bytes).into_owned(), "")
}

fn escaped(at: &mut impl Iterator<Item = (usize, u8)>) -> Option<u8> {
    let (_, byte) = at.next()?;
    Some(match byte {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        first @ b'0'..=b'3' => {
            let mut value = first - b'0';
            for _ in 0..2 {
                let (_, digit @ b'0'..=b'7') = at.next()? else { return Some(b'?') };
                value = (value << 3) | (digit - b'0');
            }
            value
        }
        other => other,
    })
}
