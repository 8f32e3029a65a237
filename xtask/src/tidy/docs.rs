//! Shell commands that a page shows say whether a test runs them.
//!
//! The form: a fenced block in a shell's language carries `run`, or `no-run:` and why not,
//! after the language, where GitHub shows neither. A fenced block in no language must not
//! hold a `$ ` prompt, or a command would slip through unmarked. Running them is the
//! business of another test; this rule never runs anything.

use super::Violation;
use super::house::House;

const SHELLS: &[&str] = &["sh", "bash", "shell", "zsh", "console", "shell-session"];

pub(super) fn commands_are_marked(house: &House) -> Vec<Violation> {
    let is_page = |path: &str| path.starts_with("docs/") || !path.contains('/');
    let pages = house.texts(".md").filter(|(path, _)| is_page(path));
    pages.flat_map(|(path, text)| in_page(path, text)).collect()
}

fn in_page(path: &str, text: &str) -> Vec<Violation> {
    let mut broken = Vec::new();
    let mut fence: Option<(&str, &str)> = None;
    for (number, line) in text.lines().enumerate() {
        let place = || format!("{path}:{}", number + 1);
        let inner = line.trim_start();
        match fence {
            Some((ticks, _)) if inner.trim_end() == ticks => fence = None,
            Some((_, "")) if inner.starts_with("$ ") => {
                let how = "a command in a block without a language: open it with ```sh run";
                broken.push(Violation::new(place(), how));
            }
            Some(_) => {}
            None => {
                let info = inner.trim_start_matches(['`', '~']);
                let ticks = &inner[..inner.len() - info.len()];
                if ticks.len() < 3 {
                    continue;
                }
                fence = Some((ticks, info.trim()));
                if !is_marked(info.trim()) {
                    let how = "say after the language `run`, or `no-run: why not`";
                    broken.push(Violation::new(place(), how));
                }
            }
        }
    }
    broken
}

/// Whether the line that opens a block marks it, if its language asks for that.
fn is_marked(info: &str) -> bool {
    let (language, mark) = info.split_once(' ').unwrap_or((info, ""));
    let mark = mark.trim();
    let reason = mark.strip_prefix("no-run:").map(str::trim);
    !SHELLS.contains(&language) || mark == "run" || reason.is_some_and(|why| !why.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<String> {
        let house = House::of_files(&[("docs/guide.md", text), ("crates/x/README.md", "```sh")]);
        commands_are_marked(&house).into_iter().map(|violation| violation.place).collect()
    }

    #[test]
    fn marked_blocks_and_other_languages_are_well() {
        let text = "```sh run\nls\n```\n\n~~~console no-run: needs a key\n$ x\n~~~\n\n\
                    ```toml\na = 1\n```\n\n```\nout\n```\n";
        assert_eq!(places(text), [""; 0]);
    }

    #[test]
    fn an_unmarked_block_is_found_with_its_line() {
        assert_eq!(places("a\n\n```sh\nls\n```\n"), ["docs/guide.md:3"]);
        assert_eq!(places("```bash no-run:\nls\n```\n"), ["docs/guide.md:1"]);
    }

    #[test]
    fn a_prompt_in_a_block_without_a_language_is_found() {
        assert_eq!(places("```\n$ ls\n```\n"), ["docs/guide.md:2"]);
        assert_eq!(places("````\n```\n$ ls\n````\n"), ["docs/guide.md:3"]);
    }
}
