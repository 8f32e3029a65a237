//! Dated results of one benchmark: YAML, a list of maps with at least `date`, `model` and
//! `pass_rate_2`, as the leaderboard of the coding tool aider keeps them; other fields are passed
//! over.

use jiff::civil::Date;
use serde::Deserialize;

use super::Unreadable;

/// One run of the whole benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The day of the run.
    pub date: Date,
    /// The model, as the benchmark calls it; with its settings, where several were tried.
    pub model: String,
    /// The model, as a price list may call it: what stands behind `--model` in the command. `None`
    /// if there is no command, or it names a second model, whose share of the cost isn't known.
    pub listed: Option<String>,
    /// The share that was solved in at most two tries each, from 0 to 1.
    pub quality: f64,
    /// What the whole run cost. `None` where nobody wrote it down, which is often written as 0.
    pub dollars: Option<f64>,
    /// Tokens of prompts per token of output, if both were counted.
    pub prompt_per_output: Option<f64>,
}

#[derive(Deserialize)]
struct Raw {
    date: String,
    model: String,
    #[serde(default)]
    command: Option<String>,
    pass_rate_2: f64,
    #[serde(default)]
    total_cost: Option<f64>,
    #[serde(default)]
    prompt_tokens: Option<f64>,
    #[serde(default)]
    completion_tokens: Option<f64>,
}

/// Reads them, in the order in which they stand.
///
/// # Errors
///
/// Refuses what is no such list, and an entry whose date, share or cost can't be.
pub fn read(text: &str) -> Result<Vec<Entry>, Unreadable> {
    let raw: Vec<Raw> = serde_saphyr::from_str(text).map_err(|error| Unreadable {
        line: error.location().map_or(1, |place| place.line()),
        why: error.without_snippet().to_string(),
    })?;
    raw.into_iter().enumerate().map(|(place, raw)| entry(raw, place + 1)).collect()
}

fn entry(raw: Raw, place: usize) -> Result<Entry, Unreadable> {
    let wrong = |why: String| Unreadable { line: 1, why: format!("entry {place}: {why}") };
    let date = raw.date.trim();
    let date = date.parse().map_err(|_| wrong(format!("'{date}' is no date like 2026-01-31")))?;
    if !(0.0..=100.0).contains(&raw.pass_rate_2) {
        return Err(wrong(format!("pass_rate_2 is {}, and a percentage is due", raw.pass_rate_2)));
    }
    if let Some(cost) = raw.total_cost.filter(|cost| !cost.is_finite() || *cost < 0.0) {
        return Err(wrong(format!("total_cost is {cost}, which can't be")));
    }
    let counted = |tokens: Option<f64>| tokens.filter(|n| n.is_finite() && *n > 0.0);
    let prompt_per_output = counted(raw.prompt_tokens)
        .zip(counted(raw.completion_tokens))
        .map(|(prompt, output)| prompt / output);
    Ok(Entry {
        date,
        listed: raw.command.as_deref().and_then(only_model),
        model: raw.model,
        quality: raw.pass_rate_2 / 100.0,
        dollars: raw.total_cost.filter(|cost| *cost > 0.0),
        prompt_per_output,
    })
}

/// What a command line asks for with `--model`, unless it asks for a second model as well.
fn only_model(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    if words.iter().any(|word| matches!(*word, "--architect" | "--editor-model")) {
        return None;
    }
    let place = words.iter().position(|word| *word == "--model")?;
    words.get(place + 1).map(|word| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "\
- dirname: one
  model: A (high)
  pass_rate_2: 61.7
  command: \"aider --model vendor/a --effort high # as it was run\"
  date: 2025-02-25
  total_cost: 12.5
  prompt_tokens: 300
  completion_tokens: 100

- model: A + B
  pass_rate_2: 70
  command: aider --architect --model a --editor-model b
  date: 2025-03-01
  total_cost: 0 # incorrect: 6.3174
";

    #[test]
    fn an_entry_is_a_result() {
        let entries = read(TWO).unwrap();
        assert_eq!(entries[0].quality, 0.617);
        assert_eq!(entries[0].listed.as_deref(), Some("vendor/a"));
        assert_eq!((entries[0].dollars, entries[0].prompt_per_output), (Some(12.5), Some(3.0)));
        assert_eq!(entries[1].dollars, None, "a cost of nothing is one that isn't known");
        assert_eq!(entries[1].listed, None, "two models have no price of one");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |from: &str, to: &str| read(&TWO.replace(from, to)).unwrap_err().to_string();
        assert!(wrong("61.7", "161.7").contains("entry 1: pass_rate_2 is 161.7"));
        assert!(wrong("12.5", "-1").contains("entry 1: total_cost is -1"));
        assert!(wrong("12.5", ".nan").contains("total_cost is NaN"));
        assert!(wrong("2025-03-01", "spring").contains("entry 2: 'spring' is no date"));
        assert!(wrong("  pass_rate_2: 70\n", "").contains("pass_rate_2"));
        assert!(read("just: a map").is_err());
        assert!(read("[").is_err());
    }
}
