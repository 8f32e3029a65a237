//! The gate before a provider: requests of all tasks wait there for their turn.

use std::io::{BufRead, BufReader};
use std::process::Child;

use serde_json::Value;
use tenfold_domain::{EffectKind, Fact, StepEvent, TaskId};
use tenfold_store::{About, Store};
use tenfold_test_support::http::{Failure, Gate, HttpModel, Reply, Request};

use crate::ground::{Ground, wait_for};
use crate::hosted::that_mends;
use crate::interruption::interrupt;
use crate::supervision::{RUN, said, spawn};

/// A ground that knows a model which reacts so, and of which this is said.
pub(crate) fn ground(
    limits: &[&str],
    react: impl FnMut(&Request) -> Reply + Send + 'static,
) -> (Ground, HttpModel) {
    let (ground, server) = (Ground::new(), HttpModel::reacting(react));
    let address = format!("{}/v1", server.url());
    let words = ["models", "connect", "far", "--protocol", "openai", "--address", &address];
    let prices = ["--no-key", "--price-prompt", "1", "--price-output", "1"];
    ground.tenfold(&[&words[..], &prices, limits].concat()).expect(0, &["connected"]);
    (ground, server)
}

/// A model that mends; its first answers wait for these gates.
fn thinking(gates: &[Gate]) -> impl FnMut(&Request) -> Reply + Send + 'static {
    let mut gates = gates.to_vec();
    move |request| match gates.pop() {
        Some(gate) => that_mends(request).through(&gate),
        None => that_mends(request),
    }
}

/// Waits until a task says this of itself. Whoever watched is returned.
#[track_caller]
fn wait_told(ground: &Ground, task: &str, what: &str) -> Child {
    let mut found = None;
    // At first there may be no such task.
    wait_for(what, || {
        let mut watch = spawn(ground, &["watch", task]);
        let mut told = BufReader::new(watch.stderr.take().unwrap()).lines().map_while(Result::ok);
        match told.any(|line| line.contains(what)) {
            true => found = Some(watch),
            false => drop(watch.wait().unwrap()),
        }
        found.is_some()
    });
    found.unwrap()
}

/// The money that is set aside, and the requests to a model that a task has announced.
fn set_aside(ground: &Ground, task: u64) -> (usize, usize) {
    let reader = Store::read_only(&ground.path("data/tenfold.db")).unwrap();
    let view = reader.view().unwrap();
    let open = view.ledger().unwrap().holds().len();
    let about = About::Task(TaskId::new(task).unwrap());
    let is_model = |fact: Fact| {
        let kind = match fact {
            Fact::Step { event: StepEvent::Intent { kind, .. }, .. } => Some(kind),
            _ => None,
        };
        kind == Some(EffectKind::Model)
    };
    let intents = view
        .each_event(about.into())
        .filter(|event| is_model(event.as_ref().unwrap().fact.clone()));
    (open, intents.count())
}

#[test]
fn no_more_requests_are_under_way_than_may_be_and_each_gets_its_turn() {
    let gates = [Gate::new(), Gate::new()];
    let (ground, server) = ground(&["--at-once", "2"], thinking(&gates));
    let one = spawn(&ground, &RUN);
    server.wait_asked(1);
    let two = spawn(&ground, &RUN);
    server.wait_asked(2);
    let three = spawn(&ground, &RUN);
    let watch = wait_told(&ground, "3", "waiting for its turn at far");
    assert_eq!(server.requests().len(), 2);
    assert_eq!(set_aside(&ground, 3), (2, 0), "who waits has set nothing aside");
    gates.iter().for_each(Gate::open);
    for run in [one, two, three] {
        said(run).expect(0, &["to review, verified"]);
    }
    said(watch).expect(0, &[]);
    assert_eq!(server.requests().len(), 9);
    assert_eq!(set_aside(&ground, 3), (0, 3));
}

