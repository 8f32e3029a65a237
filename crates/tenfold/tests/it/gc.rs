//! Making room, wired: what was reviewed goes when it is asked for or when there is too much, and
//! what was not stays and can be used as before.

use std::sync::Arc;

use serde_json::json;
use tenfold_domain::{Bytes, MakeRoom, Millis, Progress, TaskId};
use tenfold_engine::{Engine, EngineConfig, How, Places};
use tenfold_test_support::SCRIPT_VARIABLE;
use tenfold_test_support::http::Gate;

use crate::ground::{CHECK, Ground, Said, fake_model, git};
use crate::hosted::that_mends;
use crate::supervision::{RUN, ground as connected, said, spawn};

/// Tasks that are solved, each in the repository as it is then: one for each number up to this.
fn solved(ground: &Ground, tasks: u32) {
    for task in 1..=tasks {
        // Another base for each.
        std::fs::write(ground.repo().join("notes.txt"), noise(task, 500_000)).unwrap();
        ground.solved();
    }
}

/// A text that takes room even when it is packed, another one for each seed.
fn noise(seed: u32, bytes: usize) -> String {
    let mut state = u64::from(seed);
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'!' + u8::try_from((state >> 33) % 90).unwrap())
    };
    (0..bytes).map(next).collect()
}

#[test]
fn what_was_reviewed_goes_and_what_was_not_can_be_used_as_before() {
    let ground = Ground::new();
    ground.tenfold(&["gc", "--dry-run"]).expect(0, &["about 0 B", "none"]);
    solved(&ground, 4);
    ground.tenfold(&["accept", "1"]).expect(0, &["branch tenfold/1-"]);
    ground.tenfold(&["reject", "2", "--reason", "no"]).expect(0, &[]);
    let (diff, persons) = (ground.tenfold(&["diff", "3"]).out, ground.persons());
    // Nothing of that is two weeks old.
    assert_eq!(ground.tenfold(&["gc", "--json"]).json()["tasks"], json!([]));
    ground.tenfold(&["undo", "2"]).expect(0, &[]);
    ground.tenfold(&["reject", "2", "--reason", "no"]).expect(0, &[]);

    let would = ground.tenfold(&["gc", "--all", "--dry-run", "--json"]).json();
    assert_eq!(would["tasks"], json!([1, 2]));
    let doctor = ground.tenfold(&["doctor"]);
    assert!(doctor.out.contains("`tenfold gc`"), "{}", doctor.out);
    let made = ground.tenfold(&["gc", "--all", "--json"]).json();
    assert_eq!(made["tasks"], json!([1, 2]));
    let (freed, about) = (&made["freed_bytes"], would["freed_bytes"].as_u64().unwrap());
    // Two texts; what was estimated knows nothing of blocks and of packing.
    let freed = freed.as_u64().unwrap();
    assert!(about > 750_000 && freed > 750_000, "{about} {freed}");
    let again = ground.tenfold(&["gc", "--all", "--json"]).json();
    assert_eq!(again["tasks"], json!([]));

    let gone = ["removed to make room", "tenfold log 1.1"];
    ground.tenfold(&["diff", "1"]).expect(4, &gone);
    ground.tenfold(&["undo", "1"]).expect(4, &gone);
    ground.tenfold(&["undo", "2"]).expect(4, &["removed to make room"]);
    ground.tenfold(&["fork", "2.1"]).expect(4, &["removed to make room"]);
    ground.tenfold(&["log", "2", "--replay"]).expect(4, &["removed to make room"]);
    ground.tenfold(&["show", "1"]).expect(0, &["accepted as branch", "removed to make room"]);
    ground.tenfold(&["show", "1", "--json"]).expect(0, &["files_removed"]);
    ground.tenfold(&["log", "1"]).expect(0, &["its files were removed to make room"]);
    ground.tenfold(&["list"]).expect(0, &["accepted", "rejected", "to review"]);
    ground.tenfold(&["export", "1", "--format", "jsonl"]).expect(0, &["files-removed"]);
    ground.tenfold(&["export", "1", "--format", "markdown"]).expect(0, &["left out"]);
    ground.tenfold(&["store", "check"]).expect(0, &["sound"]);

    assert_eq!(ground.tenfold(&["diff", "3"]).out, diff);
    assert_eq!(ground.persons(), persons, "the person's own repository");
    ground.tenfold(&["log", "3", "--replay"]).expect(0, &["decides the same"]);
    ground.tenfold(&["accept", "3"]).expect(0, &["accepted as branch"]);
    ground.tenfold(&["undo", "3"]).expect(0, &["waits for review again"]);
    ground.tenfold(&["fork", "4.1", "--step", "1"]).expect(0, &[]);
    ground.tenfold(&["accept", "4", "--in-place"]).expect(0, &[]);
    ground.tenfold(&["undo", "4"]).expect(0, &["waits for review again"]);
    // What was rejected can be tried once more, from the files as they are now.
    ground.tenfold(&["retry", "2"]).expect(0, &[]);
    ground.tenfold(&["diff", "2"]).expect(0, &["middle - 1"]);
    ground.tenfold(&["gc", "--all"]).expect(0, &["none"]);
    ground.tenfold(&["diff", "2"]).expect(0, &["middle - 1"]);
    assert_eq!(git(&ground.repo(), &["branch", "--list", "tenfold/*"]).lines().count(), 1);
}

