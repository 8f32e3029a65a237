//! Which functions the words of a task, and the names of its failing tests, speak of.
//!
//! Apart, because it is about natural language: plain overlap of words, nothing learned.

use std::collections::{HashMap, HashSet};

use super::Question;
use super::places::Places;
use super::reach::plain_name;

/// Words that name nothing.
const STOP: [&str; 44] = [
    "the", "and", "for", "not", "does", "with", "that", "this", "when", "from", "should", "test",
    "tests", "fix", "bug", "wrong", "fails", "fail", "error", "value", "values", "returns",
    "return", "make", "works", "work", "function", "method", "class", "file", "get", "set", "init",
    "new", "add", "has", "are", "its", "but", "use", "all", "one", "two", "case",
];
/// A name in the task weighs so much, one in the name of a failing test so much less.
const OF_TASK: f64 = 1.0;
const OF_TESTS: f64 = 0.6;

/// How much each unit is spoken of, in `[0, 1]`.
pub(super) fn spoken_of(question: &Question<'_>, places: &Places<'_>) -> Vec<f64> {
    let mut weights: HashMap<String, f64> = HashMap::new();
    for test in &question.failure.tests {
        for word in words(plain_name(&test.name.0)) {
            weights.insert(word, OF_TESTS);
        }
    }
    for word in words(question.task) {
        weights.insert(word, OF_TASK);
    }
    let identifiers: HashSet<&str> = question
        .task
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| word.len() > 2)
        .collect();
    let score = |name: &str, qualified: &str| {
        if name.is_empty() {
            return 0.0;
        }
        if identifiers.contains(name) && !STOP.contains(&name) {
            return 1.0;
        }
        let own = words(name);
        if own.is_empty() {
            return 0.0;
        }
        let found: f64 = own.iter().filter_map(|word| weights.get(word)).sum();
        let class = qualified.rsplit(['.', ':']).find(|part| !part.is_empty() && *part != name);
        let class = class.filter(|class| identifiers.contains(class)).map_or(0.0, |_| 0.3);
        (0.7 * found / own.len() as f64 + class).min(1.0)
    };
    places.units.iter().map(|unit| score(&unit.name, &unit.qualified)).collect()
}

/// The words in a text or a name, `snake_case` and `camelCase` taken apart, in lower case,
/// without the `s` of a plural and without those that name nothing.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for char in text.chars().chain([' ']) {
        let breaks = !char.is_alphanumeric() || (char.is_uppercase() && was_lower);
        if breaks && !word.is_empty() {
            let plain = word.strip_suffix('s').filter(|w| w.len() > 3).unwrap_or(&word);
            if plain.len() > 2 && !STOP.contains(&word.as_str()) {
                words.push(plain.to_owned());
            }
            word.clear();
        }
        if char.is_alphanumeric() {
            word.extend(char.to_lowercase());
        }
        was_lower = char.is_lowercase();
    }
    words
}
