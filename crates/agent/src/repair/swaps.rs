//! Candidates that are read off a scored text: another token in the place of one.
//!
//! A score says for each token which others the model would rather see there. Most small
//! faults are one token: an operator, a constant, a name, a `not`. So one pass over a
//! statement where it stands gives a candidate for each likely other token, without anything
//! being generated, and says besides how much the statement surprises. What it can't give are
//! texts whose second half follows from their first; those are what infill is for.

use std::collections::BTreeSet;
use std::ops::Range;

use tenfold_code::Use;
use tenfold_domain::{OtherToken, TokenScore};

use super::mistakes;
use super::names::{self, Uses, ends_quoted, is_digit, is_word, sets};

/// Changes that are looked at; parsing many more would take longer than checking them.
const MOST: usize = 120;
/// How much a token's probability tells at the most, against what stands there: what comes
/// behind a fault surprises as much as the fault itself. A natural logarithm.
const TOLD: f64 = 6.0;
/// What ends an expression.
const END: [char; 6] = [')', ']', '}', ',', ':', '\n'];
/// Names that a token is read as the beginning of.
const NAMES: usize = 4;
/// Tokens that may be left out at once.
const LEFT_OUT: usize = 4;
/// What it counts that something else would be given a value, or defined: the model has many names
/// for it, and people seldom err there.
const SET: f64 = -4.0;
/// What stands before a name that is defined.
const DEFINES: [&str; 6] = ["class ", "def ", "fn ", "func ", "function ", "struct "];
/// What it counts that the words of a text are changed.
const QUOTED: f64 = -3.0;

/// How much likelier a line is that stands elsewhere between the same two lines.
const TWIN: f64 = 3.0;

/// A change of a scored text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Swap {
    /// What is replaced, in bytes of the scored text.
    pub(super) range: Range<usize>,
    /// By what.
    pub(super) with: String,
    /// How likely it is, against what stands there: what the model says, and which mistakes
    /// people make. A natural logarithm.
    pub(super) ratio: f64,
    /// How much of that is for the names in it: one that is strange where it would stand, or one
    /// that the check misses.
    pub(super) told: f64,
}

/// The names that are known where a text stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'n> {
    /// Those that are used around.
    pub(super) around: &'n [&'n str],
    /// Those that the file uses anywhere, and how.
    pub(super) uses: &'n Uses<'n>,
    /// Those that the function takes or sets and does not use.
    pub(super) idle: &'n [String],
    /// Those that the check says are not there.
    pub(super) missing: &'n [String],
    /// What begins a comment there.
    pub(super) comment: &'n str,
}

/// The changes of a text that its score suggests, likeliest first. Its `twins` are lines that could
/// stand in its place.
pub(super) fn read(
    text: &str,
    tokens: &[TokenScore],
    names: Names<'_>,
    twins: &[&str],
) -> Vec<Swap> {
    let spans: Vec<Range<usize>> = tokens
        .iter()
        .enumerate()
        .map(|(index, token)| {
            let end = tokens.get(index + 1).map_or(text.len(), |next| next.start as usize);
            token.start as usize..end
        })
        .collect();
    let mut swaps: Vec<Swap> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let here = Here { text, spans: &spans, index, names };
        for other in &token.others {
            let ratio = f64::from(other.log_probability) - f64::from(token.log_probability);
            here.changes(&other.text, ratio, &mut swaps);
        }
    }
    let indent = &text[..text.len() - text.trim_start().len()];
    let lines = twins.iter().map(|twin| format!("{indent}{twin}\n"));
    swaps.extend(lines.filter_map(|line| copied(text, tokens, &spans, &line)));
    swaps.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    let mut seen = BTreeSet::new();
    swaps.retain(|swap| seen.insert((swap.range.start, swap.range.end, swap.with.clone())));
    swaps.truncate(MOST);
    swaps
}

