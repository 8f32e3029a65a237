//! An engine that dies at any commit, before it or after it, and once more while it goes on from
//! there: what comes of it is what would have come of it, and all that was paid is accounted for.
//!
//! Each life is a process of its own, which runs a real engine and ends itself by `abort`: the
//! model and the checks end with it, a command of the agent's goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tenfold_domain::{AttemptEvent, EffectKind, Fact, StepEvent, StepId, TaskId, TaskState};
use tenfold_engine::{Engine, EngineConfig, How, Places};
use tenfold_store::{About, Store, Surroundings};
use tenfold_test_support::{Fault, Rule, Script};

use crate::ground::{CHECK, Ground, RIGHT, fake_model, wait_for};
use crate::tool_loop::{RUN, rule, script};

/// At which moment a life ends, from zero; and for how long it lives.
const LIFE: &str = "TENFOLD_TEST_LIFE";
/// It lives to its end.
const FOR_EVER: u64 = u64::MAX;

#[test]
#[ignore = "the process that dies, of the tests below"]
fn a_life() {
    let Ok(at) = std::env::var(LIFE) else { return };
    let at: u64 = at.parse().unwrap();
    let moments = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&moments);
    let surroundings = Surroundings::default().with_fate(move |_| {
        if count.fetch_add(1, Ordering::Relaxed) == at {
            std::process::abort();
        }
        Ok(())
    });
    let places = Places::from_env(|name| std::env::var_os(name)).unwrap();
    let count_file = places.data.join("moments");
    let config = EngineConfig {
        places,
        program: env!("CARGO_BIN_EXE_tenfold").into(),
        allow_below_a: false,
        model_command: Some((fake_model(), Vec::new())),
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let engine = Arc::new(Engine::open_in(config, surroundings).await.unwrap());
        let task = TaskId::new(1).unwrap();
        if engine.store().view().unwrap().task(task).unwrap().unwrap().state == TaskState::ToReview
        {
            return;
        }
        engine.begin(task, How::default()).unwrap();
        let mut watching = engine.watch(Some(task));
        while watching.next().await.is_some() {}
    });
    std::fs::write(count_file, moments.load(Ordering::Relaxed).to_string()).unwrap();
}

/// A task that is asked for, and lives that work on it.
struct Lives {
    ground: Ground,
    script: Script,
}

impl Lives {
    fn new(strategy: &str, rules: Vec<Rule>) -> Self {
        let ground = Ground::new();
        let script = script(&ground, rules, &[]);
        let add = ["add", "median is wrong", "--strategy", strategy, "--check", CHECK];
        ground.tenfold(&add).expect(0, &[]);
        Self { ground, script }
    }

    fn live(&self, at: u64) -> ExitStatus {
        let mut command = self.ground.dressed(Command::new(std::env::current_exe().unwrap()));
        command.args(["--ignored", "--exact", "crash::a_life"]).env(LIFE, at.to_string());
        command.stdout(std::process::Stdio::null()).status().unwrap()
    }

    fn moments(&self) -> u64 {
        std::fs::read_to_string(self.ground.path("data/moments")).unwrap().parse().unwrap()
    }

    /// What is proposed.
    fn diff(&self) -> String {
        let said = self.ground.tenfold(&["diff", "1"]);
        said.expect(0, &[]);
        said.out
    }

    /// Holds that each question that a model was asked is in the accounts, and that nothing was
    /// begun more often than the journal says. Returns what a loop wanted, one thing after another;
    /// what a repair tries depends on how long its checks took.
    fn audit(&self, what: &str) -> Vec<String> {
        let reader = Store::read_only(&self.ground.path("data/tenfold.db")).unwrap();
        let view = reader.view().unwrap();
        let mut questions: BTreeMap<StepId, usize> = BTreeMap::new();
        let mut wishes = Vec::new();
        let (mut open, mut paid) = (BTreeSet::new(), 0);
        let (mut commands, mut begun) = (BTreeSet::new(), 0);
        for event in view.each_event(About::Task(TaskId::new(1).unwrap()).into()) {
            match event.unwrap().fact {
                Fact::Attempt { event: AttemptEvent::Advanced { change }, .. } => {
                    if change["change"] == "wanted" && change["effect"].is_string() {
                        wishes.push(change.to_string());
                    }
                    if let Some(step) = change["step"].as_u64() {
                        let asks = change["effect"]["asks"].as_array().map_or(1, Vec::len);
                        questions.entry(StepId(step as u32)).or_insert(asks);
                    }
                }
                Fact::Step { step, event: StepEvent::Intent { kind, .. }, .. } => {
                    if kind == EffectKind::Model {
                        open.insert(step);
                    } else if kind == EffectKind::Tool {
                        commands.insert(step);
                        begun += 1;
                    }
                }
                Fact::Step { step, .. } if open.remove(&step) => paid += questions[&step],
                _ => {}
            }
        }
        let asked = self.script.asked().unwrap().len();
        assert!(asked <= paid, "{what}: {asked} questions, and {paid} in the accounts");
        assert!(open.is_empty(), "{what}: {open:?} have no end");
        assert_eq!(commands.len(), begun, "{what}: no command is begun twice");
        self.ground.tenfold(&["store", "check"]).expect(0, &[]);
        wishes
    }
}

