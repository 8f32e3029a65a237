//! The machine against replies that are made up.

use std::sync::Arc;

use serde_json::{Value, json};
use tenfold_domain::{
    Answer, Ask, AttemptOutcome, CheckReport, CheckVerdict, CommitId, Guidance, Millis, NanoUsd,
    OfferedTool, Said, Seed, Shell, StepId, ToolCall, ToolSpec, Usage,
};

use super::{Event, Setup, ToolLoop};
use crate::Machine;
use crate::effect::{Effect, Input, Reply};

pub(super) const BASE: &str = "1111111111111111111111111111111111111111";
pub(super) const CHANGED: &str = "2222222222222222222222222222222222222222";

fn commit(text: &str) -> CommitId {
    text.parse().unwrap()
}

pub(super) fn setup() -> Setup {
    Setup {
        text: "mend it".into(),
        root: "/srv/work".into(),
        check: "pytest".into(),
        check_timeout: Millis(60_000),
        protected: vec!["tests".into()],
        may_edit: Vec::new(),
        base: commit(BASE),
        start: None,
        overview: "a.py".into(),
        role: String::new(),
        instructions: String::new(),
        guidance: Guidance::default(),
        servers: Vec::new(),
        questions: true,
        seed: Seed(7),
        time: Millis(600_000),
        turns: 12,
        turn_tokens: 500,
        memory: 4_000,
        tools: Vec::new(),
    }
}

/// An attempt under way, and all that was put in.
pub(super) struct Going {
    pub(super) machine: ToolLoop,
    pub(super) events: Vec<Event>,
    pub(super) inputs: Vec<Input>,
}

impl Going {
    pub(super) fn new(setup: Setup) -> Self {
        let events = ToolLoop::begin(setup.clone());
        let mut machine = ToolLoop::new(setup);
        events.iter().for_each(|event| machine.evolve(event));
        Self { machine, events, inputs: Vec::new() }
    }

    pub(super) fn wants(&self) -> (StepId, Effect) {
        let mut wants = self.machine.wants();
        assert_eq!(wants.len(), 1, "{wants:?}");
        wants.remove(0)
    }

    pub(super) fn put(&mut self, reply: Reply) -> &mut Self {
        let (step, _) = self.wants();
        let elapsed = Millis(1_000 * (self.inputs.len() as u64 + 1));
        let left = Some(NanoUsd(1_234_567_890));
        let input = Input { step, elapsed, left, reply };
        let events = self.machine.decide(input.clone());
        events.iter().for_each(|event| self.machine.evolve(event));
        self.inputs.push(input);
        self.events.extend(events);
        self
    }

    pub(super) fn checked(&mut self, verdict: CheckVerdict) -> &mut Self {
        let output = "FAILED test_a.py::test_b - assert 1 == 2\n".to_owned();
        let (failing, command) = (Vec::new(), "pytest".to_owned());
        let (exit_code, passed, wall) = (Some(1), Some(3), Millis(200));
        let report = CheckReport { command, verdict, exit_code, failing, passed, output, wall };
        self.put(Reply::Checked { report, output: None })
    }

    /// The model says something and calls tools.
    pub(super) fn calls(&mut self, calls: &[(&str, Value)]) -> &mut Self {
        let said = self.machine.said.len();
        let calls = calls.iter().enumerate().map(|(index, (name, arguments))| ToolCall {
            id: format!("{said}-{index}"),
            name: (*name).to_owned(),
            arguments: arguments.clone(),
            signatures: Vec::new(),
        });
        let (text, calls) = ("Well.".to_owned(), calls.collect());
        let answers = vec![Some(Answer::Turned { text, calls, ended: true })];
        self.put(Reply::Inferred { answers, usage: Usage::default(), wall: Millis(5) })
    }

    pub(super) fn returns(&mut self, text: &str, at: &str) -> &mut Self {
        self.put(Reply::Returned { text: text.to_owned(), at: commit(at), shell: None })
    }