/// Another line, where the model would rather go on as that does where the two part.
fn copied(text: &str, tokens: &[TokenScore], spans: &[Range<usize>], line: &str) -> Option<Swap> {
    let alike = |(a, b): &(char, char)| a == b;
    let common = text.chars().zip(line.chars()).take_while(alike);
    let common: usize = common.map(|(sign, _)| sign.len_utf8()).sum();
    let index = spans.iter().position(|span| span.contains(&common))?;
    let (token, start) = (tokens.get(index)?, spans[index].start);
    let with = line.get(start..)?;
    let begins =
        |other: &&OtherToken| !other.text.trim().is_empty() && with.starts_with(&other.text);
    let other = token.others.iter().filter(begins).max_by_key(|other| other.text.len())?;
    let ratio = f64::from(other.log_probability) - f64::from(token.log_probability);
    let ratio = ratio.min(TOLD) + TWIN;
    Some(Swap { range: start..text.len(), with: with.to_owned(), ratio, told: 0.0 })
}

/// A token of the text.
struct Here<'a> {
    text: &'a str,
    spans: &'a [Range<usize>],
    index: usize,
    names: Names<'a>,
}

impl Here<'_> {
    fn changes(&self, other: &str, ratio: f64, swaps: &mut Vec<Swap>) {
        let Some(stands) = self.spans.get(self.index).and_then(|span| self.text.get(span.clone()))
        else {
            return;
        };
        if other.contains('\n') {
            return;
        }
        let span = self.spans[self.index].clone();
        let mut add = |range: Range<usize>, with: String, ratio: f64| {
            let old = self.text.get(range.clone());
            let Some(old) = old.filter(|old| *old != with) else { return };
            let comments = with.trim_start().starts_with(self.names.comment);
            if !comments && !self.calls_a_value(&range, &with) {
                let told = self.told(&range, &with);
                let ratio = ratio.min(TOLD)
                    + mistakes::usual(old, &with)
                    + mistakes::taken_up(self.names.idle, old, &with)
                    + told
                    + if self.is_set(&range) { SET } else { 0.0 }
                    + if self.is_quoted(&range) { QUOTED } else { 0.0 };
                swaps.push(Swap { range, with, ratio, told });
            }
        };
        if let Some((range, with)) = self.reordered_numbers(&span, stands, other) {
            add(range, with, ratio);
        }
        if other.trim().is_empty() {
            return;
        }
        if let Some((range, with)) = self.handed_on(&span, stands, other) {
            add(range, with, ratio);
        }
        if !stands.trim().is_empty() {
            match self.word(&span, other) {
                Some((range, words)) => {
                    let share = ratio - (words.len() as f64).ln();
                    for word in words {
                        for (range, with) in
                            [self.exchanged(&range, &word), self.reordered(range.start, &word)]
                                .into_iter()
                                .flatten()
                        {
                            add(range, with, share);
                        }
                        add(range.clone(), word, share);
                    }
                }
                None => {
                    if let Some((range, with)) = self.reordered_signs(&span, stands, other) {
                        add(range, with, ratio);
                    }
                    add(span.clone(), other.to_owned(), ratio);
                }
            }
        }
        if let Some((range, with)) = self.left_out(span.start, other) {
            add(range, with, ratio);
        }
        // The last of a list, where its first or second stands.
        if other.trim() == "-" && !stands.trim().is_empty() && stands.trim().chars().all(is_digit) {
            add(span.clone(), format!("{other}1"), ratio);
        }
        // Most often what is added to a whole expression, or taken away from it, is one.
        let rest = self.text.get(span.start..).unwrap_or_default().trim_start_matches(' ');
        if matches!(other.trim(), "+" | "-") && rest.starts_with(END) {
            add(span.start..span.start, format!("{other} 1"), ratio);
        }
        let joins = ends_in_word(other) && starts_with_word(self.text.get(span.start..));
        if !joins && !stands.trim().is_empty() {
            add(span.start..span.start, other.to_owned(), ratio);
        }
    }

    /// What stands here is too much, if the model would rather see what comes a little later. One
    /// token may be many signs.
    fn left_out(&self, from: usize, other: &str) -> Option<(Range<usize>, String)> {
        let later = (self.index + 1..self.spans.len()).take(LEFT_OUT).find(|later| {
            let text = self.text.get(self.spans[*later].clone()).unwrap_or_default().trim();
            text == other.trim() || (!ends_in_word(other) && text.starts_with(other.trim()))
        });
        let end = self.spans[later?].clone();
        let blank = other.len() - other.trim_start().len();
        let after = self.text.get(end.clone()).unwrap_or_default();
        let skip = after.len() - after.trim_start().len();
        Some((from..end.start + skip, other[..blank].to_owned()))
    }

    /// Whether a name would be called that is used around, and is called nowhere.
    fn calls_a_value(&self, range: &Range<usize>, with: &str) -> bool {
        let name = with.trim();
        let after = self.text.get(range.end..).unwrap_or_default();
        after.trim_start_matches(' ').starts_with('(')
            && self.names.around.contains(&name)
            && !self.names.uses.contains(&(name, Use::Called))
    }

    /// Whether a name stands here that is given a value, or defined.
    fn is_set(&self, range: &Range<usize>) -> bool {
        let is_name = self.text.get(range.clone()).is_some_and(ends_in_word);
        let start = range.start + self.text[range.clone()].find(is_word).unwrap_or(0);
        let before = &self.text[..start];
        let defined = DEFINES.into_iter().any(|word| before.ends_with(word));
        is_name && (defined || self.text.get(range.end..).is_some_and(sets))
    }

    /// Whether this is within quotes.
    fn is_quoted(&self, range: &Range<usize>) -> bool {
        ends_quoted(&self.text[..range.start])
    }

    /// A call of a function that the model would rather see here, with what stands here for its
    /// argument: `len(x)` for `x`.
    fn handed_on(
        &self,
        span: &Range<usize>,
        stands: &str,
        other: &str,
    ) -> Option<(Range<usize>, String)> {
        let name = other.trim_start();
        let blank = stands.len() - stands.trim_start().len();
        let start = span.start + blank;
        let before = self.text.get(..start)?;
        let begins = !before.ends_with(is_word) && !before.ends_with(['.', ')', ']']);
        if !begins || !self.names.uses.contains(&(name, Use::Called)) {
            return None;
        }
        let end = start + primary(self.text.get(start..)?);
        let argument = self.text.get(start..end).filter(|argument| !argument.is_empty())?;
        Some((start..end, format!("{name}({argument})")))
    }

    /// Two words that change places: what stands here, and the word that the model would
    /// rather see here, where that stands somewhat later.
    fn exchanged(&self, here: &Range<usize>, word: &str) -> Option<(Range<usize>, String)> {
        let after = self.text.get(here.end..)?;
        let whole = |at: &usize| {
            let before = after[..*at].chars().next_back();
            let behind = after[at + word.len()..].chars().next();
            !before.is_some_and(is_word) && !behind.is_some_and(is_word)
        };
        let at = after.match_indices(word).map(|(at, _)| at).find(whole)?;
        let old = self.text.get(here.clone())?;
        let with = format!("{word}{}{old}", &after[..at]);
        Some((here.start..here.end + at + word.len(), with))
    }

    /// How much likelier a change is right for the names in it. A natural logarithm.
    fn told(&self, range: &Range<usize>, with: &str) -> f64 {
        let changed = format!("{}{with}{}", &self.text[..range.start], &self.text[range.end..]);
        let own = range.start..range.start + with.len();
        mistakes::without(self.names.missing, self.text, &changed)
            + names::strange(self.names.uses, self.text, (&changed, &own))
    }

    /// The same as [`Here::reordered`], of arguments that begin with a sign.
    fn reordered_signs(
        &self,
        span: &Range<usize>,
        stands: &str,
        other: &str,
    ) -> Option<(Range<usize>, String)> {
        let alike = |(a, b): &(char, char)| a == b && !is_word(*a);
        let common: usize =
            stands.chars().zip(other.chars()).take_while(alike).map(|(c, _)| c.len_utf8()).sum();
        let begins = other.get(common..)?.trim();
        let blank = stands[common..].len() - stands[common..].trim_start().len();
        (!begins.is_empty()).then(|| self.reordered(span.start + common + blank, begins))?
    }

    /// The same, of arguments of which one is a number: a token of its own is the blank before it.
    fn reordered_numbers(
        &self,
        span: &Range<usize>,
        stands: &str,
        other: &str,
    ) -> Option<(Range<usize>, String)> {
        let is_blank = other.trim().is_empty() || stands.trim().is_empty();
        let blank = stands.len() - stands.trim_start().len();
        is_blank.then(|| self.reordered(span.start + blank, other.trim()))?
    }

    /// Two arguments that change places: the one that begins here, and the one after it that
    /// begins as the model would rather go on here; a number, if that is nothing.
    fn reordered(&self, here: usize, begins: &str) -> Option<(Range<usize>, String)> {
        let before = self.text.get(..here)?.trim_end();
        if !before.ends_with(['(', '[', '{', ',']) {
            return None;
        }
        let after = self.text.get(here..)?;
        let mut ends = commas(after).into_iter();
        let first = ends.next().filter(|end| after[*end..].starts_with(','))?;
        let mut from = first + 1;
        for end in ends {
            let blank = after[from..end].len() - after[from..end].trim_start().len();
            let (start, second) = (from + blank, after[from..end].trim());
            let whole = |rest: &str| match begins {
                "" => rest.starts_with(is_digit),
                // Each digit of a number is a token.
                digits if digits.chars().all(is_digit) => true,
                begins => !(ends_in_word(begins) && rest.starts_with(is_word)),
            };
            // Single words are exchanged as they are.
            if second.strip_prefix(begins).is_some_and(whole) {
                let (one, between) = (&after[..first], &after[first..start]);
                let range = here..here + start + second.len();
                return Some((range, format!("{second}{between}{one}")));
            }
            from = end + 1;
        }
        None
    }

    /// Where both the token and the other are parts of words: the whole word that stands
    /// there, and the words that the other may be the beginning of.
    fn word(&self, span: &Range<usize>, other: &str) -> Option<(Range<usize>, Vec<String>)> {
        let stands = self.text.get(span.clone())?;
        let (old, new) = (stands.trim_start(), other.trim_start());
        // A token may begin with a sign, as in `.name`.
        let signs = old.chars().zip(new.chars()).take_while(|(a, b)| a == b && !is_word(*a));
        let signs: usize = signs.map(|(a, _)| a.len_utf8()).sum();
        let (old, new) = (&old[signs..], &new[signs..]);
        let at = span.end - old.len();
        if !starts_with_word(Some(old)) || !starts_with_word(Some(new)) {
            return None;
        }
        let before = &self.text[..at];
        let start = before.trim_end_matches(is_word).len();
        // A blank before the other ends the word that the token goes on with.
        let start = if other.starts_with(char::is_whitespace) { at } else { start };
        let after = self.text.get(at..)?;
        let end = at + after.find(|c: char| !is_word(c)).unwrap_or(after.len());
        let beginning = format!("{}{new}", self.text.get(start..at)?);
        if beginning.chars().any(|c| !is_word(c)) {
            return None;
        }
        let old = self.text.get(start..end)?;
        let longer = self
            .names
            .around
            .iter()
            .filter(|name| name.len() > beginning.len() && name.starts_with(&beginning))
            .filter(|name| **name != old)
            .take(NAMES)
            .map(|name| (*name).to_owned());
        let mut words: Vec<String> = longer.collect();
        if beginning != old {
            words.push(beginning);
        }
        Some((start..end, words))
    }
}

