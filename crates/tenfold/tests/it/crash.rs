//! An engine that dies at any commit, before it or after it, and once more while it goes on from
//! there, or whose disk fails then: what comes of it is what would have come of it, and all that
//! was paid is accounted for.
//!
//! Each life is a process of its own, which runs a real engine and ends itself by `abort`: the
//! model and the checks end with it, a command of the agent's goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tenfold_domain::{
    AttemptEvent, EffectKind, Fact, Progress, StepEvent, StepId, TaskId, TaskState,
};
use tenfold_engine::{Engine, EngineConfig, How, Places, Surroundings};
use tenfold_store::{About, Moment, Store, StoreError};
use tenfold_test_support::http::Gate;
use tenfold_test_support::{self as scripted, Rule, Script};

use crate::ground::{CHECK, Ground, RIGHT, fake_model, wait_for};
use crate::tool_loop::{RUN, rule, script};
use crate::{gate, hosted, supervision};

/// What befalls a life, and at which moment, from zero.
const LIFE: &str = "TENFOLD_TEST_LIFE";

/// What befalls a life.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Nothing,
    /// It ends.
    Dies,
    /// From then on nothing can be recorded.
    DiskFull,
    /// It is not heard that something was recorded.
    Unheard,
    /// Two commits, one after the other, can't be recorded; then there is room again.
    FullForAMoment,
}

impl Fault {
    const ALL: [Self; 5] =
        [Self::Nothing, Self::Dies, Self::DiskFull, Self::Unheard, Self::FullForAMoment];

    /// At the moment with this number, if it is to come at this one.
    fn befall(self, moment: Moment, now: u64, at: u64) -> Result<(), StoreError> {
        let path = "the journal".into();
        match (self, moment) {
            (Self::Dies, _) if now == at => std::process::abort(),
            (Self::DiskFull, Moment::Before) if now >= at => Err(StoreError::DiskFull { path }),
            (Self::FullForAMoment, Moment::Before) if (at..at + 2).contains(&now) => {
                Err(StoreError::DiskFull { path })
            }
            (Self::Unheard, Moment::After) if now == at => {
                Err(StoreError::DiskFails { path, detail: "EIO".to_owned() })
            }
            _ => Ok(()),
        }
    }
}

#[test]
#[ignore = "the process that dies, of the tests below"]
fn a_life() {
    let Ok(told) = std::env::var(LIFE) else { return };
    let (fault, at) = told.split_once(' ').unwrap();
    let fault = Fault::ALL[fault.parse::<usize>().unwrap()];
    let at: u64 = at.parse().unwrap();
    let moments = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&moments);
    let store = tenfold_store::Surroundings::default()
        .with_fate(move |moment| fault.befall(moment, count.fetch_add(1, Ordering::Relaxed), at));
    let surroundings = Surroundings::default().with_store(store);
    let places = Places::from_env(|name| std::env::var_os(name)).unwrap();
    let said = places.data.join("said");
    let lived = tokio::runtime::Runtime::new().unwrap().block_on(live(places, surroundings));
    let lived = lived.err().unwrap_or_else(|| moments.load(Ordering::Relaxed).to_string());
    std::fs::write(said, lived).unwrap();
}