    pub(super) fn outcome(&self) -> Option<AttemptOutcome> {
        self.machine.ending().map(|ending| ending.outcome)
    }

    /// What the model was told last.
    pub(super) fn told(&self) -> String {
        match &**self.machine.told().last().unwrap() {
            Said::Person { text } | Said::Tool { text, .. } | Said::Model { text, .. } => {
                text.clone()
            }
        }
    }
}

#[test]
fn work_that_passes_the_check_is_finished_and_work_that_fails_is_told_why() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    assert!(going.told().contains("test_a.py::test_b"), "{}", going.told());
    going.calls(&[("read", json!({"path": "a.py"}))]).returns("    1  x", BASE);
    going.calls(&[("edit", json!({"path": "a.py"}))]).returns("changed", CHANGED);
    going.calls(&[("finish", json!({"summary": "mended"}))]);
    assert!(matches!(going.wants().1, Effect::Submit { work } if work == commit(CHANGED)));
    going.checked(CheckVerdict::Failed);
    assert!(going.told().starts_with("Not done"), "{}", going.told());
    going.calls(&[("finish", json!({"summary": "mended"}))]).checked(CheckVerdict::Passed);
    assert_eq!(going.outcome(), Some(AttemptOutcome::Finished));
    let note = &going.machine.ending().unwrap().note;
    assert!(note.contains("checked 2 times") && note.ends_with("mended"), "{note}");
}

#[test]
fn the_same_inputs_give_the_same_events_to_the_byte() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    going.calls(&[("plan", json!({"plan": "1. look"})), ("list", json!({"path": "."}))]);
    going.returns("a.py", BASE);
    going.calls(&[("write", json!({"path": "b.py", "text": "x"}))]).returns("made", CHANGED);
    going.calls(&[("finish", json!({"summary": "s"}))]).checked(CheckVerdict::Passed);
    let mut events = ToolLoop::begin(setup());
    let mut machine = ToolLoop::new(setup());
    events.iter().for_each(|event| machine.evolve(event));
    for input in going.inputs.clone() {
        let more = machine.decide(input);
        more.iter().for_each(|event| machine.evolve(event));
        events.extend(more);
    }
    let bytes = |events: &[Event]| serde_json::to_string(events).unwrap();
    assert_eq!(bytes(&events), bytes(&going.events));
    // A fold of what was recorded is the state itself.
    let mut folded = ToolLoop::new(setup());
    let read: Vec<Event> = serde_json::from_str(&bytes(&events)).unwrap();
    read.iter().for_each(|event| folded.evolve(event));
    assert_eq!(folded, going.machine);
}

#[test]
fn calls_of_one_turn_are_performed_one_after_the_other() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Passed);
    going.calls(&[("list", json!({"path": "."})), ("read", json!({"path": "a"}))]);
    let name = |going: &Going| match going.wants().1 {
        Effect::Tool { call, .. } => call.name,
        other => format!("{other:?}"),
    };
    assert_eq!(name(&going), "list");
    going.returns("a", BASE);
    assert_eq!(name(&going), "read");
    going.returns("x", BASE);
    assert!(matches!(going.wants().1, Effect::Infer { .. }));
}

