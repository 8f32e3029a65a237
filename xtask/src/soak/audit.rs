//! What has to hold of a task, whatever was killed: the journal's account beside the records of
//! the models, the work and the list. Pure: it is handed what was read, and says what is wrong.

use std::collections::BTreeMap;

use tenfold_domain::AttemptId;

use super::journal::Account;

/// What a request costs at the provider, in nano-dollars: 1,000 tokens at $3 a million, 50 at $15.
pub(super) const REQUEST_NANO_USD: u64 = 1_000 * 3_000 + 50 * 15_000;

/// A task at the end.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) task: u64,
    pub(super) state: String,
    /// What it has spent, as it is listed, and what it may, in nano-dollars.
    pub(super) spent: u64,
    pub(super) budget: u64,
    /// How often the provider was asked for it.
    pub(super) asked_far: u64,
    /// The tags in the work that it proposes, and whose work that is.
    pub(super) tags: Option<(AttemptId, Vec<String>)>,
    /// Whether the task that it comes after was accepted; true if there is none.
    pub(super) may_begin: bool,
}

/// What is wrong with a task.
pub(super) fn task(task: &Task, account: &Account) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hold = |holds: bool, how: String| {
        if !holds {
            wrong.push(format!("task {}: {how}", task.task));
        }
    };
    let (asked, paid) = (task.asked_far, account.questions_far);
    hold(asked <= paid, format!("the provider was asked {asked} times, and {paid} are recorded"));
    let (bill, cost) = (asked * REQUEST_NANO_USD, account.cost);
    hold(bill <= cost, format!("the provider's bill is {bill}, and {cost} is recorded"));
    let (spent, budget) = (task.spent, task.budget);
    hold(spent == cost, format!("{spent} is listed as spent, and {cost} is recorded"));
    hold(spent <= budget, format!("{spent} is spent, of at most {budget}"));
    hold(account.open.is_empty(), format!("steps without an end: {:?}", account.open));
    let odd = &account.odd_intents;
    hold(odd.is_empty(), format!("commands that were not begun once: {odd:?}"));
    hold(account.asking.is_empty(), format!("it asks still: {:?}", account.asking));
    hold(!account.is_writing, "files of the person were not written to the end".to_owned());
    let (state, last) = (task.state.as_str(), account.outcomes.last().map(String::as_str));
    hold(fits(state, last, task.may_begin), format!("it is {state}, and its last is {last:?}"));
    if let Some((attempt, tags)) = &task.tags {
        wrong.extend(tags_fit(task.task, *attempt, tags, account));
    }
    wrong
}

/// No command was seen to run more often than it was announced.
pub(super) fn seen(naps: &BTreeMap<String, u64>, announced: &BTreeMap<String, u64>) -> Vec<String> {
    let often = |nap: &String| announced.get(nap).copied().unwrap_or_default();
    let wrong = naps.iter().filter(|(nap, times)| **times > often(nap));
    let words = |(nap, times): (&String, &u64)| {
        format!("`sleep {nap}` was seen to run {times} times, and {} are announced", often(nap))
    };
    wrong.map(words).collect()
}

/// Whether a state is one to be in at the end: neither at work nor paused, and queued only behind
/// another.
fn fits(state: &str, last: Option<&str>, may_begin: bool) -> bool {
    match state {
        "to-review" | "accepted" | "rejected" => last.is_some(),
        "needs-you" => last.is_some_and(|last| last != "finished" && last != "stopped"),
        "queued" => last.is_none() && !may_begin,
        _ => false,
    }
}

