//! A check that the model proposes for a task that has none: what it may say, and how that is
//! understood. It is tried before a person is asked, and nothing is verified by it until they
//! have approved it.

use serde_json::Value;
use tenfold_domain::{ApprovedCheck, CheckFiles, CheckReport, CheckVerdict, ToolCall, is_yes};

use super::decide::Draft;
use super::event::{Event, Wish};
use super::words;

/// The longest command, in bytes.
const MOST_COMMAND: usize = 2_000;
/// The most files of one.
const MOST_FILES: usize = 16;
/// How often one may be proposed in an attempt.
pub(super) const PROPOSALS: u32 = 6;

/// What a model proposes to check its work by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedCheck {
    /// The shell command; not empty, and no longer than 2,000 bytes.
    pub command: String,
    /// The files that the model wrote for it, from the top of the workspace; at most 16. They
    /// may be any text.
    pub files: Vec<String>,
}

impl ProposedCheck {
    /// Understands a call of the tool.
    ///
    /// # Errors
    /// What is wrong with it, for the model.
    pub fn understand(call: &ToolCall) -> Result<Self, String> {
        let command = call.arguments.get("command").and_then(Value::as_str).unwrap_or_default();
        let command = command.trim().to_owned();
        if command.is_empty() {
            return Err("Not tried: there is no command.".to_owned());
        }
        if command.len() > MOST_COMMAND {
            return Err(format!(
                "Not tried: the command is longer than {MOST_COMMAND} bytes. Put it into a script."
            ));
        }
        let files: Option<Vec<String>> = match call.arguments.get("files") {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(Value::Array(files)) => {
                files.iter().map(|file| file.as_str().map(str::to_owned)).collect()
            }
            Some(_) => None,
        };
        match files {
            Some(mut files) if files.len() <= MOST_FILES => {
                files.sort();
                files.dedup();
                Ok(Self { command, files })
            }
            Some(_) => Err(format!("Not tried: it has more than {MOST_FILES} files.")),
            None => Err("Not tried: files has to be a list of paths.".to_owned()),
        }
    }
}

impl Draft {
    /// The model proposes a check; what is wrong with the call itself is told at once.
    pub(super) fn propose(&mut self, call: &ToolCall) -> Result<(), String> {
        if self.state.proposed >= PROPOSALS {
            return Err(words::ENOUGH_PROPOSED.to_owned());
        }
        ProposedCheck::understand(call)?;
        self.want(Wish::TryCheck { call: call.clone() });
        Ok(())
    }

    /// A proposed check was tried on the files as they were: one that does not fail there says
    /// nothing of the work, and nobody is bothered with it.
    pub(super) fn tried(
        &mut self,
        call: &ToolCall,
        report: &CheckReport,
        files: CheckFiles,
        shown: &str,
    ) {
        if report.verdict == CheckVerdict::Failed {
            let check = ApprovedCheck { command: report.command.clone(), files };
            let question = words::may_be_the_check(&check, report, shown);
            return self.want(Wish::AskCheck { call: call.id.clone(), check, question });
        }
        self.reply(&call.id, words::says_nothing(report));
        self.unless_repeated();
    }