#[test]
fn what_a_command_leaves_is_handed_to_the_next_one_and_is_in_the_record() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Passed);
    let given = |going: &Going| match going.wants().1 {
        Effect::Tool { shell, .. } => shell,
        other => panic!("{other:?}"),
    };
    going.calls(&[("run", json!({"command": "cd a; export B=1"})), ("run", json!({}))]);
    assert!(given(&going).is_fresh());
    let set = [("B".to_owned(), "1".to_owned())].into();
    let left = Shell { dir: "a".to_owned(), set, ..Shell::default() };
    let (text, at) = ("ran".to_owned(), commit(BASE));
    going.put(Reply::Returned { text, at, shell: Some(left.clone()) });
    assert_eq!(given(&going), left);
    going.returns("ran", BASE);
    assert_eq!(going.calls(&[("run", json!({}))]).machine.shell, left, "nothing else was left");
    let recorded = serde_json::to_string(&going.events).unwrap();
    assert_eq!(recorded.matches(r#"{"dir":"a","set":{"B":"1"}}"#).count(), 1, "{recorded}");
    let mut folded = ToolLoop::new(setup());
    let read: Vec<Event> = serde_json::from_str(&recorded).unwrap();
    read.iter().for_each(|event| folded.evolve(event));
    assert_eq!(folded.wants(), going.machine.wants());
}

#[test]
fn of_a_thousand_calls_in_one_turn_a_few_are_performed() {
    let mut going = Going::new(setup());
    let calls = vec![("list", json!({"path": "."})); 1_000];
    going.checked(CheckVerdict::Passed).calls(&calls);
    let mut performed = 0;
    while matches!(going.wants().1, Effect::Tool { .. }) {
        performed += 1;
        going.returns("a", BASE);
    }
    assert_eq!(performed, 16);
    assert!(matches!(going.wants().1, Effect::Infer { .. }));
}

#[test]
fn a_model_that_makes_no_way_is_stuck_and_one_that_goes_on_meets_its_limit() {
    let mut silent = Going::new(setup());
    silent.checked(CheckVerdict::Failed).calls(&[]).calls(&[]);
    assert_eq!(silent.outcome(), None);
    assert_eq!(silent.calls(&[]).outcome(), Some(AttemptOutcome::Stuck));

    let mut same = Going::new(setup());
    same.checked(CheckVerdict::Failed);
    for _ in 0..3 {
        assert_eq!(same.outcome(), None);
        same.calls(&[("read", json!({"path": "a"}))]).returns("nothing", BASE);
    }
    assert_eq!(same.outcome(), Some(AttemptOutcome::Stuck));

    let mut busy = Going::new(setup());
    busy.checked(CheckVerdict::Failed);
    for turn in 0..12 {
        assert_eq!(busy.outcome(), None);
        busy.calls(&[("read", json!({"path": turn.to_string()}))]).returns("x", BASE);
    }
    assert_eq!(busy.outcome(), Some(AttemptOutcome::LimitSteps));
}

#[test]
fn done_without_a_change_is_not_done_and_giving_up_is_an_end() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed).calls(&[("finish", json!({"summary": "done!"}))]);
    assert!(going.told().contains("No file was changed"), "{}", going.told());
    going.calls(&[("finish", json!({"summary": "no way", "solved": false}))]);
    assert_eq!(going.outcome(), Some(AttemptOutcome::GaveUp));
    assert!(going.machine.ending().unwrap().note.contains("no way"));
}

#[test]
fn what_is_too_much_to_repeat_is_left_out_but_for_task_plan_and_the_last_turn() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    going.calls(&[("plan", json!({"plan": "first look, then mend"}))]);
    for turn in 0..6 {
        let text = turn.to_string().repeat(900);
        going.calls(&[("read", json!({"path": turn.to_string()}))]).returns(&text, BASE);
    }
    assert!(going.machine.size() < setup().memory, "{}", going.machine.size());
    let told = going.machine.told();
    let texts: Vec<String> = told.iter().map(|said| format!("{said:?}")).collect();
    assert!(texts[0].contains("mend it"), "{}", texts[0]);
    assert!(
        texts.iter().any(|text| text.contains("first look, then mend") && text.contains("Person"))
    );
    assert!(!texts.iter().any(|text| text.contains("0000")));
    assert!(texts.iter().any(|text| text.contains("5555")));
    let Effect::Infer { asks, .. } = going.wants().1 else { panic!("no turn") };
    let [tenfold_domain::Ask::Turn(turn)] = &asks[..] else { panic!("no turn") };
    assert!(turn.instructions.contains("put back as they were before the check runs, so"));
    assert!(turn.instructions.contains("of no use: tests."), "{}", turn.instructions);
}