/// An engine that works on the first task, as far as it comes. Else it says why not.
async fn live(places: Places, surroundings: Surroundings) -> Result<(), String> {
    let config = EngineConfig {
        room: None,
        places,
        program: env!("CARGO_BIN_EXE_tenfold").into(),
        allow_below_a: false,
        model_command: Some((fake_model(), Vec::new())),
    };
    let opened = Engine::open_in(config, surroundings).await;
    let engine = Arc::new(opened.map_err(|error| error.to_string())?);
    let task = TaskId::new(1).unwrap();
    if engine.store().view().unwrap().task(task).unwrap().unwrap().state == TaskState::ToReview {
        return Ok(());
    }
    engine.begin(task, How::default()).map_err(|error| error.to_string())?;
    let mut watching = engine.watch(Some(task));
    while let Some(progress) = watching.next().await {
        if let Progress::Failed { problem, .. } = progress {
            engine.look_around().await;
            let view = engine.store().view().unwrap();
            let held = view.ledger().unwrap().holds().len();
            return Err(format!("{} ({} set aside)", problem.what, held));
        }
    }
    Ok(())
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

    fn live(&self, fault: Fault, at: u64) -> ExitStatus {
        let mut command = self.ground.dressed(Command::new(std::env::current_exe().unwrap()));
        command.args(["--ignored", "--exact", "crash::a_life"]);
        command.env(LIFE, format!("{} {at}", fault as usize));
        command.stdout(std::process::Stdio::null()).status().unwrap()
    }

    /// A life that nothing befalls.
    fn live_on(&self) {
        assert!(self.live(Fault::Nothing, 0).success());
    }

    /// What the last life said at its end: how many moments it had, or what it failed by.
    fn said(&self) -> String {
        std::fs::read_to_string(self.ground.path("data/said")).unwrap()
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

/// A whole life, and as many others as it has moments; each is handed to `other` with its moment
/// and what came of the whole one.
fn at_every_moment(
    strategy: &str,
    rules: fn() -> Vec<Rule>,
    other: impl Fn(&Lives, u64, u64) -> String + Sync,
) {
    let whole = Lives::new(strategy, rules());
    whole.live_on();
    let moments: u64 = whole.said().parse().unwrap();
    let (expected, wishes) = (whole.diff(), whole.audit("a whole life"));
    let next = AtomicU64::new(0);
    let try_all = || loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        if at >= moments {
            break;
        }
        let lives = Lives::new(strategy, rules());
        let what = other(&lives, at, moments);
        lives.live_on();
        assert_eq!(lives.diff(), expected, "{what}");
        assert_eq!(lives.audit(&what), wishes, "{what}");
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..2).map(|_| scope.spawn(try_all)).collect();
        all.into_iter().for_each(|one| one.join().unwrap());
    });
}

/// Dies at every moment of the work, and at some moment of going on from each.
fn whenever_it_dies(strategy: &str, rules: fn() -> Vec<Rule>) {
    at_every_moment(strategy, rules, |lives, at, moments| {
        if lives.live(Fault::Dies, at).success() {
            // How many moments a repair has depends on which of its checks end together.
            let had: u64 = lives.said().parse().unwrap();
            assert!(had <= at, "it dies at {at} of {had}");
        }
        let again = at * 7 % moments;
        let _ = lives.live(Fault::Dies, again);
        format!("after {at} and {again} of {moments}")
    });
}

/// A loop that mends by a command.
fn that_mends() -> Vec<Rule> {
    let mend = "sed -i 's/ordered.middle. + ordered.middle + 1./ordered[middle - 1] + \
                ordered[middle]/' stats.py; echo ran >> runs; printf 'all-%s\\n' mended";
    vec![
        rule("all-mended\n", "finish", json!({ "summary": "mended" })),
        rule("middle + 1", "run", json!({ "command": mend })),
        rule("", "read", json!({ "path": "stats.py" })),
    ]
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
    whenever_it_dies("loop", that_mends);
}

#[test]
fn a_full_disk_ends_the_work_loudly_and_loses_nothing() {
    at_every_moment("loop", that_mends, |lives, at, moments| {
        assert!(lives.live(Fault::DiskFull, at).success());
        // After the last moment at which it records anything it is of no account.
        if at < moments - 1 {
            assert!(lives.said().contains("the disk is full"), "at {at}: {}", lives.said());
        }
        format!("with a full disk from {at} of {moments} on")
    });
}

