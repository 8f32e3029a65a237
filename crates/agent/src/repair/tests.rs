//! The machine against a world that is made up: a check that is a function of the files, a
//! model that knows a few lines.

use std::collections::BTreeMap;

use tenfold_code::{Edit, edit};
use tenfold_domain::{
    Answer, Ask, AttemptOutcome, CheckReport, CheckVerdict, Draws, Millis, OtherToken, Sample,
    Seed, StepId, TestName, TokenScore, Usage,
};

use super::candidates::Candidate;
use super::parts::Partial;
use super::{Event, Generator, Repair, Setup};
use crate::Machine;
use crate::effect::{Effect, Input, Reply, Source};

const TOTALS: &str = "\
def total(values):
    result = 0
    for value in values:
        result -= value
    return result


def mean(values):
    count = len(values)
    return total(values) * count
";

const TESTS: &str = "\
from totals import mean, total


def test_total():
    assert total([1, 2]) == 3


def test_mean():
    assert mean([1, 3]) == 2
";

/// A repository, its check, and a model, all made up.
struct World {
    files: BTreeMap<String, String>,
    /// Which of the lines that the model knows it says, by the line that stands there.
    known: BTreeMap<&'static str, &'static str>,
    /// The same, of what it says only when it looks deeper.
    deeper: BTreeMap<&'static str, &'static str>,
    /// What each test needs to find in `totals.py`.
    needs: Vec<(&'static str, &'static [&'static str])>,
    /// The line behind which the model would write more.
    more: Option<&'static str>,
    /// What the check says of each failing test.
    says: &'static str,
    /// Whether the check says at which line a test fails: one further for each need that is met.
    lines: bool,
    /// What mends every test by itself.
    either: Option<&'static str>,
    /// Whether the model says what it knows of a line only the first time.
    once: bool,
    runs: u32,
    steady: bool,
    /// What the person says, where the task has no check.
    unchecked: Option<&'static str>,
    /// In which order effects come to their ends; the oldest first, if nothing draws it.
    order: Option<Draws>,
    clock: u64,
    tick: u64,
}

impl World {
    fn new() -> Self {
        let files = [("totals.py", TOTALS), ("test_totals.py", TESTS)];
        Self {
            files: files.map(|(path, text)| (path.to_owned(), text.to_owned())).into(),
            known: BTreeMap::from([
                ("        result -= value\n", "        result += value\n"),
                ("    return total(values) * count\n", "    return total(values) / count\n"),
            ]),
            deeper: BTreeMap::new(),
            needs: vec![
                ("test_totals.py::test_total", &["result += value"]),
                ("test_totals.py::test_mean", &["result += value", "/ count"]),
            ],
            more: None,
            says: "assert False",
            lines: false,
            either: None,
            once: false,
            runs: 0,
            steady: true,
            unchecked: None,
            order: None,
            clock: 0,
            tick: 10,
        }
    }

    fn setup(&self) -> Setup {
        Setup {
            text: self.unchecked.unwrap_or_default().to_owned(),
            root: "/repo".to_owned(),
            check: self.unchecked.map_or("python -m pytest -q", |_| "").to_owned(),
            check_timeout: Millis(60_000),
            seed: Seed(7),
            time: Millis(120_000),
            candidates: 100,
            parallel: 2,
            infill: true,
            chat: true,
        }
    }

    fn check(&mut self, command: &str, edits: &[Edit]) -> Reply {
        self.runs += 1;
        // A command that names tests runs no others.
        let asked = |test: &str| !command.contains("::") || command.contains(test);
        let own: Vec<Edit> = edits.iter().filter(|e| e.path == "totals.py").cloned().collect();
        let text = edit::apply(&self.files["totals.py"], &own).unwrap();
        let mut failing: Vec<TestName> = self
            .needs
            .iter()
            .filter(|(test, _)| asked(test))
            .filter(|_| !self.either.is_some_and(|either| text.contains(either)))
            .filter(|(_, needs)| !needs.iter().all(|need| text.contains(need)))
            .map(|(test, _)| TestName((*test).to_owned()))
            .collect();
        if !self.steady && self.runs > 1 {
            failing.clear();
        }
        let mut output = String::new();
        if self.lines {
            output.push_str("==== FAILURES ====\n");
        }
        for (test, needs) in self.needs.iter().filter(|_| self.lines) {
            let met = needs.iter().take_while(|need| text.contains(**need)).count();
            let (name, line) = (test.split("::").last().unwrap(), 5 + met);
            output.push_str(&format!(
                "____ {name} ____\n\n>   assert x\nE   AssertionError\n\ntest_totals.py:{line}: AssertionError\n"
            ));
        }
        if self.lines {
            output.push_str("==== short test summary info ====\n");
        }
        for test in &failing {
            output.push_str(&format!("FAILED {test} - {}\n", self.says));
        }
        output.push_str(&format!("{} failed, 1 passed in 0.02s\n", failing.len()));
        let verdict = if failing.is_empty() { CheckVerdict::Passed } else { CheckVerdict::Failed };
        let exit_code = Some(i32::from(!failing.is_empty()));
        let (command, wall) = ("python -m pytest -q".to_owned(), Millis(300));
        let report =
            CheckReport { command, verdict, exit_code, failing, passed: Some(1), output, wall };
        Reply::Checked { report, output: None }
    }

    fn answer(&mut self, ask: &Ask) -> Option<Answer> {
        Some(match ask {
            Ask::Score(score) => {
                let token = |start: usize| TokenScore {
                    start: start as u32,
                    log_probability: -1.0,
                    others: vec![OtherToken { text: " ".to_owned(), log_probability: -0.5 }],
                };
                let tokens = (0..score.text.len()).step_by(4).map(token).collect();
                let more = self.more.map(|line| if score.text == line { 8.0 } else { -2.0 });
                Answer::Scored { tokens, more }
            }
            Ask::Infill(infill) => {
                let deep = infill.alternatives > 6;
                let lines = if deep { &mut self.deeper } else { &mut self.known };
                let opening = infill.prefix.lines().last().unwrap_or_default();
                let stands = infill.original.as_str();
                let known = lines.get(stands).or_else(|| lines.get(opening)).copied();
                if self.once {
                    lines.remove(stands);
                }
                let sample = |text: &&str| Sample {
                    text: (*text).to_owned(),
                    log_probability: -1.0,
                    tokens: 5,
                    ended: true,
                };
                Answer::Infilled {
                    original_log_probability: -6.0,
                    alternatives: known.iter().map(sample).collect(),
                }
            }
            Ask::Generate(_) | Ask::Turn(_) => Answer::Generated { samples: Vec::new() },
        })
    }

    fn reply(&mut self, effect: &Effect) -> Reply {
        match effect {
            Effect::Check(ask) => self.check(&ask.command, &ask.edits),
            Effect::Judge { .. } if self.unchecked.is_some() => Reply::Unjudged,
            Effect::Judge { edits } => self.check("python -m pytest -q", edits),
            Effect::Read => Reply::Sources {
                files: self
                    .files
                    .iter()
                    .map(|(path, text)| Source {
                        path: path.clone(),
                        text: text.clone(),
                        editable: !path.starts_with("test_"),
                    })
                    .collect(),
            },
            Effect::Infer { asks, .. } => Reply::Inferred {
                answers: asks.iter().map(|ask| self.answer(ask)).collect(),
                usage: Usage::default(),
                wall: Millis(500),
            },
            Effect::Ask { .. }
            | Effect::Offer { .. }
            | Effect::Tool { .. }
            | Effect::TryCheck { .. }
            | Effect::Submit { .. } => {
                unreachable!("a loop's: {effect:?}")
            }
        }
    }

    /// Works an attempt to its end. Returns its state, its events, and what came in.
    fn work(&mut self) -> (Repair, Vec<Event>, Vec<Input>) {
        let mut events = Repair::begin(self.setup());
        let mut machine = Repair::new(self.setup());
        events.iter().for_each(|event| machine.evolve(event));
        let mut inputs = Vec::new();
        for _ in 0..2_000 {
            let mut wants = machine.wants();
            if wants.is_empty() {
                break;
            }
            let next = self.order.as_mut().map_or(0, |draws| draws.below(wants.len()));
            let (step, effect) = wants.swap_remove(next);
            self.clock += self.tick;
            let reply = self.reply(&effect);
            let input = Input { step, elapsed: Millis(self.clock), left: None, reply };
            inputs.push(input.clone());
            let new = machine.decide(input);
            new.iter().for_each(|event| machine.evolve(event));
            events.extend(new);
        }
        (machine, events, inputs)
    }
}

fn outcome(machine: &Repair) -> AttemptOutcome {
    machine.ending().expect("the attempt ends").outcome
}

/// A test that meets both faults, one after the other.
fn one_behind_the_other() -> World {
    let mut world = World::new();
    world.needs = vec![("test_totals.py::test_mean", &["result += value", "/ count"])];
    world
}

#[test]
fn a_fault_behind_another_is_found_by_how_far_the_test_gets() {
    let mut world = World { lines: true, ..one_behind_the_other() };
    let (machine, events, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
    assert_eq!(machine.winner().unwrap().edits.len(), 2);
    let headway = |event: &&Event| matches!(event, Event::Tried { headway: true, .. });
    assert!(events.iter().any(|event| headway(&event)));
    // Where nothing tells the one from no change at all, both would have to be right at once.
    let (machine, ..) = one_behind_the_other().work();
    assert_eq!(outcome(&machine), AttemptOutcome::GaveUp);
}

#[test]
fn a_missing_line_is_looked_for_where_the_model_would_write_one() {
    let first_gap = |more: &'static str| {
        let mut world = World { more: Some(more), known: BTreeMap::new(), ..World::new() };
        let (machine, events, _) = world.work();
        let moves = events.iter().find_map(|event| match event {
            Event::Moved { moves, .. } => moves.iter().find(|m| m.generator == Generator::Gap),
            _ => None,
        });
        let gap = moves.expect("a gap is looked at");
        let above = &machine.here.targets[gap.target].units[gap.unit - 1];
        TOTALS.lines().nth(above.lines.start as usize).unwrap().trim()
    };
    assert_eq!(first_gap("    result = 0\n"), "result = 0");
    assert_eq!(first_gap("    count = len(values)\n"), "count = len(values)");
}

#[test]
fn one_wrong_line_is_found_and_mended() {
    let mut world = World::new();
    world.needs.truncate(1);
    let (machine, _, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
    let winner = machine.winner().unwrap();
    assert_eq!(winner.generator, Generator::Line);
    let mended = edit::apply(TOTALS, &winner.edits).unwrap();
    assert_eq!(mended, TOTALS.replace("-=", "+="));
}

#[test]
fn two_wrong_lines_are_mended_one_after_the_other() {
    let (machine, events, _) = World::new().work();
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
    assert!(events.iter().any(|event| matches!(event, Event::Rebased { .. })));
    let mended = edit::apply(TOTALS, &machine.winner().unwrap().edits).unwrap();
    assert_eq!(mended, TOTALS.replace("-=", "+=").replace("* count", "/ count"));
}

#[test]
fn what_the_model_does_not_know_ends_with_words_about_what_was_tried() {
    let mut world = World::new();
    world.known.clear();
    let (machine, _, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::GaveUp);
    assert!(machine.ending().unwrap().note.contains("total in totals.py"));
}

#[test]
fn a_part_is_named_when_the_rest_is_not_found() {
    let mut world = World::new();
    world.known.remove("    return total(values) * count\n");
    let (machine, _, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::GaveUp);
    let note = &machine.ending().unwrap().note;
    let part = "A part is mended by `result += value` in totals.py, line 4; one test still fails";
    assert!(note.contains(part), "{note}");
}

#[test]
fn a_check_that_passes_the_second_time_is_flaky() {
    let mut world = World::new();
    world.steady = false;
    let (machine, _, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::CheckFlaky);
    assert_eq!(world.runs, 2);
}

#[test]
fn defaults_of_parameters_are_looked_at() {
    let mut world = World::new();
    let text = TOTALS.replace("def mean(values):", "def mean(values, most=1):");
    world.files.insert("totals.py".to_owned(), text);
    world.known.clear();
    let (_, events, _) = world.work();
    let is_default = |ask: &Ask| matches!(ask, Ask::Score(score) if score.text.contains("most=1"));
    let asked = |event: &Event| {
        matches!(event, Event::Wanted { effect: Effect::Infer { asks, .. }, .. }
            if asks.iter().any(is_default))
    };
    assert!(events.iter().any(asked));
}

#[test]
fn what_is_written_anew_in_a_short_function_knows_of_its_neighbours() {
    let (_, events, _) = World::new().work();
    let told = |ask: &Ask| {
        let Ask::Infill(infill) = ask else { return None };
        let mean = infill.prefix.contains("\ndef mean(values):\n    count");
        mean.then(|| infill.prefix.starts_with("# def total(values)\n"))
    };
    let asked = events.iter().filter_map(|event| match event {
        Event::Wanted { effect: Effect::Infer { asks, .. }, .. } => Some(asks),
        _ => None,
    });
    let told: Vec<bool> = asked.flatten().filter_map(told).collect();
    assert!(!told.is_empty() && told.iter().all(|told| *told));
}

#[test]
fn a_name_that_nothing_sets_is_set_before_it_is_used() {
    let mut world = World::new();
    let text = TOTALS.replace("    count = len(values)\n", "").replace("-= value", "+= value");
    world.files.insert("totals.py".to_owned(), text);
    world.known = BTreeMap::from([("    count =", " len(values)\n")]);
    world.needs = vec![("test_totals.py::test_mean", &["\n    count = len(values)\n    return"])];
    world.says = "NameError: name 'count' is not defined";
    let (machine, _, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
}

/// A part that is none: it mends a test, breaks none, and the fault is elsewhere.
fn misleading() -> World {
    let mut world = World::new();
    world.known = BTreeMap::from([("        result -= value\n", "        result = value\n")]);
    world.deeper = BTreeMap::from([("        result -= value\n", "        result += value\n")]);
    world.needs = vec![
        ("test_totals.py::test_total", &["= value", "result += value"]),
        ("test_totals.py::test_mean", &["        result = value"]),
    ];
    world.either = Some("result += value");
    world
}

#[test]
fn a_part_that_leads_nowhere_is_gone_back_from() {
    let mut world = misleading();
    let (machine, events, _) = world.work();
    assert!(events.iter().any(|event| matches!(event, Event::Rebased { .. })));
    assert!(events.iter().any(|event| matches!(event, Event::Turned { .. })));
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
    let mended = edit::apply(TOTALS, &machine.winner().unwrap().edits).unwrap();
    assert!(mended.contains("result += value") && machine.here.parts == 0);
}

/// A part that is none, since it breaks a test that passed.
fn breaking() -> World {
    let mut world = World::new();
    world.known.remove("        result -= value\n");
    world.deeper = BTreeMap::from([("        result -= value\n", "        result += value\n")]);
    world.needs = vec![
        ("test_totals.py::test_total", &["result += value"]),
        ("test_totals.py::test_mean", &["/ count"]),
        ("test_totals.py::test_count", &["* count"]),
    ];
    world.either = Some("result += value");
    world
}

#[test]
fn a_part_that_breaks_another_test_is_not_gone_on_from() {
    let mut world = breaking();
    let (machine, events, _) = world.work();
    assert!(events.iter().any(|event| matches!(event, Event::Refuted { .. })));
    assert!(!events.iter().any(|event| matches!(event, Event::Rebased { .. })));
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
}

#[test]
fn a_part_that_breaks_little_for_what_it_mends_is_gone_on_from() {
    let mended: &'static [&'static str] = &["result += value"];
    let mut world = World::new();
    world.needs = vec![
        ("test_totals.py::test_total", mended),
        ("test_totals.py::test_some", mended),
        ("test_totals.py::test_more", mended),
        ("test_totals.py::test_mean", &["result -= value"]),
    ];
    world.either = Some(
        "result += value\n    return result\n\n\ndef mean(values):\n    count = len(values)\n    \
         return total(values) / count",
    );
    let (machine, events, _) = world.work();
    assert!(events.iter().any(|event| matches!(event, Event::Rebased { .. })));
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
    assert_eq!(machine.winner().unwrap().edits.len(), 2);
}

#[test]
fn what_mends_all_and_breaks_something_is_half_of_a_pair() {
    let mut world = World::new();
    world.files.insert("totals.py".to_owned(), TOTALS.replace("result = 0", "result = 1"));
    world.known.insert("    result = 1\n", "    result = 0\n");
    world.needs = vec![
        ("test_totals.py::test_total", &["result += value"]),
        ("test_totals.py::test_none", &["result -= value"]),
    ];
    world.either = Some("result = 0\n    for value in values:\n        result += value");
    let (machine, events, _) = world.work();
    assert!(events.iter().any(|event| matches!(event, Event::Judged { passed: false, .. })));
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
    assert_eq!(machine.winner().unwrap().edits.len(), 2);
}

#[test]
fn what_was_scored_and_does_not_surprise_is_less_likely_than_what_was_not() {
    let mut world = World::new();
    world.known.clear();
    let (mut machine, ..) = world.work();
    machine.here.surprise.clear();
    let at = |machine: &Repair| machine.at(0, 0);
    let unknown = at(&machine);
    let mut told = |nats: f32| {
        machine.here.surprise.insert((0, 0), nats);
        at(&machine)
    };
    // What is not at fault surprises by three nats on the average.
    let (little, usual, much) = (told(0.0), told(3.0), told(9.0));
    assert!(little < usual && usual < unknown && unknown < much);
}

#[test]
fn a_name_that_nothing_uses_is_hinted_at() {
    let mut world = World::new();
    world.files.insert("totals.py".to_owned(), TOTALS.replace(" * count", ""));
    world.needs = vec![("test_totals.py::test_mean", &["/ count"])];
    let (_, events, _) = world.work();
    let asks = events.iter().flat_map(|event| match event {
        Event::Wanted { effect: Effect::Infer { asks, .. }, .. } => asks.as_slice(),
        _ => &[],
    });
    let hinted = |ask: &Ask, line: &str| match ask {
        Ask::Infill(ask) if ask.original == line => Some(ask.hints.clone()),
        _ => None,
    };
    let of = |line: &str| asks.clone().find_map(|ask| hinted(ask, line)).expect("it is asked");
    assert_eq!(of("    return total(values)\n"), ["count"]);
    assert_eq!(of("    return result\n"), [""; 0]);
}

#[test]
fn two_faults_that_hide_each_other_are_mended_together() {
    let mut world = World::new();
    let text = TOTALS.replace("result = 0", "result = 1");
    world.files.insert("totals.py".to_owned(), text);
    world.known.insert("    result = 1\n", "    result = 0\n");
    world.needs = vec![("test_totals.py::test_total", &["result = 0", "result += value"])];
    let (machine, events, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
    assert!(events.iter().any(|event| matches!(event, Event::Paired { .. })));
    assert!(machine.here.parts == 0 && machine.winner().unwrap().edits.len() == 2);
}

#[test]
fn what_was_thought_of_before_is_put_on_top_of_a_part() {
    let mut world = World::new();
    // Only what was asked before the part was found gives the second line.
    world.once = true;
    let (machine, events, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
    assert!(events.iter().any(|event| matches!(event, Event::Rebased { .. })));
}

#[test]
fn a_place_that_a_part_left_as_it_was_is_asked_about_once() {
    let mut world = World::new();
    world.known.remove("    return total(values) * count\n");
    let (_, events, _) = world.work();
    assert!(events.iter().any(|event| matches!(event, Event::Rebased { .. })));
    let asks = events.iter().flat_map(|event| match event {
        Event::Wanted { effect: Effect::Infer { asks, .. }, .. } => asks.as_slice(),
        _ => &[],
    });
    let score = |line: &str| {
        let own = |ask: &&Ask| matches!(ask, Ask::Score(score) if score.text == line);
        asks.clone().filter(own).count()
    };
    assert_eq!(score("    count = len(values)\n"), 1);
    // What the part is in reads otherwise now.
    assert_eq!(score("    result = 0\n"), 2);
}

#[test]
fn a_part_that_mends_more_tests_is_likelier_right() {
    let credence = |more: &[&'static str]| {
        let mut world = World::new();
        let mended: &'static [&'static str] = &["result += value"];
        world.needs.extend(more.iter().map(|test| (*test, mended)));
        let (_, events, _) = world.work();
        let part = events.iter().find_map(|event| match event {
            Event::Rebased { credence, .. } => Some(*credence),
            _ => None,
        });
        part.expect("a part is gone on from")
    };
    let (one, most) =
        (credence(&[]), credence(&["test_totals.py::test_a", "test_totals.py::test_b"]));
    assert!(one < most && most < 1.0, "{one} {most}");
}

#[test]
fn of_many_changes_in_one_place_that_mend_the_same_each_is_less_likely_right() {
    let mut world = World::new();
    world.known.clear();
    let (mut machine, ..) = world.work();
    let left = vec![TestName("test_totals.py::test_mean".to_owned())];
    let part = |id: u32, line: u32| {
        let with = format!("    result = {id}\n");
        let edit = Edit { path: "totals.py".to_owned(), lines: line..line + 1, with };
        let (generator, edits) = (Generator::Token, vec![edit]);
        let candidate = Candidate {
            id,
            generator,
            target: 0,
            unit: None,
            edits,
            merit: 0.0,
            key: u64::from(id),
        };
        Partial { candidate, mended: 1, left: left.clone() }
    };
    let alone = machine.credence(&part(1, 3), &left, 0);
    // What gets a test further, past what it compares, is likelier right than what does not.
    assert!(machine.credence(&part(1, 3), &left, 6) > 2.0 * alone);
    machine.here.partial = vec![part(2, 8)];
    assert!((machine.credence(&part(1, 3), &left, 0) - alone).abs() < 1e-9);
    machine.here.partial = vec![part(2, 8), part(3, 3), part(4, 3)];
    assert!((machine.credence(&part(1, 3), &left, 0) - alone / 3.0).abs() < 1e-9);
}

#[test]
fn whatever_ends_first_an_attempt_comes_to_its_end() {
    for world in [World::new, misleading, breaking] {
        for seed in 0..40 {
            let mut world = World { order: Some(Seed(seed).draws()), ..world() };
            let (machine, events, _) = world.work();
            assert_eq!(outcome(&machine), AttemptOutcome::Finished, "seed {seed}");
            let mut folded = Repair::new(world.setup());
            events.iter().for_each(|event| folded.evolve(event));
            assert!(folded == machine, "seed {seed}");
        }
    }
}

#[test]
fn of_several_that_pass_the_likeliest_is_proposed_whichever_ends_first() {
    let mut overtaken = 0;
    for seed in 0..40 {
        let mut world = World { order: Some(Seed(seed).draws()), ..World::new() };
        world.needs = vec![("test_totals.py::test_total", &["mended"])];
        world.known = BTreeMap::from([
            ("        result -= value\n", "        mended += value\n"),
            ("    return result\n", "    return mended\n"),
        ]);
        let (machine, events, _) = world.work();
        let merit = |id: u32| {
            let all = events.iter().filter_map(|event| match event {
                Event::Gathered { candidates, .. } => Some(candidates),
                _ => None,
            });
            all.flatten().find(|candidate| candidate.id == id).map(|known| known.merit)
        };
        let ended = events.iter().filter_map(|event| match event {
            Event::Tried { candidate, passed: true, .. } => Some(*candidate),
            _ => None,
        });
        let ended: Vec<u32> = ended.collect();
        let winner = machine.winner().expect("one is proposed").candidate;
        assert!(ended.iter().all(|other| merit(*other) <= merit(winner)), "seed {seed}");
        overtaken += usize::from(ended[0] != winner);
    }
    assert!(overtaken > 0, "the likeliest is not always the first to end");
}

/// A change of a statement of the first target, which has not been checked.
fn change(id: u32, unit: usize) -> Candidate {
    let (generator, edits) = (Generator::Token, Vec::new());
    let key = u64::from(id);
    Candidate { id, generator, target: 0, unit: Some(unit), edits, merit: -6.0, key }
}

/// That a change was checked.
fn tried(candidate: u32, failing: Option<&str>, broken: bool) -> Event {
    let failing = failing.map(|test| vec![TestName(test.to_owned())]);
    Event::Tried { candidate, failing, passed: false, headway: false, broken, wall: Millis(300) }
}

#[test]
fn what_mends_half_of_the_tests_points_at_its_statement() {
    let mut world = World::new();
    world.known.clear();
    let (mut machine, ..) = world.work();
    let before = machine.at(0, 1);
    machine.here.pool = vec![change(2, 1), change(3, 2)];
    machine.trying.insert(StepId(900), change(1, 1));
    machine.fold(&tried(1, Some("test_totals.py::test_mean"), false));
    assert!(machine.at(0, 1) > 2.0 * before);
    let best = machine.here.pool.last().map(|best| (best.id, best.merit > -6.0));
    assert_eq!(best, Some((2, true)));
}

#[test]
fn what_does_not_compile_is_not_tried_on_top_of_a_part() {
    let mut world = World::new();
    world.known.clear();
    let (mut machine, ..) = world.work();
    let known = machine.here.checked.len();
    for (id, broken, more) in [(901, true, 0), (902, false, 1)] {
        machine.trying.insert(StepId(id), change(id, 1));
        machine.fold(&tried(id, None, broken));
        assert_eq!(machine.here.checked.len(), known + more);
    }
}

#[test]
fn a_statement_that_does_nothing_is_no_candidate() {
    let mut world = World::new();
    world.needs = vec![("test_totals.py::test_total", &["        value\n"])];
    world.known = BTreeMap::from([("        result -= value\n", "        value\n")]);
    let (machine, ..) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::GaveUp);
}

#[test]
fn what_mends_none_of_the_tests_that_were_run_is_no_part() {
    let mut world = World::new();
    world.known = BTreeMap::from([("        result -= value\n", "        result -= 1\n")]);
    world.needs = (0..20)
        .map(|n| -> &'static str { format!("test_totals.py::test_total[{n:02}]").leak() })
        .map(|test| (test, &["result += value"][..]))
        .collect();
    let (machine, events, _) = world.work();
    assert!(events.iter().any(|event| matches!(event, Event::Tried { failing: Some(_), .. })));
    assert!(machine.here.partial.is_empty() && machine.others.is_empty());
}

#[test]
fn a_check_that_passes_twice_leaves_nothing_to_do() {
    let mut world = World::new();
    world.needs.clear();
    let (machine, _, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::NothingToDo);
    assert_eq!(world.runs, 2);
}

#[test]
fn without_a_check_nothing_is_said_to_have_passed() {
    let mut world = World::new();
    world.unchecked = Some("`total` has the wrong sign");
    let (machine, events, _) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::Finished);
    assert_eq!(world.runs, 0);
    assert!(machine.winner().is_some());
    assert!(machine.ending().unwrap().note.starts_with("Unverified"));
    assert!(!events.iter().any(|event| matches!(event, Event::Judged { .. })));
}

#[test]
fn time_ends_the_search() {
    let mut world = World::new();
    world.known.clear();
    world.tick = 30_000;
    let (machine, _, inputs) = world.work();
    assert_eq!(outcome(&machine), AttemptOutcome::LimitTime);
    assert!(inputs.len() <= 6, "{}", inputs.len());
}

#[test]
fn a_fold_of_the_events_is_the_state_and_the_inputs_give_the_events_again() {
    let mut world = World::new();
    let (machine, events, inputs) = world.work();
    let text: Vec<String> =
        events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();

    let mut folded = Repair::new(world.setup());
    for line in &text {
        folded.evolve(&serde_json::from_str(line).unwrap());
    }
    assert_eq!(folded, machine);

    let mut again = Repair::begin(world.setup());
    let mut replayed = Repair::new(world.setup());
    again.iter().for_each(|event| replayed.evolve(event));
    for input in inputs {
        let input = serde_json::from_str(&serde_json::to_string(&input).unwrap()).unwrap();
        let new = replayed.decide(input);
        new.iter().for_each(|event| replayed.evolve(event));
        again.extend(new);
    }
    let again: Vec<String> =
        again.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    assert_eq!(again, text);
}

#[test]
fn after_any_event_the_same_effects_are_wanted_as_before_the_crash() {
    let (_, events, _) = World::new().work();
    let mut machine = Repair::new(World::new().setup());
    for event in &events {
        machine.evolve(event);
        let text = serde_json::to_string(&machine.wants()).unwrap();
        let mut recovered = Repair::new(World::new().setup());
        let known = events.iter().take_while(|other| !std::ptr::eq(*other, event));
        known.for_each(|event| recovered.evolve(event));
        recovered.evolve(event);
        assert_eq!(serde_json::to_string(&recovered.wants()).unwrap(), text);
    }
}