#[test]
fn without_a_check_work_is_unverified_and_an_empty_task_that_passes_needs_none() {
    let mut going = Going::new(Setup { check: String::new(), ..setup() });
    going.calls(&[("write", json!({"path": "a"}))]).returns("made", CHANGED);
    going.calls(&[("finish", json!({"summary": "made"}))]).put(Reply::Unjudged);
    assert_eq!(going.outcome(), Some(AttemptOutcome::Finished));
    assert!(going.machine.ending().unwrap().note.contains("UNVERIFIED"));
    let mut idle = Going::new(Setup { text: String::new(), ..setup() });
    assert_eq!(idle.checked(CheckVerdict::Passed).outcome(), Some(AttemptOutcome::NothingToDo));
}

/// A model that has changed something, and then only looks at it, again and again.
fn at_work(baseline: CheckVerdict) -> Going {
    let mut going = Going::new(setup());
    going.checked(baseline).calls(&[("write", json!({"path": "a"}))]).returns("made", CHANGED);
    going
}

fn looks(going: &mut Going, times: usize) {
    for _ in 0..times {
        going.calls(&[("read", json!({"path": "a"}))]).returns("the same", CHANGED);
    }
}

#[test]
fn work_of_a_model_that_repeats_itself_goes_before_the_judge_once() {
    let mut done = at_work(CheckVerdict::Failed);
    looks(&mut done, 2);
    assert!(matches!(done.wants().1, Effect::Submit { work } if work == commit(CHANGED)));
    assert_eq!(done.checked(CheckVerdict::Passed).outcome(), Some(AttemptOutcome::Finished));
    let note = &done.machine.ending().unwrap().note;
    assert!(note.contains("did not say that it is done"), "{note}");

    // One that fails is told so, and goes on; it is not looked at again unless it changes.
    let mut wrong = at_work(CheckVerdict::Failed);
    looks(&mut wrong, 2);
    wrong.checked(CheckVerdict::Failed);
    assert!(wrong.told().contains("so your work was checked. Not done"), "{}", wrong.told());
    looks(&mut wrong, 1);
    assert_eq!(wrong.outcome(), Some(AttemptOutcome::Stuck));

    // It was seen already, or a check that passed before would be content with anything.
    let mut seen = at_work(CheckVerdict::Failed);
    seen.calls(&[("finish", json!({"summary": "made"}))]).checked(CheckVerdict::Failed);
    looks(&mut seen, 3);
    assert_eq!(seen.outcome(), Some(AttemptOutcome::Stuck));
    let mut passed = at_work(CheckVerdict::Passed);
    looks(&mut passed, 3);
    assert_eq!(passed.outcome(), Some(AttemptOutcome::Stuck));

    // What the person says then goes first.
    let mut steered = at_work(CheckVerdict::Failed);
    looks(&mut steered, 2);
    let reply = Reply::Steered { text: "also b".to_owned(), begun: false };
    let input = Input { step: StepId(0), elapsed: Millis(1), left: None, reply };
    let events = steered.machine.decide(input);
    events.iter().for_each(|event| steered.machine.evolve(event));
    assert!(matches!(steered.wants().1, Effect::Infer { .. }));
}

#[test]
fn work_of_a_model_that_has_had_all_its_turns_goes_before_the_judge() {
    let with = |verdict| {
        let mut going = Going::new(Setup { turns: 2, ..setup() });
        going.checked(CheckVerdict::Failed);
        going.calls(&[("write", json!({"path": "a"}))]).returns("made", CHANGED);
        looks(&mut going, 1);
        going.checked(verdict).outcome()
    };
    assert_eq!(with(CheckVerdict::Passed), Some(AttemptOutcome::Finished));
    assert_eq!(with(CheckVerdict::Failed), Some(AttemptOutcome::LimitSteps));
}