#[test]
fn whoever_waits_is_stopped_or_paused_at_once_and_leaves_nothing() {
    let gate = Gate::new();
    let (ground, server) = ground(&["--at-once", "1"], thinking(std::slice::from_ref(&gate)));
    let first = spawn(&ground, &RUN);
    server.wait_asked(1);
    for (task, word, code) in [("2", "stop", 130), ("3", "pause", 1)] {
        let run = spawn(&ground, &RUN);
        let watch = wait_told(&ground, task, "waiting for its turn at far");
        ground.tenfold(&[word, task]).expect(0, &[]);
        said(run).expect(code, &[]);
        said(watch);
        assert_eq!(set_aside(&ground, task.parse().unwrap()), (1, 0), "{word}");
    }
    // The one whose request is under way has kept its place, and they come after it.
    assert_eq!(server.requests().len(), 1);
    gate.open();
    said(first).expect(0, &["to review, verified"]);
    ground.tenfold(&["continue", "2"]).expect(0, &["to review, verified"]);
    ground.tenfold(&["resume", "3"]).expect(0, &["to review, verified"]);
    assert_eq!(set_aside(&ground, 2), (0, 3));
}

#[test]
fn who_is_turned_away_shuts_the_gate_for_all_and_leaves_no_money_there() {
    let mut asked = 0;
    let (ground, server) = ground(&[], move |request| {
        asked += 1;
        match asked {
            1 => Reply::fails(Failure::TooMany { retry_after_s: Some(100) }),
            _ => that_mends(request),
        }
    });
    let first = spawn(&ground, &RUN);
    let turned_away = wait_told(&ground, "1", "waiting for its turn at far");
    let second = spawn(&ground, &RUN);
    let waits = wait_told(&ground, "2", "waiting for its turn at far");
    assert_eq!(server.requests().len(), 1, "the second was not even sent");
    assert_eq!(set_aside(&ground, 1), (0, 1));
    ground.tenfold(&["stop", "2"]).expect(0, &[]);
    said(second).expect(130, &[]);
    interrupt(first).expect(130, &["tenfold continue 1"]);
    let _ = [turned_away, waits].map(said);
    ground.expect_all_ended();
    let shown: Value = ground.tenfold(&["show", "1", "--json"]).json();
    assert_eq!(shown["cost_nano_usd"], 0, "{shown:#}");
    ground.tenfold(&["log", "1"]).expect(0, &["turned away"]);
    // Another engine knows nothing of it, and asks.
    ground.tenfold(&["continue", "1"]).expect(0, &["to review, verified"]);
    ground.tenfold(&["log", "1", "--replay"]).expect(0, &["decides the same"]);
    assert_eq!(set_aside(&ground, 1), (0, 4));
}

#[test]
fn a_provider_that_wants_to_be_left_alone_for_long_is_not_waited_for() {
    let (ground, server) =
        ground(&[], |_| Reply::fails(Failure::TooMany { retry_after_s: Some(7_200) }));
    ground.tenfold(&RUN).expect(1, &["out of quota", "It lifts in 1 h 59 min", "continue 1"]);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(set_aside(&ground, 1), (0, 1));
}

#[test]
fn limits_are_shown_and_those_that_let_nothing_through_refused() {
    let limits = ["--at-once", "3", "--requests-per-minute", "50", "--tokens-per-minute", "30000"];
    let (ground, _server) = ground(&limits, that_mends);
    let listed = ground.tenfold(&["models", "list", "--json"]).json();
    let far = listed.as_array().unwrap().iter().find(|model| model["name"] == "far").unwrap();
    let shown = [&far["at_once"], &far["requests_per_minute"], &far["tokens_per_minute"]];
    assert_eq!(shown.map(Value::as_u64), [Some(3), Some(50), Some(30_000)]);
    ground.tenfold(&["models", "connect", "x", "--at-once", "0"]).expect(2, &["--at-once"]);
    let file = ground.path("config/models.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("at_once = 3", "at_once = 0");
    std::fs::write(&file, text).unwrap();
    ground.tenfold(&["models", "list"]).expect(2, &["'at_once' is 0"]);
}
