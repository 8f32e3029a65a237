//! What it costs to start a command: tier A beside bubblewrap alone. `cargo xtask bench
//! sandbox` runs it; by itself: `start HELPER RUNS PAUSE TOGETHER...`, with `-` for a helper that is
//! this program itself and a pause in milliseconds. Everything is measured without a pause before
//! each start and with it, since a sandbox that stands before it is asked for is built in such a
//! pause. It prints one JSON object.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenfold_sandbox::{Job, Limits, ProbeOptions, Sandbox, Toolchains};
use tokio::runtime::Runtime;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    match args.peek().and_then(|word| word.to_str()) {
        Some("sandbox-shim") => tenfold_sandbox::shim_main(),
        Some("sandbox-inner") => tenfold_sandbox::inner_main(args.skip(1)),
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
    let [helper, numbers @ ..] = words else { return Err(USAGE.into()) };
    let numbers: Vec<usize> = numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
    let [runs, pause, together @ ..] = numbers.as_slice() else { return Err(USAGE.into()) };
    let helper = match helper.as_str() {
        "-" => std::env::current_exe()?,
        path => std::path::absolute(path)?,
    };
    let bench = Bench::new(helper)?;
    let mut rows = Vec::new();
    let pauses: &[usize] = if *pause == 0 { &[0] } else { &[0, *pause] };
    for (&together, &pause) in together.iter().flat_map(|one| pauses.iter().map(move |p| (one, p)))
    {
        let rest = || std::thread::sleep(Duration::from_millis(pause as u64));
        let waited = |_| -> Result<(), Failure> {
            rest();
            Ok(())
        };
        let alone = bench.timed(*runs, together, &waited, &|()| bubblewrap())?;
        let ready = |number: usize| {
            let job = bench.job(&format!("{together}-{pause}-{number}"));
            rest();
            job
        };
        let tier_a = bench.timed(*runs, together, &ready, &|job| bench.run(&job))?;
        let ratio = tier_a.p50_ms / alone.p50_ms;
        rows.push(json!({
            "together": together,
            "pause_ms": pause,
            "bubblewrap": alone.json(),
            "tier_a": tier_a.json(),
            "ratio_p50": ratio,
        }));
    }
    Ok(json!({"runs": runs, "load": load(), "rows": rows}))
}

const USAGE: &str = "usage: start HELPER RUNS PAUSE TOGETHER...";

/// What stays the same from run to run.
struct Bench {
    sandbox: Sandbox,
    runtime: Runtime,
    toolchains: Toolchains,
    dir: tempfile::TempDir,
}

impl Bench {
    fn new(helper: PathBuf) -> Result<Self, Failure> {
        let sandbox = Sandbox::probe(helper, ProbeOptions::default())?;
        let dir = tempfile::tempdir()?;
        let layer = dir.path().join("layer");
        std::fs::create_dir(&layer)?;
        std::fs::write(layer.join("file"), "x")?;
        sandbox.hand_over(&layer)?;
        // As the engine has it.
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        Ok(Self { sandbox, runtime, toolchains: Toolchains::system(), dir })
    }

    fn job(&self, name: &str) -> Result<Job, Failure> {
        let path = |what: &str| self.dir.path().join(format!("{what}-{name}"));
        std::fs::create_dir(path("upper"))?;
        Ok(Job {
            command: "/bin/true".to_owned(),
            at: PathBuf::from("/work"),
            workdir: PathBuf::from("/work"),
            layers: vec![self.dir.path().join("layer")],
            upper: path("upper"),
            binds: self.toolchains.binds.clone(),
            env: self.toolchains.env.clone(),
            limits: Limits::default(),
            scratch: path("scratch"),
            log: None,
            record: None,
        })
    }

    fn run(&self, job: &Job) -> Result<(), Failure> {
        let (_stay, cancel) = tokio::sync::watch::channel(false);
        let exit = self.runtime.block_on(self.sandbox.run(job, &cancel))?;
        if exit.success() { Ok(()) } else { Err(format!("the sandbox: {}", exit.end).into()) }
    }

    /// Runs `what` so many times on so many threads, and returns percentiles. What `ready`
    /// does before each is not counted.
    fn timed<T>(
        &self,
        runs: usize,
        together: usize,
        ready: &(dyn Fn(usize) -> Result<T, Failure> + Sync),
        what: &(dyn Fn(T) -> Result<(), Failure> + Sync),
    ) -> Result<Times, Failure> {
        let (next, times) = (Mutex::new(0..runs), Mutex::new(Vec::new()));
        let worker = || -> Result<(), Failure> {
            loop {
                let taken = next.lock().map_err(|error| error.to_string())?.next();
                let Some(number) = taken else { return Ok(()) };
                let prepared = ready(number)?;
                let begun = Instant::now();
                what(prepared)?;
                let ms = begun.elapsed().as_secs_f64() * 1_000.0;
                times.lock().map_err(|error| error.to_string())?.push(ms);
            }
        };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..together).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|one| one.join().map_err(|_| "a thread panicked")?)
        })?;
        let mut times = times.into_inner()?;
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or(0.0);
        Ok(Times { p50_ms: at(50), p90_ms: at(90) })
    }
}

struct Times {
    p50_ms: f64,
    p90_ms: f64,
}

impl Times {
    fn json(&self) -> Value {
        json!({"p50_ms": self.p50_ms, "p90_ms": self.p90_ms})
    }
}

/// Every namespace, and no more.
fn bubblewrap() -> Result<(), Failure> {
    let mut command = Command::new("bwrap");
    command.args(["--unshare-all", "--unshare-user", "--die-with-parent", "--ro-bind", "/", "/"]);
    command.args(["--dev", "/dev", "--proc", "/proc", "/bin/sh", "-c", "/bin/true"]);
    let ended = command.stdin(Stdio::null()).status()?;
    if ended.success() { Ok(()) } else { Err(format!("bubblewrap: {ended}").into()) }
}

/// What else the machine was busy with: the load average of the last minute at the end.
fn load() -> Option<f64> {
    let text = std::fs::read_to_string(Path::new("/proc/loadavg")).ok()?;
    text.split(' ').next()?.parse().ok()
}