#[test]
fn a_tool_that_came_to_the_same_twice_is_not_offered_the_next_time() {
    let mut going = Going::new(Setup { tools: vec![tool("read"), tool("write")], ..setup() });
    let offered = |going: &Going| match going.wants().1 {
        Effect::Infer { asks, .. } => match &asks[..] {
            [tenfold_domain::Ask::Turn(turn)] => {
                turn.tools.iter().map(|tool| tool.name.clone()).collect::<Vec<_>>()
            }
            _ => panic!("not a turn"),
        },
        other => panic!("{other:?}"),
    };
    going.checked(CheckVerdict::Failed);
    for times in 1..=2 {
        going.calls(&[("read", json!({"path": "a"}))]).returns("the same", BASE);
        let has = |name: &str| offered(&going).iter().any(|offered| offered == name);
        assert_eq!((has("read"), has("write"), has("finish")), (times < 2, true, true));
    }
    going.calls(&[("write", json!({"path": "a"}))]).returns("made", CHANGED);
    assert!(offered(&going).contains(&"read".to_owned()));
}

fn tool(name: &str) -> Arc<tenfold_domain::ToolSpec> {
    let (name, about, parameters) = (name.to_owned(), String::new(), json!({}));
    Arc::new(tenfold_domain::ToolSpec { name, about, parameters })
}

#[test]
fn arguments_of_any_form_are_taken() {
    for arguments in [json!(null), json!([1]), json!("x"), json!({"summary": 3, "plan": {}})] {
        let mut going = Going::new(setup());
        going.checked(CheckVerdict::Failed).calls(&[("plan", arguments.clone())]);
        assert!(matches!(going.wants().1, Effect::Infer { .. }));
        going.calls(&[("finish", arguments)]);
        assert!(matches!(going.wants().1, Effect::Infer { .. }));
    }
}

#[test]
fn an_answer_that_broke_off_is_asked_for_once_more_and_not_twice() {
    let lost = || Reply::Lost { why: "the answer broke off".to_owned() };
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed).put(lost());
    assert!(matches!(going.wants().1, Effect::Infer { .. }));
    // One that came whole in between makes it two misfortunes, not one that lasts.
    going.calls(&[("read", json!({"path": "a"}))]).returns("x", BASE).put(lost());
    assert_eq!(going.outcome(), None);
    going.put(lost());
    assert_eq!(going.outcome(), Some(AttemptOutcome::ProviderFailed));
    assert!(going.machine.ending().unwrap().note.contains("broke off twice"));
}

#[test]
fn what_a_model_was_asked_that_failed_is_still_wanted_when_the_attempt_goes_on() {
    let refused =
        || Reply::Inferred { answers: vec![None], usage: Usage::default(), wall: Millis(5) };
    let lost = || Reply::Lost { why: "the answer broke off".to_owned() };
    let failed = || Reply::Failed { model: true, why: "it died".to_owned() };
    for replies in [vec![refused()], vec![lost(), lost()], vec![failed()]] {
        let mut going = Going::new(setup());
        going.checked(CheckVerdict::Failed);
        for reply in replies {
            going.put(reply);
        }
        assert_eq!(going.outcome(), Some(AttemptOutcome::ProviderFailed));
        let mut goes_on = ToolLoop::new(setup());
        let events = going.events.iter().filter(|event| !matches!(event, Event::Ended { .. }));
        events.for_each(|event| goes_on.evolve(event));
        assert!(matches!(goes_on.wants().as_slice(), [(_, Effect::Infer { .. })]));
    }
}

