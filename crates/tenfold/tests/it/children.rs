//! Row 44 of the threat model: what works for one task, or with its account's money, side by side
//! or from inside, stays within what was given to all of it together.

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tenfold_test_support::http::{HttpModel, Reply, Used};

use crate::gateway::{GATEWAY, Gateway, begun, chat, token};
use crate::ground::{CHECK, Ground, Said};
use crate::hosted::{KEY, PRICES, connect};
use crate::interruption::interrupt;

/// What a call of a task costs: three cents and a bit. Its worst case is a quarter of a dollar.
const DEAR: Used = Used { prompt: 1_000, cached: 0, cache_written: 0, output: 2_000 };
/// A program's call costs half a cent, and a bit more in the worst case.
const CHEAP: Used = Used { output: 100, ..DEAR };

/// A model that never comes to an end, nor goes in a circle.
fn endless(ground: &Ground) -> HttpModel {
    let turns = AtomicUsize::new(0);
    let server = HttpModel::reacting(move |request| match request.text().contains("median") {
        true => {
            let pattern = format!("mean{}", turns.fetch_add(1, Ordering::Relaxed));
            Reply::calls([("search", json!({ "pattern": pattern }))]).using(DEAR)
        }
        false => Reply::says("hello").using(CHEAP),
    });
    connect(ground, &server, "openai", &PRICES).expect(0, &[]);
    server
}

fn run(ground: &Ground, more: &[&str]) -> Said {
    let words = ["run", "median is wrong", "--model", "far", "--check", CHECK];
    let mut command = ground.command(&[&words[..], more].concat());
    Said::of(command.env("FAR_KEY", KEY).output().unwrap())
}

fn spent(ground: &Ground, account: &str) -> u64 {
    let shown = ground.tenfold(&["account", "show", account, "--json"]).json();
    assert_eq!(shown["held"]["nano_usd"], 0, "{shown}");
    shown["spent"]["nano_usd"].as_u64().unwrap()
}

#[test]
fn r44_all_attempts_of_a_task_together_stay_within_its_budget() {
    // The control: a single attempt would take more than that, if it had it.
    let ground = Ground::new();
    let _server = endless(&ground);
    run(&ground, &["--budget", "1.2"]).expect(1, &[]);
    let alone = spent(&ground, "default");
    assert!(alone > 400_000_000, "{alone}");

    let ground = Ground::new();
    let _server = endless(&ground);
    run(&ground, &["--budget", "0.4", "--best-of", "3"]).expect(1, &[]);
    // Who goes on from an attempt has what is left of the same budget, and no more.
    let mut fork = ground.command(&["fork", "1", "Look again."]);
    let fork = Said::of(fork.env("FAR_KEY", KEY).output().unwrap());
    let together = spent(&ground, "default");
    assert!(together > 0 && together <= 400_000_000, "{together}: {}{}", fork.out, fork.err);
}

/// Asks with the account's token until nothing is left.
fn drain(at_work: &Gateway, secret: &str) -> usize {
    let answered = |_: &usize| chat(at_work, secret, "far").0 == 200;
    (0..200).take_while(answered).count()
}

#[test]
fn r44_a_program_of_a_tasks_own_account_cant_pass_what_both_were_given() {
    let at_work = |ground: &Ground| {
        let mut command = ground.command(&GATEWAY);
        command.env("FAR_KEY", KEY);
        begun(command)
    };
    let both = |limit: &str| {
        let ground = Ground::new();
        let _server = endless(&ground);
        let add = ["account", "add", "ada", "--kind", "team", "--limit", limit];
        ground.tenfold(&add).expect(0, &[]);
        let child = ["account", "add", "child", "--under", "ada", "--limit", "100"];
        ground.tenfold(&child).expect(0, &[]);
        let (own, childs) = (token(&ground, "ada"), token(&ground, "child"));
        let gateway = at_work(&ground);
        let words = ["run", "median is wrong", "--model", "far", "--check", CHECK];
        let mut task =
            ground.command(&[&words[..], &["--account", "ada", "--budget", "50"]].concat());
        let task = task.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // All at the same time: the task, a program with its account's token, and one below it.
        let answered = std::thread::scope(|scope| {
            let own = scope.spawn(|| drain(&gateway, &own));
            let childs = scope.spawn(|| drain(&gateway, &childs));
            own.join().unwrap() + childs.join().unwrap()
        });
        ground.tenfold(&["stop", "1"]);
        let _ = Said::of(task.wait_with_output().unwrap());
        assert_eq!(interrupt(gateway.child).code, Some(130));
        (spent(&ground, "ada"), answered)
    };
    // The control: with enough for all of it all is answered, and far more is spent.
    let (spent, answered) = both("500");
    assert_eq!(answered, 400);
    assert!(spent > 600_000_000, "{spent}");
    let (spent, answered) = both("0.6");
    assert!(answered < 400 && spent <= 600_000_000, "{answered} answered, {spent} spent");
    assert!(spent > 300_000_000, "{spent}");
}