/// Where the commas are that part the arguments that a text begins within, and then where
/// these end. Empty if it ends before they do.
fn commas(text: &str) -> Vec<usize> {
    let mut commas = Vec::new();
    let mut depth = 0_i32;
    let mut quoted: Option<char> = None;
    for (at, c) in text.char_indices() {
        match (c, quoted) {
            (_, Some(quote)) => quoted = quoted.filter(|_| c != quote),
            ('"' | '\'', _) => quoted = Some(c),
            ('(' | '[' | '{', _) => depth += 1,
            (')' | ']' | '}', _) if depth == 0 => {
                commas.push(at);
                return commas;
            }
            (')' | ']' | '}', _) => depth -= 1,
            (',', _) if depth == 0 => commas.push(at),
            _ => {}
        }
    }
    Vec::new()
}

/// How long the expression is that a text begins with, as far as it is a word or a quoted text
/// with the points, calls and indices behind it.
fn primary(text: &str) -> usize {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let word = |text: &str| text.find(|c| !is_word(c)).unwrap_or(text.len());
    let mut end = match quote {
        Some(quote) => text[1..].find(quote).map_or(0, |at| at + 2),
        None => word(text),
    };
    while end > 0 {
        let rest = &text[end..];
        let more = match rest.chars().next() {
            Some('.') => 1 + word(&rest[1..]),
            Some('(' | '[') => commas(&rest[1..]).last().map_or(0, |close| close + 2),
            _ => 0,
        };
        if more < 2 {
            break;
        }
        end += more;
    }
    end
}