#[test]
fn a_question_waits_for_its_answer_which_is_never_left_out() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    going.calls(&[("ask", json!({"question": "Round up or down?"}))]);
    assert!(matches!(going.wants().1, Effect::Ask { question } if question == "Round up or down?"));
    going.put(Reply::Answered { text: "Down, always.".to_owned() });
    assert!(going.told().contains("Round up or down?\nThe answer: Down, always."));
    for turn in 0..6 {
        let text = turn.to_string().repeat(900);
        going.calls(&[("read", json!({"path": turn.to_string()}))]).returns(&text, BASE);
    }
    let told = format!("{:?}", going.machine.told());
    assert!(!told.contains("0000") && told.contains("Down, always."), "{told}");

    let mut alone = Going::new(Setup { questions: false, ..setup() });
    alone.checked(CheckVerdict::Failed).calls(&[("ask", json!({"question": "Which?"}))]);
    assert!(alone.told().contains("Nobody answers"), "{}", alone.told());
    assert!(matches!(alone.wants().1, Effect::Infer { .. }));
}

/// The person says something, while what is wanted runs or before it does.
fn steer(going: &mut Going, text: &str, begun: bool) {
    let reply = Reply::Steered { text: text.to_owned(), begun };
    let events =
        going.machine.decide(Input { step: StepId(0), elapsed: Millis(0), left: None, reply });
    events.iter().for_each(|event| going.machine.evolve(event));
    going.events.extend(events);
}

#[test]
fn the_persons_words_are_heard_before_the_next_step_and_never_left_out() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    // While the model thinks: what it wants to do then is not done before it has heard.
    steer(&mut going, "Not the parser!", true);
    going.calls(&[("write", json!({"path": "parser"})), ("read", json!({"path": "a"}))]);
    assert!(matches!(going.wants().1, Effect::Infer { .. }));
    let told = format!("{:?}", going.machine.told());
    assert_eq!(told.matches("Not performed").count(), 2, "{told}");
    assert!(going.told().ends_with("Not the parser!"), "{}", going.told());
    // While a tool runs: the calls that are left are let be.
    going.calls(&[("read", json!({"path": "a"})), ("read", json!({"path": "b"}))]);
    steer(&mut going, "Look at c.", true);
    going.returns("x", BASE);
    assert!(matches!(going.wants().1, Effect::Infer { .. }));
    assert!(going.told().ends_with("Look at c."), "{}", going.told());
    for turn in 0..6 {
        let text = turn.to_string().repeat(900);
        going.calls(&[("read", json!({"path": turn.to_string()}))]).returns(&text, BASE);
    }
    let told = format!("{:?}", going.machine.told());
    assert!(!told.contains("0000") && told.contains("Not the parser!"), "{told}");
    assert_eq!(going.machine.steered(), 2);
}

#[test]
fn what_has_not_begun_is_let_be_when_the_person_says_something() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    let before = going.wants().0;
    steer(&mut going, "Mind the units.", false);
    assert_eq!(going.wants().0, before);
    assert!(going.told().ends_with("Mind the units."), "{}", going.told());
    going.calls(&[("run", json!({"command": "rm -r ."}))]);
    steer(&mut going, "Remove nothing!", false);
    assert!(matches!(going.wants().1, Effect::Infer { .. }));
    assert!(going.told().ends_with("Remove nothing!"), "{}", going.told());
}

#[test]
fn work_that_passes_is_not_finished_while_the_person_has_not_been_heard() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    going.calls(&[("write", json!({"path": "a"}))]).returns("made", CHANGED);
    going.calls(&[("finish", json!({"summary": "made"}))]);
    steer(&mut going, "In two files, please.", true);
    going.checked(CheckVerdict::Passed);
    assert_eq!(going.outcome(), None);
    assert!(going.told().ends_with("In two files, please."), "{}", going.told());
    going.calls(&[("finish", json!({"summary": "made"}))]).checked(CheckVerdict::Passed);
    assert_eq!(going.outcome(), Some(AttemptOutcome::Finished));
}

