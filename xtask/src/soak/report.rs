//! What a soak found and counted, as a table or as one JSON object.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::journal::Account;
use super::rounds::Counts;

/// What was counted at the end.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    pub(super) tasks: u64,
    pub(super) states: BTreeMap<String, u64>,
    pub(super) outcomes: BTreeMap<String, u64>,
    pub(super) attempts: u64,
    /// What the models were really asked, and what the journal has of it.
    pub(super) asked: u64,
    pub(super) asked_far: u64,
    pub(super) questions: u64,
    pub(super) questions_far: u64,
    pub(super) cost_nano_usd: u64,
    pub(super) commands: u64,
    /// Runs of commands that were seen from outside.
    pub(super) seen: u64,
    pub(super) picked_up: u64,
    pub(super) unknown: u64,
    pub(super) cut_off: u64,
    pub(super) answered: u64,
    /// Compactions of a copy that were killed before their end.
    pub(super) compactions_killed: u64,
}

impl Totals {
    /// Adds a task.
    pub(super) fn add(&mut self, state: &str, account: &Account) {
        self.tasks += 1;
        *self.states.entry(state.to_owned()).or_default() += 1;
        for outcome in &account.outcomes {
            *self.outcomes.entry(crate::outcome::words(outcome)).or_default() += 1;
        }
        self.attempts += account.attempts;
        self.questions += account.questions;
        self.questions_far += account.questions_far;
        self.cost_nano_usd += account.cost;
        self.commands += account.commands;
        self.picked_up += account.picked_up;
        self.unknown += account.unknown;
        self.cut_off += account.cut_off;
        self.answered += account.answered;
    }
}

/// One JSON object.
pub(super) fn object(seed: u64, counts: &Counts, totals: &Totals, wrong: &[String]) -> Value {
    json!({
        "seed": seed,
        "rounds": counts.rounds,
        "kills": counts.kills,
        "under_way": counts.under_way,
        "deeds": counts.deeds,
        "tasks": totals.tasks,
        "states": totals.states,
        "attempts": totals.attempts,
        "outcomes": totals.outcomes,
        "asked": totals.asked,
        "asked_at_provider": totals.asked_far,
        "questions": totals.questions,
        "questions_at_provider": totals.questions_far,
        "cost_nano_usd": totals.cost_nano_usd,
        "commands": totals.commands,
        "commands_seen_to_run": totals.seen,
        "commands_picked_up": totals.picked_up,
        "commands_of_unknown_outcome": totals.unknown,
        "commands_cut_off": totals.cut_off,
        "answered": totals.answered,
        "compactions_killed": totals.compactions_killed,
        "wrong": wrong,
    })
}

/// The table.
pub(super) fn table(seed: u64, counts: &Counts, totals: &Totals, wrong: &[String]) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: String| text += &format!("{name:<22} {value}\n");
    row("seed, rounds", format!("{seed}, {}", counts.rounds));
    row("killed", listed(&counts.kills));
    row("under way then", listed(&counts.under_way));
    row("done by the person", listed(&counts.deeds));
    row("tasks", format!("{}: {}", totals.tasks, listed(&totals.states)));
    row("attempts", format!("{}: {}", totals.attempts, listed(&totals.outcomes)));
    let (asked, questions) = (totals.asked, totals.questions);
    row("embedded model", format!("asked {asked} times, {questions} in the accounts"));
    let (asked, questions) = (totals.asked_far, totals.questions_far);
    let cost = totals.cost_nano_usd as f64 / 1e9;
    row("provider", format!("asked {asked} times, {questions} in the accounts, ${cost:.2} spent"));
    let Totals { commands, seen, picked_up, unknown, cut_off, answered, .. } = totals;
    row(
        "commands",
        format!(
            "{commands}, {seen} seen to run: {picked_up} picked up, {unknown} unknown, \
             {cut_off} cut off"
        ),
    );
    row("questions answered", answered.to_string());
    row("compactions killed", totals.compactions_killed.to_string());
    row("wrong", wrong.len().to_string());
    text
}

fn listed<N: std::fmt::Display>(counts: &BTreeMap<N, u64>) -> String {
    let all: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_what_was_counted() {
        let mut counts = Counts { rounds: 3, ..Counts::default() };
        counts.kills.insert("the engine", 3);
        let mut totals = Totals { asked_far: 4, ..Totals::default() };
        let mut account = Account::default();
        (account.commands, account.outcomes) = (2, vec!["limit-money".to_owned()]);
        totals.add("needs-you", &account);
        let wrong = ["x".to_owned()];
        let text = table(7, &counts, &totals, &wrong);
        for part in
            ["3 the engine", "1: 1 needs-you", "1 out of money", "asked 4 times", "2, 0 seen"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        let object = object(7, &counts, &totals, &wrong);
        assert_eq!((&object["commands"], &object["wrong"][0]), (&json!(2), &json!("x")));
    }
}
