//! The steps of an attempt: what each is, by pages, and outputs whole.

use serde_json::json;
use tenfold_desk::task::{Phase, Step, output, steps};
use tenfold_domain::{
    AttemptEvent, AttemptId, AttemptOutcome, EgressEvent, Energy, Fact, Millis, NanoUsd, Peer,
    ProblemKind, Said, StepEvent, StepId, Timestamp, ToolCall, Usage,
};
use tenfold_engine::{CompactTerms, Trajectories, compact};
use tenfold_store::About;

use crate::home::{Home, commit, ended, made, of, report};
use crate::schema::fits;

fn said(attempt: AttemptId, said: &Said) -> Fact {
    let change = json!({ "change": "said", "said": said });
    of(attempt, AttemptEvent::Advanced { change })
}

fn set_up(attempt: AttemptId, output: &str) -> Fact {
    let reply = json!({ "setup": "ran", "command": "make deps", "report": report(output) });
    let (usage, cost, wall) = (Usage::default(), NanoUsd(3), Millis(900));
    let event = StepEvent::Result { reply, usage, cost, wall, energy: Energy::NONE };
    Fact::Step { attempt, step: StepId(1), event }
}

fn call(id: &str, name: &str, arguments: serde_json::Value) -> ToolCall {
    ToolCall { id: id.to_owned(), name: name.to_owned(), arguments, signatures: Vec::new() }
}

fn result(call: &str, text: &str) -> Said {
    Said::Tool { call: call.to_owned(), text: text.to_owned() }
}

fn all(home: &Home, attempt: AttemptId) -> Vec<Step> {
    let told = steps((&home.view(), &Trajectories::default()), attempt, None, 500).unwrap();
    fits("Steps", &told);
    told.steps
}

fn events_of(home: &Home, attempt: AttemptId) -> u64 {
    home.view().each_event(About::Attempt(attempt).into()).count() as u64
}

#[test]
fn each_step_has_its_phase_and_a_title_of_one_line() {
    let home = Home::new();
    let attempt = home.begin(home.task("fix it"));
    let calls = vec![
        call("1", "read", json!({ "path": "src/m.py" })),
        call("2", "run", json!({ "command": "make\ntest" })),
    ];
    let to = Peer { host: "a.test".to_owned(), port: 443, method: None };
    let event = EgressEvent::Refused { to, why: "no rule".to_owned() };
    home.record(vec![
        set_up(attempt, "\x1b[31mdone\x1b[0m"),
        said(attempt, &Said::Person { text: "mind\nthe zero".to_owned() }),
        said(attempt, &Said::Model { text: "\n I look.\nThen I run.".to_owned(), calls }),
        said(attempt, &result("1", "x = 1")),
        Fact::Egress { attempt, step: StepId(2), event },
        said(attempt, &result("2", "failed")),
        made(attempt, commit('c')),
        ended(attempt, AttemptOutcome::Finished),
    ]);
    let told = all(&home, attempt);
    let lines: Vec<_> = told.iter().map(|step| (step.phase, step.title.as_str())).collect();
    assert_eq!(
        lines,
        [
            (Phase::Setup, "Setup passed: `make deps`"),
            (Phase::Person, "mind"),
            (Phase::Think, "I look."),
            (Phase::Read, "Read src/m.py"),
            (Phase::Egress, "CONNECT a.test:443: refused: no rule"),
            (Phase::Command, "Run make test"),
            (Phase::Proposal, "Proposed, verified"),
            (Phase::End, "The end: finished"),
        ]
    );
    let setup = &told[0];
    assert_eq!(setup.output.as_deref(), Some("\x1b[31mdone\x1b[0m"));
    assert_eq!((setup.step, setup.wall_ms, setup.cost_nano_usd), (Some(1), Some(900), Some(3)));
    assert_eq!((setup.ok, told[4].ok, told[1].ok), (Some(true), Some(false), None));
    assert_eq!(told[2].text.as_deref(), Some("\n I look.\nThen I run."));
    assert!(told[5].detail.as_ref().unwrap().contains("make\\ntest"));
    assert!(told.iter().enumerate().all(|(index, step)| step.index == index));
}