fn ends_in_word(text: &str) -> bool {
    text.chars().next_back().is_some_and(is_word)
}

fn starts_with_word(text: Option<&str>) -> bool {
    text.and_then(|text| text.chars().next()).is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the text may become when the model would rather see `other` where `at` begins.
    fn changed(text: &str, at: &str, other: &str) -> Vec<String> {
        let words = ["low", "high", "lower_bound", "items"];
        let mut start = 0;
        let mut tokens = Vec::new();
        for piece in pieces(text) {
            let others = (text[start..].starts_with(at) && text.find(at) == Some(start))
                .then(|| OtherToken { text: other.to_owned(), log_probability: -0.5 });
            tokens.push(TokenScore {
                start: start as u32,
                log_probability: -6.0,
                others: others.into_iter().collect(),
            });
            start += piece.len();
        }
        let swap = |swap: Swap| {
            let (from, to) = (swap.range.start, swap.range.end);
            format!("{}{}{}", &text[..from], swap.with, &text[to..])
        };
        let uses = words.into_iter().map(|name| (name, Use::Value)).chain([("f", Use::Called)]);
        let names =
            Names { around: &words, uses: &uses.collect(), idle: &[], missing: &[], comment: "#" };
        read(text, &tokens, names, &[]).into_iter().map(swap).collect()
    }

    #[test]
    fn a_twin_is_gone_on_with_as_the_model_would_begin() {
        let text = "    return low\n";
        let token = |start, others: &[(&str, f32)]| TokenScore {
            start,
            log_probability: -4.0,
            others: others
                .iter()
                .map(|(text, log)| OtherToken { text: (*text).to_owned(), log_probability: *log })
                .collect(),
        };
        let others = [(" sum", -1.0), (" f", -5.0), (" high", -0.5)];
        let tokens = [token(0, &[]), token(4, &[]), token(10, &others)];
        let (around, uses) = (["low"], Uses::new());
        let names = Names { around: &around, uses: &uses, idle: &[], missing: &[], comment: "#" };
        let twins = ["return sum(low, high) / 2", "return other(low)", "raise f(low)"];
        let swaps = read(text, &tokens, names, &twins);
        // It is likelier than the likeliest token, and the model knows nothing of the others.
        assert_eq!(
            (swaps[0].range.clone(), swaps[0].with.as_str()),
            (10..15, " sum(low, high) / 2\n")
        );
        assert!(
            !swaps.iter().any(|swap| swap.with.contains("other") || swap.with.contains("raise"))
        );
    }

    /// A text in tokens: each a word or a sign, with the blanks or the point before it, but for
    /// the blank before a number.
    fn pieces(text: &str) -> Vec<&str> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let blank = rest.len() - rest.trim_start_matches([' ', '.']).len();
            let word = rest[blank..].find(|c: char| !is_word(c)).unwrap_or(rest.len() - blank);
            let number = rest.starts_with(' ') && rest[blank..].starts_with(is_digit);
            let length = if number { blank } else { (blank + word.max(1)).min(rest.len()) };
            pieces.push(&rest[..length]);
            rest = &rest[length..];
        }
        pieces
    }

    #[test]
    fn a_token_is_exchanged_added_or_left_out() {
        let has = |text: &str, at: &str, other: &str, expected: &str| {
            let found = changed(text, at, other);
            assert!(found.iter().any(|text| text == expected), "{expected}: {found:?}");
        };
        has("if a < b:\n", " <", " >", "if a > b:\n");
        has("if a:\n", " a", " not", "if not a:\n");
        has("if not a:\n", " not", " a", "if a:\n");
        has("x[0]\n", "0", "-", "x[-1]\n");
        has("x[i - 1][0]\n", " -", "]", "x[i][0]\n");
        has("return x[i]\n", "]", " +", "return x[i + 1]\n");
        has("x[i :]\n", " :", " -", "x[i - 1 :]\n");
        has("f(low, high)\n", "low", "high", "f(high, low)\n");
        has("f(low, high)\n", "low", "high", "f(high, high)\n");
        has("f(x.high,\n  x.low)\n", ".high", ".low", "f(x.low,\n  x.high)\n");
        has("f(low, high, 12)\n", " high", " ", "f(low, 12, high)\n");
        has("f(low, 12, high)\n", " 12", " high", "f(low, high, 12)\n");
        has("f(low, 12, high)\n", "low", "1", "f(12, low, high)\n");
        has("sub(\"\", r\"x$\", low)\n", "\"", "r", "sub(r\"x$\", \"\", low)\n");
        has("tee(high, cons(low, [1, 2]))\n", "high", "cons", "tee(cons(low, [1, 2]), high)\n");
        has("if x.y(z)[1] > 2:\n", " x", " f", "if f(x.y(z)[1]) > 2:\n");
        has("raise \"no\"\n", " \"", " f", "raise f(\"no\")\n");
        // A token is the beginning of the names around.
        has("f(high)\n", "high", "lower", "f(lower_bound)\n");
    }

    #[test]
    fn names_that_the_file_does_not_use_so_come_last() {
        let order = |others: [&str; 2]| {
            let token = TokenScore {
                start: 0,
                log_probability: -6.0,
                others: others
                    .map(|text| OtherToken { text: text.to_owned(), log_probability: -0.5 })
                    .into(),
            };
            let uses =
                BTreeSet::from([("low", Use::Value), ("items", Use::Value), ("set", Use::Called)]);
            let names = Names {
                around: &["low", "items"],
                uses: &uses,
                idle: &[],
                missing: &[],
                comment: "#",
            };
            read("low + 1", &[token], names, &[])[0].with.clone()
        };
        for strange in ["depth", "set"] {
            assert_eq!(order(["items", strange]), "items");
            assert_eq!(order([strange, "items"]), "items");
        }
    }

    #[test]
    fn what_only_changes_its_place_is_not_strange() {
        let text = "f(items as wide, low)";
        let token = |(start, other): (usize, &str)| TokenScore {
            start: start as u32,
            log_probability: -6.0,
            others: vec![OtherToken { text: other.to_owned(), log_probability: -0.5 }],
        };
        let names =
            Names { around: &[], uses: &BTreeSet::new(), idle: &[], missing: &[], comment: "//" };
        let tokens = [(0, "g"), (2, "low"), (7, "\n")].map(token);
        let swaps = read(text, &tokens, names, &[]);
        let told = |with: &str| swaps.iter().find(|swap| swap.with == with).unwrap().told;
        assert_eq!(told("low, items as wide"), 0.0);
        assert!(told("g") < 0.0);
    }

    #[test]
    fn what_is_given_a_value_and_what_is_quoted_comes_last() {
        let around = ["low", "high", "items", "count"];
        let uses = around.into_iter().map(|name| (name, Use::Value)).collect();
        let names = Names { around: &around, uses: &uses, idle: &[], missing: &[], comment: "#" };
        let token = |(start, other, log_probability): (u32, &str, f32)| TokenScore {
            start,
            log_probability: -6.0,
            others: vec![OtherToken { text: other.to_owned(), log_probability }],
        };
        let first = |text: &str, tokens: [(u32, &str, f32); 3]| {
            read(text, &tokens.map(token), names, &[])[0].with.clone()
        };
        assert_eq!(
            first("low = high\n", [(0, "count", -0.1), (3, "\n", -0.1), (5, " items", -2.0)]),
            "items"
        );
        assert_eq!(
            first(
                "class low:\n    high\n",
                [(5, " count", -0.1), (9, "\n", -0.1), (15, "items", -2.0)]
            ),
            "items"
        );
        assert_eq!(
            first("'low' = 2\n", [(1, "count", -0.1), (5, "\n", -0.1), (7, " 3", -2.0)]),
            "3"
        );
    }

    #[test]
    fn what_is_no_change_is_none() {
        assert!(changed("f(low)\n", "low", "low").iter().all(|text| text != "f(low)\n"));
        assert_eq!(changed("f(low)\n", "low", "\n"), Vec::<String>::new());
        assert!(changed("f(low)\n", "f", "high").iter().all(|text| text != "high(low)\n"));
    }
}