#[test]
fn what_takes_too_much_is_cut_down_by_the_oldest_when_work_ends_and_said_if_it_cannot_be() {
    let ground = Ground::new();
    solved(&ground, 3);
    for task in ["2", "1"] {
        ground.tenfold(&["accept", task]).expect(0, &[]);
    }
    let taken = ground.tenfold(&["gc", "--dry-run", "--json"]).json();
    let taken = taken["taken_bytes"]["total"].as_u64().unwrap();
    // It was reviewed first, and is enough.
    let to = (taken - 200_000).to_string();
    let would = ground.tenfold(&["gc", "--to", &to, "--older-than", "1ms", "--dry-run", "--json"]);
    assert_eq!(would.json()["tasks"], json!([2]));
    let made = ground.tenfold(&["gc", "--to", &to, "--older-than", "1ms", "--json"]).json();
    assert_eq!(made["tasks"], json!([2]));
    ground.tenfold(&["diff", "1"]).expect(0, &["middle - 1"]);

    ground
        .tenfold(&["gc", "--to", "1kB", "--all"])
        .expect(0, &["more than 1.0 kB", "not reviewed"]);
    ground.tenfold(&["diff", "1"]).expect(4, &["removed to make room"]);
    ground.tenfold(&["diff", "3"]).expect(0, &["middle - 1"]);
    let mut run = ground.command(&["run", "median is wrong", "--check", CHECK]);
    let said = Said::of(run.env("TENFOLD_DISK_MAX", "10kB").output().unwrap());
    said.expect(0, &["more than the 10.0 kB that they may", "tenfold list"]);
    ground.tenfold(&["diff", "3"]).expect(0, &["middle - 1"]);
    let mut run = ground.command(&["run", "median is wrong", "--check", CHECK]);
    let said = Said::of(run.env("TENFOLD_DISK_MAX", "much").output().unwrap());
    said.expect(2, &["TENFOLD_DISK_MAX: 'much' is not a size"]);
}