/// Dies at every moment of the work, and at some moment of going on from each.
fn whenever_it_dies(strategy: &str, rules: fn() -> Vec<Rule>) {
    let whole = Lives::new(strategy, rules());
    assert!(whole.live(FOR_EVER).success());
    let (moments, expected) = (whole.moments(), whole.diff());
    let wishes = whole.audit("a whole life");
    let next = AtomicU64::new(0);
    let try_all = || loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        if at >= moments {
            break;
        }
        let lives = Lives::new(strategy, rules());
        assert!(!lives.live(at).success(), "it dies at {at} of {moments}");
        let again = at * 7 % moments;
        let _ = lives.live(again);
        assert!(lives.live(FOR_EVER).success(), "after {at} and {again} it goes on");
        let what = format!("after {at} and {again} of {moments}");
        assert_eq!(lives.diff(), expected, "{what}");
        assert_eq!(lives.audit(&what), wishes, "{what}");
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..2).map(|_| scope.spawn(try_all)).collect();
        all.into_iter().for_each(|one| one.join().unwrap());
    });
}

#[test]
fn a_repair_that_dies_at_any_commit_goes_on() {
    whenever_it_dies("repair", || {
        let original = Some(crate::ground::WRONG.to_owned());
        vec![Rule { original, answers: vec![RIGHT.to_owned()], ..Rule::default() }]
    });
}

#[test]
fn a_loop_that_dies_at_any_commit_goes_on() {
    whenever_it_dies("loop", || {
        let mend = "sed -i 's/ordered.middle. + ordered.middle + 1./ordered[middle - 1] + \
                    ordered[middle]/' stats.py; echo ran >> runs; printf 'all-%s\\n' mended";
        vec![
            rule("all-mended\n", "finish", json!({ "summary": "mended" })),
            rule("middle + 1", "run", json!({ "command": mend })),
            rule("", "read", json!({ "path": "stats.py" })),
        ]
    });
}

/// A number of seconds that no other command on this machine sleeps for.
fn seconds() -> String {
    format!("2.{:09}", std::process::id())
}

/// The processes whose arguments hold this.
fn alive(mark: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let named = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    named.filter(|pid| arguments(*pid).split(' ').any(|word| word == mark)).collect()
}

fn arguments(pid: i32) -> String {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

fn parent(pid: i32) -> Option<i32> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}

/// A coworker whose command takes a while, and its engine killed in the middle of that.
fn killed_in_a_command(ground: &Ground) -> String {
    let seconds = seconds();
    let mend = |then: &str| {
        json!({ "command": format!(
            "sed -i 's/ordered.middle. + ordered.middle + 1./ordered[middle - 1] + \
             ordered[middle]/' stats.py; echo ran >> runs; {then} printf 'all-%s\\n' mended"
        )})
    };
    let rules = vec![
        rule("all-mended\n", "finish", json!({ "summary": "mended" })),
        rule("outcome unknown", "run", mend("")),
        rule("", "run", mend(&format!("sleep {seconds};"))),
    ];
    script(ground, rules, &[]);
    let mut child = ground.command(&RUN).spawn().unwrap();
    wait_for("the command to begin", || !alive(&seconds).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    seconds
}

#[test]
fn a_command_whose_engine_is_killed_goes_on_and_its_end_is_picked_up() {
    let ground = Ground::new();
    let seconds = killed_in_a_command(&ground);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    assert!(alive(&seconds).is_empty());
    let log = ground.tenfold(&["log", "1"]);
    assert_eq!(log.out.matches("run {").count(), 1, "{}", log.out);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    let diff = ground.tenfold(&["diff", "1"]);
    assert_eq!(diff.out.matches("+ran").count(), 1, "{}", diff.out);
    assert_eq!(ground.path("data/work").read_dir().unwrap().count(), 0, "nothing is left of it");
}

#[test]
fn of_a_command_that_is_killed_with_its_engine_it_is_said_that_nobody_knows() {
    let ground = Ground::new();
    let seconds = killed_in_a_command(&ground);
    let command = alive(&seconds);
    let line = std::iter::successors(command.first().copied(), |pid| parent(*pid));
    let shim = line.into_iter().find(|pid| arguments(*pid).contains("sandbox-shim")).unwrap();
    kill(Pid::from_raw(shim), Signal::SIGKILL).unwrap();
    wait_for("the command to end with it", || alive(&seconds).is_empty());
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    ground.tenfold(&["log", "1", "--json"]).expect(0, &["outcome unknown", "It was not run again"]);
    let diff = ground.tenfold(&["diff", "1"]);
    assert_eq!(diff.out.matches("+ran").count(), 1, "{}", diff.out);
}

#[test]
fn a_command_that_nobody_wants_any_more_is_ended_by_the_next_engine() {
    let ground = Ground::new();
    let seconds = killed_in_a_command(&ground);
    // A task of another attempt is begun, so that this one is set aside.
    script(&ground, vec![rule("", "finish", json!({ "summary": "no", "solved": false }))], &[]);
    ground.tenfold(&["retry", "1"]).expect(1, &[]);
    assert!(alive(&seconds).is_empty());
}

#[test]
fn what_a_call_may_have_cost_counts_as_spent_once_the_next_engine_is_there() {
    let ground = Ground::new();
    let script = ground.script(&[Fault::Hang { at: 1 }]);
    let mut child = ground.command(&["run", "--check", CHECK]).spawn().unwrap();
    wait_for("a question to the model", || !script.asked().unwrap_or_default().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    let failed =
        || ground.tenfold(&["log", "1", "--json"]).out.matches("interrupted; what").count();
    assert_eq!(failed(), 0);
    // Any command that changes something makes its process the engine.
    ground.tenfold(&["steer", "1", "hurry"]).expect(0, &[]);
    assert_eq!(failed(), 1);
    ground.tenfold(&["steer", "1", "no, take your time"]).expect(0, &[]);
    assert_eq!(failed(), 1, "once");
}
