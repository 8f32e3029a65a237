//! What the scripted models say for each job, and what the job's files are: the same script for
//! the embedded model and for the one at a provider. Nothing here writes a file.
//!
//! Each command of an agent leaves its *tag* in a file of the work, so that the work says from
//! outside how often it was run, and *naps* for a length that no other has, so that it can be seen
//! to run.

use serde_json::{Value, json};

use super::plan::{Job, Work};

/// The line that is wrong, and what it is to be.
const WRONG: &str = "return ordered[at + 1]";
const RIGHT: &str = "return ordered[at]";

/// What Tenfold says of a command of which it does not know what became, or which was cut off.
pub(super) const NOT_RUN_AGAIN: &str = "It was not run again";

/// What stands in the text of a job's task.
pub(super) fn mark(number: u32) -> String {
    format!("soak-task-{number}.")
}

/// The job whose mark a text holds.
pub(super) fn marked(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("soak-task-")?;
    rest.split_once('.')?.0.parse().ok()
}

/// The module that is wrong.
pub(super) fn module(number: u32) -> String {
    format!("m{number}.py")
}

/// The file of tags.
pub(super) fn tags(number: u32) -> String {
    format!("tags-{number}.txt")
}

/// The check.
pub(super) fn check(number: u32) -> String {
    format!("python3 -m unittest -q test_m{number}")
}

/// What the person answers when the job's coworker asks.
pub(super) fn yes(number: u32) -> String {
    format!("soak-yes-{number}. Go on.")
}

/// The files of a job: their names and their text.
pub(super) fn files(number: u32) -> [(String, String); 2] {
    let code = format!(
        "\"\"\"Numbers in order.\"\"\"\n\n\ndef middle(values):\n    \
         \"\"\"The one in the middle of an odd count.\"\"\"\n    ordered = sorted(values)\n    \
         at = len(ordered) // 2\n    {WRONG}\n"
    );
    let test = format!(
        "\"\"\"Tests of m{number}.\"\"\"\nimport unittest\n\nfrom m{number} import middle\n\n\n\
         class Middle(unittest.TestCase):\n    def test_three(self):\n        \
         self.assertEqual(middle([3, 1, 2]), 2)\n\n    def test_five(self):\n        \
         self.assertEqual(middle([5, 9, 1, 7, 3]), 5)\n"
    );
    [(module(number), code), (format!("test_m{number}.py"), test)]
}

/// The script for these jobs: of the rules that fit the first counts, so that what comes last in
/// a conversation stands first.
pub(super) fn script(jobs: impl Iterator<Item = Job>, record: &str, delay_ms: u64) -> Value {
    let mut rules = vec![json!({ "original": WRONG, "answers": [format!("    {RIGHT}\n")] })];
    for job in jobs {
        if let Work::Loop { commands, sleep_ds, asks, .. } = job.work {
            rules.extend(conversation(job.number, commands, sleep_ds, asks));
        }
    }
    json!({ "rules": rules, "record": record, "delay_ms": delay_ms })
}

fn conversation(number: u32, commands: u32, sleep_ds: u32, asks: bool) -> Vec<Value> {
    let done = |nth: u32| format!("soak-{number}-{nth}-done");
    let finish = json!({ "summary": "mended" });
    let mut rules = vec![rule(number, vec![done(commands)], "finish", finish)];
    for nth in (1..=commands).rev() {
        let before = if nth > 1 { vec![done(nth - 1)] } else { Vec::new() };
        let told = if asks { vec![yes(number)] } else { Vec::new() };
        let known = [before, told].concat();
        let again = [known.clone(), vec![NOT_RUN_AGAIN.to_owned()]].concat();
        for (holds, way) in [(again, 'b'), (known, 'a')] {
            let tag = format!("{number}-{nth}{way}");
            let mend = match nth == commands {
                true => format!("sed -i 's/at + 1/at/' {}; ", module(number)),
                false => String::new(),
            };
            let (seconds, tenths) = (sleep_ds / 10, sleep_ds % 10);
            let nap = format!("{seconds}.{tenths}0{number:05}{nth}{}", u32::from(way == 'b'));
            let command = format!(
                "echo {tag} >> {}; sleep {nap}; {mend}printf 'soak-{number}-{nth}-%s\\n' done",
                tags(number)
            );
            rules.push(rule(number, holds, "run", json!({ "command": command })));
        }
    }
    if asks {
        let question = format!("soak: may task {number} be done?");
        rules.push(rule(number, Vec::new(), "ask", json!({ "question": question })));
    }
    rules
}

fn rule(number: u32, mut holds: Vec<String>, tool: &str, arguments: Value) -> Value {
    holds.push(mark(number));
    let call = json!({ "thought": "So.", "tool": tool, "arguments": arguments });
    json!({ "kind": "generate", "contains": holds, "answers": [call.to_string()] })
}

/// The tag that a command leaves.
pub(super) fn tag(command: &str) -> Option<&str> {
    command.strip_prefix("echo ")?.split_once(" >> tags-").map(|(tag, _)| tag)
}

/// The nap that a command takes, as it is written.
pub(super) fn nap(command: &str) -> Option<&str> {
    command.split_once("; sleep ")?.1.split_once(';').map(|(nap, _)| nap)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the script says to a conversation.
    fn said(script: &Value, conversation: &str) -> Value {
        let fits = |rule: &&Value| {
            let parts = rule["contains"].as_array().into_iter().flatten();
            rule["kind"] == "generate"
                && parts
                    .map(Value::to_string)
                    .all(|part| conversation.contains(part.trim_matches('"')))
        };
        let rule = script["rules"].as_array().unwrap().iter().find(fits).unwrap();
        serde_json::from_str(rule["answers"][0].as_str().unwrap()).unwrap()
    }

    #[test]
    fn a_conversation_goes_from_the_question_over_each_command_to_the_end() {
        let work = Work::Loop { is_hosted: true, commands: 2, sleep_ds: 3, asks: true };
        let job = Job { number: 7, work, ..super::super::plan::job(tenfold_domain::Seed(1), 7) };
        let script = script(std::iter::once(job), "r", 0);
        let mut text = mark(7);
        assert_eq!(said(&script, &text)["tool"], "ask");
        text += &yes(7);
        let run = |text: &str| {
            let call = said(&script, text);
            let command = call["arguments"]["command"].as_str().unwrap();
            format!("{} {}", tag(command).unwrap(), nap(command).unwrap())
        };
        assert_eq!(run(&text), "7-1a 0.300000710");
        assert_eq!(run(&format!("{text} {NOT_RUN_AGAIN}")), "7-1b 0.300000711");
        text += "soak-7-1-done";
        assert_eq!(run(&text), "7-2a 0.300000720");
        text += "soak-7-2-done";
        assert_eq!(said(&script, &text)["tool"], "finish");
    }

    #[test]
    fn a_mark_is_read_back_whole() {
        assert_eq!(marked(&format!("work on {} please", mark(17))), Some(17));
        assert_eq!(marked("soak-task-x."), None);
        assert!(!mark(17).contains(&mark(1)));
    }
}