    /// The person said whether a proposed check is the task's.
    pub(super) fn decided(&mut self, call: &str, check: ApprovedCheck, answer: &str) {
        self.reply(call, words::ANSWERED.to_owned());
        // In the person's name, so that it is never left out.
        let mut told = words::answer(words::MAY_BE, answer);
        if is_yes(answer) {
            told.push('\n');
            told.push_str(&words::check_approved(&check));
            self.record(Event::Approved { check });
        }
        self.tell(told);
        self.next_call();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenfold_domain::Millis;

    use super::super::state::Setup;
    use super::super::tests::{BASE, CHANGED, Going, setup};
    use super::*;
    use crate::Machine;
    use crate::effect::{Effect, Reply};

    fn going() -> Going {
        Going::new(Setup { check: String::new(), ..setup() })
    }

    fn tried(verdict: CheckVerdict) -> Reply {
        let report = CheckReport {
            command: "python3 t.py".to_owned(),
            verdict,
            exit_code: Some(1),
            failing: Vec::new(),
            passed: None,
            output: "AssertionError: 3 != 2".to_owned(),
            wall: Millis(9),
        };
        let files = CheckFiles { commit: CHANGED.parse().unwrap(), paths: vec!["t.py".into()] };
        Reply::Tried { report, files, shown: "--- t.py\nassert f() == 2".to_owned() }
    }

    fn propose(going: &mut Going) -> &mut Going {
        let check = json!({ "command": "python3 t.py", "files": ["t.py"] });
        going.calls(&[(super::super::own::PROPOSE_CHECK, check)])
    }

    fn answer(text: &str) -> Reply {
        Reply::Answered { text: text.to_owned() }
    }

    #[test]
    fn a_check_that_fails_and_is_approved_judges_the_work() {
        let mut going = going();
        propose(&mut going);
        assert!(matches!(going.wants().1, Effect::TryCheck { .. }));
        going.put(tried(CheckVerdict::Failed));
        let Effect::Ask { question } = going.wants().1 else { panic!("not asked") };
        for part in ["python3 t.py", "assert f() == 2", "AssertionError: 3 != 2"] {
            assert!(question.contains(part), "{question}");
        }
        going.put(answer("yes, that is it"));
        let approved: Vec<_> = going.events.iter().filter(|event| {
            matches!(event, Event::Approved { check } if check.command == "python3 t.py")
        }).collect();
        assert_eq!(approved.len(), 1);
        assert!(going.told().contains("yes, that is it"), "{}", going.told());
        assert!(!going.machine.may_propose_check(), "it has one now");
        // Which one that is, and what is no use to change, is never left out.
        for turn in 0..6 {
            let text = turn.to_string().repeat(900);
            going.calls(&[("read", json!({ "path": turn.to_string() }))]).returns(&text, BASE);
        }
        let told = format!("{:?}", going.machine.told());
        assert!(!told.contains("0000") && told.contains("`python3 t.py` is the check now"));
        assert!(told.contains("changing them is of no use: t.py"), "{told}");
        going.calls(&[("write", json!({}))]).returns("made", CHANGED);
        going.calls(&[("finish", json!({ "summary": "made" }))]).checked(CheckVerdict::Failed);
        assert!(going.told().contains("the check (`python3 t.py`) fails"), "{}", going.told());
    }

    #[test]
    fn a_check_that_says_nothing_is_not_put_before_the_person() {
        for (verdict, word) in [
            (CheckVerdict::Passed, "says nothing about it"),
            (CheckVerdict::TimedOut, "did not end within"),
            (CheckVerdict::Broken("no python".to_owned()), "no python"),
        ] {
            let mut going = going();
            propose(&mut going).put(tried(verdict));
            assert!(going.told().contains(word), "{}", going.told());
            assert!(matches!(going.wants().1, Effect::Infer { .. }));
            assert!(going.machine.may_propose_check());
        }
    }

    #[test]
    fn what_the_person_says_against_it_is_told_and_nothing_is_approved() {
        let mut going = going();
        propose(&mut going).put(tried(CheckVerdict::Failed)).put(answer("no, test two lists"));
        assert!(going.told().contains("no, test two lists"), "{}", going.told());
        assert!(!going.events.iter().any(|event| matches!(event, Event::Approved { .. })));
        going.calls(&[("write", json!({}))]).returns("made", CHANGED);
        going.calls(&[("finish", json!({ "summary": "made" }))]).put(Reply::Unjudged);
        assert!(going.machine.ending().unwrap().note.contains("UNVERIFIED"));
    }

    #[test]
    fn it_is_only_offered_where_one_is_missing_and_somebody_can_say_yes() {
        let offers = |setup: Setup| {
            let machine = Going::new(setup).machine;
            super::super::own::tools(&machine).iter().any(|tool| tool.name == "propose_check")
        };
        assert!(offers(Setup { check: String::new(), ..setup() }));
        assert!(!offers(setup()));
        assert!(!offers(Setup { check: String::new(), questions: false, ..setup() }));
    }

    #[test]
    fn proposing_without_end_is_refused() {
        let mut going = going();
        for turn in 0..PROPOSALS {
            let check = json!({ "command": format!("test {turn}") });
            going.calls(&[("propose_check", check)]).put(tried(CheckVerdict::Passed));
        }
        propose(&mut going);
        assert!(going.told().contains("often enough"), "{}", going.told());
    }

    #[test]
    fn arguments_of_any_form_are_understood_or_refused_in_words() {
        let understand = |arguments: Value| {
            let (id, name) = ("1".to_owned(), "propose_check".to_owned());
            ProposedCheck::understand(&ToolCall { id, name, arguments, signatures: Vec::new() })
        };
        let many: Vec<String> = (0..17).map(|number| format!("t{number}")).collect();
        for wrong in [
            json!(null),
            json!({ "command": " " }),
            json!({ "command": 3 }),
            json!({ "command": "x".repeat(2_001) }),
            json!({ "command": "x", "files": "t.py" }),
            json!({ "command": "x", "files": [1] }),
            json!({ "command": "x", "files": many }),
        ] {
            assert!(understand(wrong.clone()).unwrap_err().starts_with("Not tried"), "{wrong}");
        }
        let right = understand(json!({ "command": " make t ", "files": ["b", "a", "b"] })).unwrap();
        let files = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(right, ProposedCheck { command: "make t".to_owned(), files });
        let none = understand(json!({ "command": "x", "files": null })).unwrap();
        assert!(none.files.is_empty());
    }

    #[test]
    fn what_the_person_says_before_it_is_tried_goes_first() {
        let mut going = going();
        propose(&mut going);
        let steered = Reply::Steered { text: "only the docs".to_owned(), begun: false };
        let input = crate::effect::Input {
            step: tenfold_domain::StepId(0),
            elapsed: Millis(1),
            left: None,
            reply: steered,
        };
        let events = going.machine.decide(input);
        events.iter().for_each(|event| going.machine.evolve(event));
        assert!(matches!(going.wants().1, Effect::Infer { .. }));
        assert!(going.told().contains("only the docs"), "{}", going.told());
        assert_eq!(going.machine.work().to_string(), BASE);
    }
}