#[test]
fn an_engine_makes_room_by_itself_when_work_has_ended() {
    let ground = Ground::new();
    std::fs::write(ground.repo().join("notes.txt"), noise(9, 8_000_000)).unwrap();
    ground.solved();
    ground.tenfold(&["accept", "1"]).expect(0, &[]);
    std::fs::write(ground.repo().join("notes.txt"), "few").unwrap();
    ground.solved();
    ground.tenfold(&["add", "median is wrong", "--check", CHECK]).expect(0, &[]);
    let data = ground.path("data");
    let places = Places {
        cache: ground.path("cache"),
        models: ground.path("cache").join("models"),
        config: ground.path("config"),
        runtime: data.join("work"),
        data,
    };
    // The journal grows by less than that.
    let most = Bytes(tenfold_engine::taken(&places).total().0 - 3_000_000);
    let script = format!("{SCRIPT_VARIABLE}={}", ground.path("script.json").display());
    let model = fake_model().to_string_lossy().into_owned();
    let config = EngineConfig {
        places,
        program: env!("CARGO_BIN_EXE_tenfold").into(),
        allow_below_a: false,
        model_command: Some(("/usr/bin/env".into(), vec![script, model])),
        room: Some(MakeRoom { keep: Millis(0), most: Some(most) }),
    };
    let told = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let engine = Arc::new(Engine::open(config).await.unwrap());
        let task = TaskId::new(3).unwrap();
        engine.begin(task, How::default()).unwrap();
        let (mut watching, mut told) = (engine.watch(Some(task)), Vec::new());
        while let Some(progress) = watching.next().await {
            told.push(progress);
        }
        told
    });
    let is_said = |told: &Progress| match told {
        Progress::Note { text, .. } => text.contains("the files of 1 reviewed tasks"),
        _ => false,
    };
    assert!(told.iter().any(is_said), "{told:?}");
    ground.tenfold(&["diff", "1"]).expect(4, &["removed to make room"]);
    for task in ["2", "3"] {
        ground.tenfold(&["diff", task]).expect(0, &["middle - 1"]);
    }
}

#[test]
fn layers_of_setup_commands_go_with_what_was_reviewed_and_are_made_again() {
    let ground = Ground::new();
    let setup = "head -c 3000000 /dev/urandom > made";
    let run = ["run", "median is wrong", "--check", CHECK, "--setup", setup];
    ground.tenfold(&run).expect(0, &["to review, verified"]);
    assert_eq!(ground.tenfold(&["gc", "--json"]).json()["setup_layers"], 0, "it is used lately");
    let made = ground.tenfold(&["gc", "--all", "--json"]).json();
    assert_eq!(made["setup_layers"], 1);
    assert!(made["freed_bytes"].as_u64().unwrap() >= 3_000_000, "{made}");
    let dirs = std::fs::read_dir(ground.path("data/workspaces/workspaces")).unwrap();
    for dir in dirs {
        let kept = git(&dir.unwrap().path(), &["for-each-ref", "--format=%(refname)"]);
        assert!(kept.contains("/attempt/1.1") && !kept.contains("/setup/"), "{kept}");
    }
    let again = ground.tenfold(&run);
    again.expect(0, &["to review, verified"]);
    assert!(!again.err.contains("reused"), "{}", again.err);
}

#[test]
fn room_is_made_from_another_terminal_while_a_task_works_in_the_same_repository() {
    let gate = Gate::new();
    let (mut asked, through) = (0, gate.clone());
    let (ground, server) = connected(move |request| {
        asked += 1;
        match asked {
            // In the midst of its work.
            2 => that_mends(request).through(&through),
            _ => that_mends(request),
        }
    });
    ground.solved();
    ground.tenfold(&["reject", "1"]).expect(0, &[]);
    let child = spawn(&ground, &RUN);
    server.wait_asked(2);
    let made = ground.tenfold(&["gc", "--all", "--json"]).json();
    assert_eq!((&made["tasks"], &made["failed"]), (&json!([1]), &json!([])));
    ground.tenfold(&["diff", "1"]).expect(4, &["removed to make room"]);
    gate.open();
    said(child).expect(0, &["to review, verified"]);
    ground.tenfold(&["gc", "--all"]).expect(0, &["none"]);
    ground.tenfold(&["diff", "2"]).expect(0, &["middle - 1"]);
    ground.tenfold(&["log", "2", "--replay"]).expect(0, &["decides the same"]);
    let fork = ["fork", "2.1", "--step", "2", "Go", "on."];
    ground.tenfold(&fork).expect(0, &["to review, verified"]);
    ground.tenfold(&["accept", "2"]).expect(0, &["accepted as branch"]);
}