#[test]
fn an_answer_and_what_was_said_before_it_are_both_heard() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    going.calls(&[("ask", json!({"question": "Up or down?"}))]);
    steer(&mut going, "Be quick.", false);
    assert!(matches!(going.wants().1, Effect::Ask { .. }));
    going.put(Reply::Answered { text: "Up.".to_owned() });
    let told = format!("{:?}", going.machine.told());
    assert!(told.contains("The answer: Up.") && told.contains("Be quick."), "{told}");
}

#[test]
fn what_is_left_out_can_be_read_back() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    let offers_recall = |going: &Going| match going.wants().1 {
        Effect::Infer { asks, .. } => format!("{asks:?}").contains("Read back earlier turns"),
        other => panic!("{other:?}"),
    };
    assert!(!offers_recall(&going));
    for turn in 0..6 {
        let text = format!("{} needle-{turn}\n{}", turn, "x".repeat(900));
        going.calls(&[("read", json!({"path": turn.to_string()}))]).returns(&text, BASE);
    }
    assert!(offers_recall(&going));
    assert!(!format!("{:?}", going.machine.told()).contains("needle-0"));
    going.calls(&[("recall", json!({"text": "NEEDLE-0"}))]);
    assert!(going.told().starts_with("turn 1: 0 needle-0"), "{}", going.told());
    going.calls(&[("recall", json!({"turn": 2}))]);
    assert!(going.told().contains("You called read {\"path\":\"1\"}"), "{}", going.told());
    assert!(going.told().contains("needle-1"), "{}", going.told());
    going.calls(&[("recall", json!({}))]);
    assert!(going.told().contains("turn 1: read {\"path\":\"0\"}"), "{}", going.told());
    going.calls(&[("recall", json!({"turn": 99}))]);
    assert!(going.told().starts_with("Turn 99 is not left out"), "{}", going.told());
}

/// A tool that a server offers, described in so many bytes.
fn offered(name: &str, bytes: usize) -> OfferedTool {
    let parameters = json!({"type": "object", "properties": {}});
    let name = format!("mcp__docs__{name}");
    let spec = ToolSpec { name, about: "x".repeat(bytes), parameters };
    OfferedTool { spec, server: "docs".into(), tool: "t".into(), reads: false }
}

#[test]
fn what_servers_offer_is_asked_first_recorded_and_told_within_bounds() {
    let setup = Setup { servers: vec!["docs".into(), "web".into()], ..setup() };
    let mut going = Going::new(setup.clone());
    let effect = going.wants().1;
    let Effect::Offer { servers, at } = &effect else { panic!("{effect:?}") };
    assert_eq!((servers.len(), at), (2, &commit(BASE)));
    let tools = vec![offered("find", 10), offered("long", 3_000), offered("get", 10)];
    let missing = vec!["web: it ended (exit code 1)".to_owned()];
    going.put(Reply::Offered { tools, missing }).checked(CheckVerdict::Failed);
    let told = going.told();
    for words in ["MCP servers that may be used: docs, web", "Not to be had: web: it ended"] {
        assert!(told.contains(words), "{told}");
    }
    assert!(told.contains("Not to be had: mcp__docs__long (to describe"), "{told}");
    let Effect::Infer { asks, .. } = going.wants().1 else { panic!() };
    let Ask::Turn(turn) = &asks[0] else { panic!() };
    let names: Vec<&str> = turn.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names[..2], ["mcp__docs__find", "mcp__docs__get"]);
    let mut folded = ToolLoop::new(setup);
    going.events.iter().for_each(|event| folded.evolve(event));
    assert_eq!(folded, going.machine);
    assert_eq!(folded.offered().len(), 2);
}

#[test]
fn with_each_result_the_model_sees_what_turns_time_and_money_are_left() {
    let mut going = Going::new(setup());
    going.checked(CheckVerdict::Failed);
    going.calls(&[("read", json!({"path": "a"}))]).returns("x", BASE);
    assert!(
        going.told().ends_with("\n[turn 1 of 12, 9 min 57 s and $1.2345 left]"),
        "{}",
        going.told()
    );
}
