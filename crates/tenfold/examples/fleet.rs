//! What many coworkers cost one engine: durable steps per second, the time and memory of each,
//! and a large backlog. `cargo xtask bench fleet` runs it; by itself: `fleet TURNS TASKS
//! ATTEMPTS...`. It prints one JSON object.
//!
//! A step is a request to a scripted model with its answer, or a read of 1 kB and more: each is in
//! the journal before the next one begins.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tenfold_domain::{Budget, Fact, Millis, NanoUsd, StepEvent, Strategy, TaskId, TaskSpec};
use tenfold_engine::{Engine, EngineConfig, How, Places};
use tenfold_store::{EventQuery, TaskQuery};
use tenfold_test_support::{Rule, SCRIPT_VARIABLE, Script};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The lines of the file that is read, of which each read shows `SHOWN`.
const LINES: usize = 400;
const SHOWN: usize = 30;
/// Tasks that are recorded in one commit.
const TOGETHER: usize = 10_000;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    match args.peek().and_then(|word| word.to_str()) {
        Some("sandbox-shim") => tenfold_sandbox::shim_main(),
        Some("sandbox-inner") => tenfold_sandbox::inner_main(args.skip(1)),
        Some("model") => tenfold_test_support::serve(),
        _ => match measure(&args.filter_map(|word| word.into_string().ok()).collect::<Vec<_>>()) {
            Ok(measured) => {
                println!("{measured}");
                ExitCode::SUCCESS
            }
            Err(why) => {
                eprintln!("error: {why}");
                ExitCode::FAILURE
            }
        },
    }
}

fn measure(words: &[String]) -> Result<Value, Failure> {
    let numbers: Vec<usize> = words.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    let [turns, tasks, attempts @ ..] = numbers.as_slice() else {
        return Err("usage: fleet TURNS TASKS ATTEMPTS...".into());
    };
    let runtime = tokio::runtime::Runtime::new()?;
    let mut rows = Vec::new();
    for &attempts in attempts {
        eprintln!("{attempts} at work, {turns} turns each");
        rows.push(runtime.block_on(at_work(attempts, *turns))?);
    }
    eprintln!("{tasks} tasks");
    let backlog = runtime.block_on(backlog(*tasks))?;
    Ok(json!({
        "rows": rows,
        "backlog": backlog,
        "turns": turns,
        "load": load(),
        "synchronous": "full",
        "journal": "wal",
    }))
}

/// A repository with one file, a script, and an engine's places.
struct Ground {
    dir: tempfile::TempDir,
}

impl Ground {
    fn new(turns: usize) -> Result<Self, Failure> {
        let ground = Self { dir: tempfile::tempdir()? };
        let repo = ground.repo();
        std::fs::create_dir(&repo)?;
        let lines = (0..LINES).map(|line| format!("line {line} of a file that is read often\n"));
        std::fs::write(repo.join("a.txt"), lines.collect::<String>())?;
        for words in [
            vec!["init", "-q"],
            vec!["add", "."],
            vec!["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"],
        ] {
            let done = Command::new("git").args(words).current_dir(&repo).status()?;
            if !done.success() {
                return Err("git could not make a repository".into());
            }
        }
        let answer = |tool: &str, arguments: Value| {
            json!({ "thought": "Let me see.", "tool": tool, "arguments": arguments }).to_string()
        };
        let read =
            |from: usize| answer("read", json!({ "path": "a.txt", "from": from, "lines": SHOWN }));
        // The last read that the conversation holds says which comes next.
        let after = |from: usize| format!("\"from\":{from},");
        let mut rules = vec![Rule {
            contains: vec![after(turns - 1)],
            answers: vec![answer("finish", json!({ "summary": "read", "solved": false }))],
            ..Rule::default()
        }];
        rules.extend((1..turns - 1).rev().map(|from| Rule {
            contains: vec![after(from)],
            answers: vec![read(from + 1)],
            ..Rule::default()
        }));
        rules.push(Rule { answers: vec![read(1)], ..Rule::default() });
        Script { rules, ..Script::default() }.write(&ground.dir.path().join("script.json"))?;
        Ok(ground)
    }

