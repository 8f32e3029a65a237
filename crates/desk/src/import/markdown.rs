//! A list in Markdown. Each item at the left is a task, a checked one is done and left out; what
//! stands indented below it is more of its text, or, as `name: value`, something said of it.
//! The heading above is a label. Whatever else is in the file is passed over.

use super::item::Item;

pub(super) fn read(text: &str) -> Vec<Result<Item, String>> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        reader.take(index + 1, line);
    }
    reader.end();
    reader.items
}

#[derive(Default)]
struct Reader {
    items: Vec<Result<Item, String>>,
    heading: Option<String>,
    item: Option<Result<Item, String>>,
    /// Below an item that is done, or within a block of code.
    passes: bool,
    fence: Option<String>,
}

impl Reader {
    fn take(&mut self, number: usize, line: &str) {
        let indented = line.starts_with([' ', '\t']);
        let words = line.trim();
        if let Some(fence) = &self.fence {
            let closes =
                words.starts_with(fence.as_str()) && words.trim_matches(['`', '~']).is_empty();
            if closes {
                self.fence = None;
            }
            if indented {
                self.more(number, line);
            }
            return;
        }
        if let Some(fence) = fence(words) {
            self.fence = Some(fence);
            return if indented { self.more(number, line) } else { self.end() };
        }
        if words.is_empty() || indented {
            return self.more(number, line);
        }
        if let Some(heading) = heading(words) {
            self.end();
            self.heading = Some(heading.to_owned());
            return;
        }
        self.end();
        let Some(item) = item(words) else { return };
        let (is_done, words) = checkbox(item);
        self.passes = is_done;
        if !is_done {
            let mut item = Item::on(number);
            item.text = words.to_owned();
            item.labels.extend(self.heading.clone());
            self.item = Some(Ok(item));
        }
    }

    /// More of the item before.
    fn more(&mut self, number: usize, line: &str) {
        if self.passes {
            return;
        }
        let Some(Ok(item)) = &mut self.item else { return };
        let said = line.trim().trim_start_matches(['-', '*', '+']).trim_start();
        if let Some((key, value)) = said.split_once(':')
            && is_key(key)
        {
            if let Err(why) = item.set(key, value.trim().trim_matches('`')) {
                self.item = Some(Err(format!("line {number}: {why}")));
            }
            return;
        }
        let left = item.text.lines().count() > 1 || !line.trim().is_empty();
        if left {
            item.text.push('\n');
            item.text.push_str(line.strip_prefix("  ").unwrap_or(line).trim_end());
        }
    }

    fn end(&mut self) {
        self.passes = false;
        self.items.extend(self.item.take().map(|item| item.and_then(Item::whole)));
    }
}

fn fence(words: &str) -> Option<String> {
    let mark = words.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = words.chars().take_while(|c| *c == mark).count();
    (length >= 3).then(|| mark.to_string().repeat(length))
}

fn heading(words: &str) -> Option<&str> {
    let rest = words.trim_start_matches('#');
    let level = words.len() - rest.len();
    let text = rest.strip_prefix(' ')?.trim().trim_end_matches('#').trim();
    ((1..=6).contains(&level) && !text.is_empty()).then_some(text)
}

/// What an item of a list says.
fn item(words: &str) -> Option<&str> {
    let digits = words.bytes().take_while(u8::is_ascii_digit).count();
    let rest = match digits {
        0 => words.strip_prefix(['-', '*', '+'])?,
        1..=9 => words[digits..].strip_prefix(['.', ')'])?,
        _ => return None,
    };
    rest.strip_prefix([' ', '\t']).map(str::trim)
}

/// Whether it is checked, and what it says without its box.
fn checkbox(item: &str) -> (bool, &str) {
    for (box_, is_done) in [("[ ]", false), ("[x]", true), ("[X]", true)] {
        if let Some(rest) = item.strip_prefix(box_)
            && (rest.is_empty() || rest.starts_with(' '))
        {
            return (is_done, rest.trim());
        }
    }
    (false, item)
}

/// A word that says something of a task; others with a colon behind them are text.
fn is_key(key: &str) -> bool {
    let known = super::item::KEYS.split(", ").chain(["due", "label"]);
    let key = key.trim().to_ascii_lowercase();
    key != "text" && known.into_iter().any(|known| known == key)
}

#[cfg(test)]
mod tests {
    use tenfold_domain::Priority;

    use super::*;

    #[test]
    fn items_are_tasks_and_what_is_below_them_belongs_to_them() {
        let text = "\
# Backlog

Some words before.

## Parser

- [ ] Mend the parser
  It fails on empty lines: see the log.

  ```
  - not a task
  ```
  - priority: high
  - check: `make test`
- [x] Done already
  priority: nonsense
* Another one

## Docs ##
1. Write the guide
   after: p1
2) id: none of these
";
        let items: Vec<Item> = read(text).into_iter().map(Result::unwrap).collect();
        let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "Mend the parser\nIt fails on empty lines: see the log.\n\n```\n- not a task\n```",
                "Another one",
                "Write the guide",
                "id: none of these",
            ]
        );
        assert_eq!(items[0].priority, Some(Priority::High));
        assert_eq!(items[0].check.as_deref(), Some("make test"));
        assert_eq!(items[0].labels, ["Parser"]);
        assert_eq!((items[2].labels[0].as_str(), items[2].after[0].as_str()), ("Docs", "p1"));
        assert_eq!((items[0].line, items[1].line), (7, 17));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = read("- one\n  priority: quickly\n- \n").into_iter().map(Result::unwrap_err);
        let wrong: Vec<String> = wrong.collect();
        assert!(wrong[0].starts_with("line 2: 'quickly'"), "{wrong:?}");
        assert_eq!(wrong.len(), 1, "an item without words is none: {wrong:?}");
    }
}
