//! Reading a skill's `SKILL.md`: a head of `name` and `description` in YAML between two lines of
//! `---`, and the text below. Only these two keys are read, in the ways in which people write
//! them; what else stands in the head is for other programs. It reads no file itself.

use serde_json::from_str;

/// The longest name and the longest description, in characters.
const NAME_CHARS_MAX: usize = 64;
const DESCRIPTION_CHARS_MAX: usize = 1024;

/// A skill as its file tells it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) text: String,
}

/// Reads the file's text; if it is malformed, says why.
pub(super) fn read(file: &str) -> Result<Read, String> {
    let (head, text) = parts(file).ok_or("it does not begin with a head between lines of ---")?;
    let name = value(&head, "name", NAME_CHARS_MAX)?;
    let description = value(&head, "description", DESCRIPTION_CHARS_MAX)?;
    Ok(Read { name, description, text })
}

/// The lines of the head, and what is below it.
fn parts(file: &str) -> Option<(Vec<&str>, String)> {
    let mut lines = file.trim_start_matches('\u{feff}').lines();
    let is_rule = |line: &str| line.trim_end() == "---";
    lines.next().filter(|line| is_rule(line))?;
    let mut head = Vec::new();
    loop {
        match lines.next()? {
            line if is_rule(line) => break,
            line => head.push(line),
        }
    }
    let text: Vec<&str> = lines.collect();
    Some((head, text.join("\n").trim().to_owned()))
}

/// The value of a key, in one line.
fn value(head: &[&str], key: &str, most: usize) -> Result<String, String> {
    let of_key = |line: &&str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let at = head.iter().position(of_key).ok_or_else(|| format!("its head has no {key}"))?;
    let first = head[at][key.len() + 1..].trim();
    // A value may go on in lines that are indented.
    let is_more = |line: &&&str| line.trim().is_empty() || line.starts_with([' ', '\t']);
    let more = head[at + 1..].iter().take_while(is_more).copied().collect::<Vec<_>>().join(" ");
    let value = match first.chars().next() {
        Some('>' | '|') => Some(more),
        Some('"') => quoted(&format!("{first} {more}")),
        Some('\'') => apostrophes(&format!("{first} {more}")),
        // Lists, tables, references and kinds: more than a text.
        Some('[' | '{' | '&' | '*' | '!' | '%' | '@' | '`') => None,
        _ => Some(format!("{} {more}", without_remark(first))),
    };
    let value = value.ok_or_else(|| format!("the {key} in its head can't be understood"))?;
    let words: Vec<&str> = value.split_whitespace().collect();
    match words.join(" ") {
        none if none.is_empty() => Err(format!("the {key} in its head is empty")),
        long if long.chars().count() > most => {
            Err(format!("the {key} in its head is longer than {most} characters"))
        }
        value => Ok(value),
    }
}

fn without_remark(value: &str) -> &str {
    match value.starts_with('#') {
        true => "",
        false => value.split(" #").next().unwrap_or_default(),
    }
}

/// A text between quotation marks, in which a backslash has a meaning, as in JSON.
fn quoted(value: &str) -> Option<String> {
    let ends = value.match_indices('"').skip(1).map(|(at, _)| at);
    ends.filter_map(|end| from_str(&value[..=end]).ok()).next()
}

/// A text between apostrophes, of which two stand for one.
fn apostrophes(value: &str) -> Option<String> {
    let inner = value.strip_prefix('\'')?.replace("''", "\0");
    Some(inner.split_once('\'')?.0.replace('\0', "'"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_a_file_holds_a_skill_that_reads_is_named_in_a_line(
            file in "(---|name: |description: |[\n\"'>|#\\[ :]|\r\n|\\\\u00|\u{feff}|\\PC|[a-z]){0,40}",
        ) {
            let head = format!("---\nname: a\ndescription: {file}\n---\n{file}");
            for file in [&file, &head] {
                let Ok(Read { name, description, text }) = read(file) else { continue };
                for (value, most) in [(name, NAME_CHARS_MAX), (description, DESCRIPTION_CHARS_MAX)] {
                    prop_assert!(!value.trim().is_empty() && value.chars().count() <= most);
                    prop_assert!(!value.contains(['\n', '\r', '\t']), "{value:?}");
                }
                prop_assert_eq!(text.trim(), text.as_str());
            }
        }
    }

    #[test]
    fn a_head_is_read_in_the_ways_in_which_people_write_it() {
        for (description, is) in [
            ("Tag it: then push. # soon", "Tag it: then push."),
            ("\"Tag \\\"it\\\" # now\" # soon", "Tag \"it\" # now"),
            ("'It''s tagged' # soon", "It's tagged"),
            (">-\n  Tag it,\n\n  then push.", "Tag it, then push."),
            ("|\n  Tag it,\n  then push.", "Tag it, then push."),
            ("Tag it,\n  then push.", "Tag it, then push."),
            ("\n  Tag it,\n  then push.", "Tag it, then push."),
        ] {
            let head =
                format!("---\r\nmetadata:\n  name: no\nname: release\ndescription: {description}");
            let file = format!("\u{feff}{head}\nlicense: x\n---\n\n# How\n---\nTag.\n");
            let text = "# How\n---\nTag.".to_owned();
            let skill = Read { name: "release".to_owned(), description: is.to_owned(), text };
            assert_eq!(read(&file), Ok(skill), "{description}");
        }
    }

    #[test]
    fn what_is_malformed_is_told_why() {
        let long = "x".repeat(65);
        let named = |name: &str| format!("---\nname: {name}\ndescription: d\n---\n");
        for (file, why) in [
            ("# How", "does not begin with a head"),
            ("---\nname: a\ndescription: d\n", "does not begin with a head"),
            ("---\nname: a\n---\n", "has no description"),
            ("---\n  name: a\ndescription: d\n---\n", "has no name"),
            (&named(""), "name in its head is empty"),
            (&named("# a"), "name in its head is empty"),
            (&named("[a]"), "name in its head can't be understood"),
            (&named("\"a"), "name in its head can't be understood"),
            (&named("'a"), "name in its head can't be understood"),
            (&named(&long), "longer than 64 characters"),
        ] {
            let told = read(file).unwrap_err();
            assert!(told.contains(why), "{file}: {told}");
        }
    }
}