#[test]
fn pages_hold_every_step_once() {
    let home = Home::new();
    let attempt = home.begin(home.task("fix it"));
    for number in 0..25 {
        let arguments = json!({ "path": number.to_string() });
        let calls = vec![call("same", "read", arguments)];
        let model = Said::Model { text: String::new(), calls };
        home.record(vec![said(attempt, &model), said(attempt, &result("same", "x"))]);
    }
    let whole = all(&home, attempt);
    assert_eq!(whole.len(), 50);
    assert_eq!(whole[49].title, "Read 24");
    let kept = Trajectories::default();
    let (mut paged, mut past) = (Vec::new(), None);
    loop {
        let page = steps((&home.view(), &kept), attempt, past, 7).unwrap();
        assert!(page.steps.len() <= 7);
        paged.extend(page.steps);
        past = page.next;
        if past.is_none() {
            break;
        }
    }
    assert_eq!(paged, whole);
    let none = steps((&home.view(), &kept), attempt, Some(usize::MAX), 7).unwrap();
    assert!(none.steps.is_empty());
    assert_eq!(kept.events_read(), events_of(&home, attempt), "it is read once for all pages");
}

#[test]
fn long_outputs_are_cut_and_can_be_had_by_themselves() {
    let home = Home::new();
    let attempt = home.begin(home.task("fix it"));
    let long = "ü".repeat(1 << 20);
    home.record(vec![set_up(attempt, &long), set_up(attempt, "short")]);
    let step = &all(&home, attempt)[0];
    assert_eq!((step.output.as_ref().unwrap().len(), step.output_bytes), (64 << 10, 2 << 20));
    let kept = Trajectories::default();
    let whole = output((&home.view(), &kept), attempt, 0).unwrap();
    assert_eq!((whole.text.len(), whole.bytes, whole.is_cut), (1 << 20, 2 << 20, true));
    let short = output((&home.view(), &kept), attempt, 1).unwrap();
    assert_eq!((short.text.as_str(), short.is_cut), ("short", false));
    let none = output((&home.view(), &kept), attempt, 2).unwrap_err();
    assert_eq!(none.problem().kind, ProblemKind::NotFound);
    let other = AttemptId { number: 9, ..attempt };
    let none = steps((&home.view(), &kept), other, None, 7).unwrap_err();
    assert_eq!(none.problem().kind, ProblemKind::NotFound);
}

#[test]
fn what_is_kept_is_bounded_and_those_that_nobody_reads_go_first() {
    let home = Home::new();
    let attempts: Vec<AttemptId> = (0..3).map(|_| home.begin(home.task("fix it"))).collect();
    let long = "x".repeat(100 << 10);
    attempts.iter().for_each(|attempt| home.record(vec![set_up(*attempt, &long)]));
    let (kept, view) = (Trajectories::within(250 << 10), home.view());
    let read = |attempt: AttemptId| {
        let before = kept.events_read();
        steps((&view, &kept), attempt, None, 7).unwrap();
        kept.events_read() > before
    };
    let [one, two, three] = attempts[..] else { panic!() };
    assert!(read(one) && read(two) && !read(one) && !read(two));
    assert!(read(three), "there is room for two");
    assert!(!read(two) && read(one) && !read(two) && read(three));
}

#[test]
fn what_was_taken_out_of_the_journal_is_told_no_more() {
    let home = Home::new();
    let attempt = home.begin(home.task("fix it"));
    home.record(vec![set_up(attempt, "done"), ended(attempt, AttemptOutcome::GaveUp)]);
    let kept = Trajectories::default();
    let titles = |view: &tenfold_store::View| -> Vec<String> {
        let told = steps((view, &kept), attempt, None, 500).unwrap();
        told.steps.into_iter().map(|step| step.title).collect()
    };
    assert_eq!(titles(&home.view()), ["Setup passed: `make deps`", "The end: gave up"]);
    let Home { house, store, .. } = home;
    drop(store);
    let terms = CompactTerms { older_than: Millis(0), unfinished: false };
    compact(&house.places, terms, Timestamp(u64::MAX)).unwrap();
    let told = titles(&house.reader().unwrap().unwrap().view().unwrap());
    assert_eq!((told.len(), told[0].as_str()), (2, "The end: gave up"), "{told:?}");
    assert!(told[1].starts_with("Its steps (") && told[1].contains("dropped/"), "{told:?}");
}