    fn repo(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    async fn engine(&self) -> Result<Arc<Engine>, Failure> {
        let at = |name: &str| Some(self.dir.path().join(name).into_os_string());
        let places = Places::from_env(|name| match name {
            "TENFOLD_DATA_DIR" => at("data"),
            "TENFOLD_CACHE_DIR" => at("cache"),
            "TENFOLD_CONFIG_DIR" => at("config"),
            _ => None,
        })?;
        let program = std::env::current_exe()?;
        let script = self.dir.path().join("script.json");
        let model = vec![
            format!("{SCRIPT_VARIABLE}={}", script.display()),
            program.to_string_lossy().into_owned(),
            "model".to_owned(),
        ];
        let model_command = Some((PathBuf::from("env"), model));
        let config =
            EngineConfig { places, program, allow_below_a: false, model_command, room: None };
        Ok(Arc::new(Engine::open(config).await?))
    }

    fn spec(&self, number: usize) -> TaskSpec {
        let (money, time) = (NanoUsd::MAX, Millis(3_600_000));
        let budget = Budget { money, time, attempts: 1 };
        let text = format!("look around, {number}");
        let model = "qwen2.5-coder-1.5b";
        TaskSpec { strategy: Strategy::Loop, ..TaskSpec::new(text, self.repo(), model, budget) }
    }

    async fn ask(&self, engine: &Engine, count: usize) -> Result<Vec<TaskId>, Failure> {
        let mut tasks = Vec::with_capacity(count);
        let numbers: Vec<usize> = (0..count).collect();
        for some in numbers.chunks(TOGETHER) {
            let specs = some.iter().map(|number| (self.spec(*number), Vec::new())).collect();
            tasks.extend(engine.ask_many(specs).await?);
        }
        Ok(tasks)
    }

    fn disk(&self) -> u64 {
        let size = |name: &str| std::fs::metadata(self.dir.path().join("data").join(name));
        ["tenfold.db", "tenfold.db-wal"].map(|name| size(name).map_or(0, |m| m.len())).iter().sum()
    }
}

/// So many attempts that read, one thing after another, all at the same time.
async fn at_work(attempts: usize, turns: usize) -> Result<Value, Failure> {
    let ground = Ground::new(turns)?;
    let engine = ground.engine().await?;
    let tasks = ground.ask(&engine, attempts).await?;
    let before = memory("VmRSS")?;
    let began = Instant::now();
    for task in &tasks {
        engine.begin(*task, How::default())?;
    }
    engine.idle().await;
    let seconds = began.elapsed().as_secs_f64();
    let mut steps: Vec<u64> = Vec::new();
    let mut last: std::collections::BTreeMap<TaskId, u64> = std::collections::BTreeMap::new();
    for event in engine.store().view()?.each_event(EventQuery::default()) {
        let event = event?;
        if let Fact::Step { attempt, event: StepEvent::Result { .. }, .. } = event.fact {
            let before = last.insert(attempt.task, event.at.0);
            steps.extend(before.map(|before| event.at.0 - before));
        }
    }
    steps.sort_unstable();
    let share = |part: f64| steps.get((steps.len() as f64 * part) as usize).copied().unwrap_or(0);
    let count = steps.len() + last.len();
    Ok(json!({
        "attempts": attempts,
        "steps": count,
        "seconds": seconds,
        "steps_per_second": count as f64 / seconds,
        "p50_ms": share(0.5),
        "p99_ms": share(0.99),
        "memory_mb": memory("VmHWM")? as f64 / 1e6,
        "memory_before_mb": before as f64 / 1e6,
        "disk_mb": ground.disk() as f64 / 1e6,
        "transactions": engine.store().transactions(),
    }))
}

/// A large backlog: asked for, listed, and found again by the next engine.
async fn backlog(count: usize) -> Result<Value, Failure> {
    let ground = Ground::new(3)?;
    let engine = ground.engine().await?;
    let timed = |began: Instant| began.elapsed().as_secs_f64();
    let began = Instant::now();
    ground.ask(&engine, count).await?;
    let asked = timed(began);
    let began = Instant::now();
    let page = engine.store().view()?.tasks(&TaskQuery::default())?.len();
    let listed = timed(began);
    drop(engine);
    let began = Instant::now();
    let engine = ground.engine().await?;
    let opened = timed(began);
    drop(engine);
    Ok(json!({
        "tasks": count,
        "asked_seconds": asked,
        "listed": page,
        "list_ms": listed * 1e3,
        "open_seconds": opened,
        "disk_mb": ground.disk() as f64 / 1e6,
        "memory_mb": memory("VmHWM")? as f64 / 1e6,
    }))
}

/// Of this process, in bytes.
fn memory(which: &str) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(Path::new("/proc/self/status"))?;
    let line = status.lines().find(|line| line.starts_with(which)).unwrap_or_default();
    let kilobytes = line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok());
    Ok(kilobytes.unwrap_or(0) * 1_024)
}

fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}