/// The work of an attempt has each command's tag as often as the command was seen to its end, and
/// no more often than it was begun.
fn tags_fit(task: u64, attempt: AttemptId, tags: &[String], account: &Account) -> Vec<String> {
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    for tag in tags {
        *found.entry(tag).or_default() += 1;
    }
    let of_attempt = account.runs.iter().filter(|((of, _), _)| *of == attempt);
    let runs: BTreeMap<&str, _> = of_attempt.map(|((_, tag), runs)| (&**tag, runs)).collect();
    let all = found.keys().chain(runs.keys()).collect::<std::collections::BTreeSet<_>>();
    let mut wrong = Vec::new();
    for tag in all {
        let times = found.get(tag).copied().unwrap_or_default();
        let (kept, intents) = runs.get(tag).map_or((0, 0), |runs| (runs.kept, runs.intents));
        if times != kept || times > intents {
            wrong.push(format!(
                "task {task}: command {tag} was run {times} times in the work of {attempt}; \
                 {intents} were announced and {kept} kept"
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use tenfold_domain::Event;

    /// A loop with one command, killed in it, that was picked up and has a proposal.
    fn events(end_of_command: &str) -> Vec<Event> {
        let command = "echo 4-1a >> tags-4.txt; sleep 1; true";
        let lines = [
            json!({"noun": "attempt", "event": "started", "strategy": "loop", "model": "far",
                   "seed": 1, "base": "0123456789012345678901234567890123456789"}),
            json!({"noun": "attempt", "event": "advanced",
                   "change": {"change": "wanted", "step": 1, "effect": "turn"}}),
            json!({"noun": "step", "step": 1, "event": "intent", "kind": "model", "request": null,
                   "reservation": 1}),
            json!({"noun": "step", "step": 1, "event": "result", "reply": {},
                   "usage": {"prompt": 1000, "cached": 0, "output": 50}, "cost": 3_750_000,
                   "wall": 1}),
            json!({"noun": "attempt", "event": "advanced", "change": {"change": "wanted",
                   "step": 2, "effect": "tool", "call": {"arguments": {"command": command}}}}),
            json!({"noun": "step", "step": 2, "event": "intent", "kind": "tool", "request": null,
                   "reservation": null}),
            json!({"noun": "step", "step": 2, "event": "failed", "why": "interrupted", "cost": 0}),
            json!({"noun": "step", "step": 2, "event": "result", "reply": {"text": end_of_command},
                   "usage": {"prompt": 0, "cached": 0, "output": 0}, "cost": 0, "wall": 1}),
            json!({"noun": "attempt", "event": "ended", "outcome": "finished", "note": ""}),
        ];
        let event = |(seq, mut line): (usize, Value)| {
            line["seq"] = json!(seq + 1);
            line["at"] = json!(1);
            line["attempt"] = json!({"task": 4, "number": 1});
            serde_json::from_value(line).unwrap()
        };
        lines.into_iter().enumerate().map(event).collect()
    }

    fn well() -> (Task, Vec<Event>) {
        let task = Task {
            task: 4,
            state: "to-review".to_owned(),
            spent: REQUEST_NANO_USD,
            budget: REQUEST_NANO_USD,
            asked_far: 1,
            tags: Some(("4.1".parse().unwrap(), vec!["4-1a".to_owned()])),
            may_begin: true,
        };
        (task, events("$ echo\nexit code 0, after 1.0 s"))
    }

    #[track_caller]
    fn says(found: &Task, events: &[Event], words: &str) {
        let wrong = task(found, &Account::of(events)).join("\n");
        assert!(wrong.contains(words), "{wrong}");
    }

    #[test]
    fn what_is_well_is_not_complained_of_and_a_command_is_picked_up() {
        let (found, events) = well();
        let account = Account::of(&events);
        assert_eq!(task(&found, &account), Vec::<String>::new());
        assert_eq!((account.picked_up, account.unknown, account.commands), (1, 0, 1));
        let lost = Account::of(&self::events("It was not run again; outcome unknown"));
        assert_eq!((lost.picked_up, lost.unknown), (0, 1));
    }

    #[test]
    fn each_thing_that_is_wrong_is_said() {
        let (found, events) = well();
        says(&Task { asked_far: 2, ..found.clone() }, &events, "asked 2 times, and 1");
        says(&Task { asked_far: 2, ..found.clone() }, &events, "bill is 7500000");
        says(&Task { spent: 1, ..found.clone() }, &events, "1 is listed");
        says(&Task { budget: 1, ..found.clone() }, &events, "of at most 1");
        says(&Task { state: "working".to_owned(), ..found.clone() }, &events, "it is working");
        says(&Task { state: "queued".to_owned(), ..found.clone() }, &events, "it is queued");
        let open = [&events[..6], &events[8..]].concat();
        says(&found, &open, "steps without an end");
        let twice = [&events[..6], &events[5..]].concat();
        says(&found, &twice, "not begun once");
    }

    #[test]
    fn the_work_says_how_often_a_command_was_run() {
        let (found, events) = well();
        let tags = |tags: &[&str]| {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            Task { tags: Some(("4.1".parse().unwrap(), tags)), ..found.clone() }
        };
        says(&tags(&["4-1a", "4-1a"]), &events, "4-1a was run 2 times");
        says(&tags(&[]), &events, "4-1a was run 0 times");
        says(&tags(&["4-1a", "4-9a"]), &events, "4-9a was run 1 times");
        let lost = self::events("It was not run again; outcome unknown");
        says(&found, &lost, "1 were announced and 0 kept");
    }

    #[test]
    fn a_command_that_is_seen_more_often_than_it_was_announced_ran_twice() {
        let (_, events) = well();
        let announced = Account::of(&events).naps;
        let naps = |times| BTreeMap::from([("1".to_owned(), times)]);
        assert_eq!(seen(&naps(1), &announced), Vec::<String>::new());
        assert!(seen(&naps(2), &announced)[0].contains("run 2 times, and 1"));
        assert!(seen(&naps(1), &BTreeMap::new())[0].contains("run 1 times, and 0"));
    }

    #[test]
    fn what_was_under_way_is_what_has_no_end() {
        let (_, events) = well();
        assert_eq!(Account::of(&events).under_way(), None);
        assert_eq!(Account::of(&events[..3]).under_way(), Some("a model's answer"));
        assert_eq!(Account::of(&events[..6]).under_way(), Some("a command"));
    }
}