#[test]
fn what_could_not_be_recorded_at_the_end_of_the_work_is_made_up_for_by_an_engine_that_stays() {
    at_every_moment("loop", that_mends, |lives, at, moments| {
        assert!(lives.live(Fault::FullForAMoment, at).success());
        let said = lives.said();
        assert!(!said.contains("disk is full") || said.contains("(0 set aside)"), "{at}: {said}");
        assert!(at % 2 == 1 || at >= moments - 3 || said.contains("disk is full"), "{at}: {said}");
        format!("with a full disk at {at} of {moments}")
    });
}

#[test]
fn a_commit_that_nobody_heard_of_ends_the_work_loudly_and_counts() {
    at_every_moment("loop", that_mends, |lives, at, moments| {
        assert!(lives.live(Fault::Unheard, at).success());
        // Every second moment is one after a commit.
        if at % 2 == 1 {
            assert!(lives.said().contains("EIO"), "at {at}: {}", lives.said());
        }
        format!("unheard at {at} of {moments}")
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

/// A coworker in the middle of a command that takes a while; and what the command sleeps for.
fn in_a_command(ground: &Ground) -> (Child, String) {
    let seconds = seconds();
    let mend = |then: &str| {
        json!({ "command": format!(
            "sed -i 's/ordered.middle. + ordered.middle + 1./ordered[middle - 1] + \
             ordered[middle]/' stats.py; echo ran >> runs; {then} printf 'all-%s\\n' mended"
        )})
    };
    let rules = vec![
        rule("all-mended\n", "finish", json!({ "summary": "mended" })),
        rule("It was not run again", "run", mend("")),
        rule("", "run", mend(&format!("sleep {seconds};"))),
    ];
    script(ground, rules, &[]);
    let child = ground.command(&RUN).spawn().unwrap();
    wait_for("the command to begin", || !alive(&seconds).is_empty());
    (child, seconds)
}

/// The same, and its engine killed there.
fn killed_in_a_command(ground: &Ground) -> String {
    let (mut child, seconds) = in_a_command(ground);
    child.kill().unwrap();
    child.wait().unwrap();
    seconds
}

#[test]
fn of_a_command_that_the_person_stopped_it_is_said_that_they_did() {
    let ground = Ground::new();
    let (mut child, seconds) = in_a_command(&ground);
    ground.tenfold(&["stop", "1"]).expect(0, &["stopped"]);
    child.wait().unwrap();
    assert!(alive(&seconds).is_empty());
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    let log = ground.tenfold(&["log", "1", "--json"]);
    log.expect(0, &["the person stopped the work", "It was not run again"]);
    assert!(!log.out.contains("outcome unknown"), "{}", log.out);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    let diff = ground.tenfold(&["diff", "1"]);
    assert_eq!(diff.out.matches("+ran").count(), 1, "{}", diff.out);
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
fn a_request_whose_engines_die_is_made_twice_and_once_more_only_if_the_person_says_so() {
    let mut asked = 0;
    let (ground, server) = gate::ground(&[], move |request| {
        asked += 1;
        let reply = hosted::that_mends(request);
        // A gate of its own for each: one that a client has gone from lets nobody wait.
        if asked < 4 { reply.through(&Gate::new()) } else { reply }
    });
    let killed_at = |request: usize, words: &[&str]| {
        let mut child = ground.command(words).spawn().unwrap();
        server.wait_asked(request);
        child.kill().unwrap();
        child.wait().unwrap();
    };
    killed_at(1, &supervision::RUN);
    killed_at(2, &["continue", "1"]);
    ground.tenfold(&["continue", "1"]).expect(9, &["may have been paid for"]);
    assert_eq!(server.requests().len(), 2);
    killed_at(3, &["continue", "1"]);
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    assert_eq!(server.requests().len(), 6);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
}

#[test]
fn what_a_call_may_have_cost_counts_as_spent_once_the_next_engine_is_there() {
    let ground = Ground::new();
    let script = ground.script(&[scripted::Fault::Hang { at: 1 }]);
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
