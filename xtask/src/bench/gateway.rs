//! `cargo xtask bench gateway`: what the gateway adds to a request, how many it answers, and what
//! many streams take, before a provider on the loopback; beside LiteLLM's proxy in the same run.
//! What is measured is in the example `loopback` of `crates/gateway`; this starts its processes,
//! and reads their memory from `/proc`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::command::{cargo, command, output, run};
use crate::python::Environment;
use crate::trouble::{Tried, Trouble};
use crate::{house, setup};

const HELP: &str = "\
usage: cargo xtask bench gateway [OPTIONS]

  --requests N      requests of the load                             [20000]
  --connections N   how many at a time                               [32]
  --streams N       streams at the same time                         [2000]
  --litellm         LiteLLM's proxy too, with a hundredth of the requests
  --workers N       processes of LiteLLM                             [2]
  --json            one JSON object on stdout, in place of the table
";

/// The example's one access token, and the key that LiteLLM is given.
const TOKEN: &str = "tf-loopback";
const LITELLM_KEY: &str = "sk-loopback";
/// LiteLLM reads some thousands of files before it listens.
const LITELLM_STARTS: Duration = Duration::from_secs(180);
/// Requests that are asked in turn of both, for what is added.
const BESIDE: &str = "2000";

struct Options {
    requests: u32,
    connections: String,
    streams: String,
    litellm: bool,
    workers: String,
    json: bool,
}

/// Runs the bench.
pub(crate) fn main(args: Vec<String>) -> Result<ExitCode, Trouble> {
    let Some(options) = parse(args)? else {
        print!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let mut build = cargo(["build", "--release", "--package", "tenfold-gateway"]);
    run(build.args(["--example", "loopback"]).current_dir(house::root()))?;
    let program = house::root().join("target/release/examples/loopback");
    let scratch = tempfile::tempdir().tried(|| "could not make a folder".to_owned())?;
    let (provider, _provider) = start(command(&program, ["provider"]))?;
    let mut rows = vec![ours(&program, &provider, scratch.path(), &options)?];
    if options.litellm {
        rows.push(litellm(&program, &provider, scratch.path(), &options)?);
    }
    let measured = json!({ "rows": rows });
    match options.json {
        true => println!("{measured}"),
        false => print!("{}", table(&measured)),
    }
    Ok(ExitCode::SUCCESS)
}

fn parse(args: Vec<String>) -> Result<Option<Options>, Trouble> {
    use lexopt::prelude::*;
    let mut options = Options {
        requests: 20_000,
        connections: "32".to_owned(),
        streams: "2000".to_owned(),
        litellm: false,
        workers: "2".to_owned(),
        json: false,
    };
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(word) = parser.next()? {
        match word {
            Long("requests") => options.requests = parser.value()?.parse()?,
            Long("connections") => options.connections = count(&mut parser)?,
            Long("streams") => options.streams = count(&mut parser)?,
            Long("workers") => options.workers = count(&mut parser)?,
            Long("litellm") => options.litellm = true,
            Long("json") => options.json = true,
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(options))
}

fn count(parser: &mut lexopt::Parser) -> Result<String, Trouble> {
    use lexopt::prelude::*;
    let number: u32 = parser.value()?.string()?.parse().unwrap_or(0);
    if number == 0 {
        Err(Trouble::usage("give a number from 1 up"))
    } else {
        Ok(number.to_string())
    }
}

/// A process that ends with this.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a process that says where it listens in its first line.
fn start(mut program: Command) -> Result<(String, Running), Trouble> {
    let child = program.stdout(Stdio::piped()).spawn();
    let mut child = child.tried(|| "could not start a process of the bench".to_owned())?;
    let stdout = child.stdout.take();
    let running = Running(child);
    let mut line = String::new();
    if let Some(stdout) = stdout {
        let read = BufReader::new(stdout).read_line(&mut line);
        read.tried(|| "a process of the bench said nothing".to_owned())?;
    }
    match line.trim() {
        "" => Err(Trouble::failed("a process of the bench ended at once")),
        url => Ok((url.to_owned(), running)),
    }
}

fn ours(
    program: &Path,
    provider: &str,
    scratch: &Path,
    options: &Options,
) -> Result<Json, Trouble> {
    eprintln!("gateway: tenfold");
    let file = scratch.join("gateway.db").to_string_lossy().into_owned();
    let (url, running) = start(command(program, ["gateway", provider, &file]))?;
    let processes = [running.0.id()];
    let place = Place { program, provider, url: &url, token: TOKEN };
    measure("tenfold", &place, &processes, options.requests, options)
}

/// What is measured.
struct Place<'a> {
    program: &'a Path,
    provider: &'a str,
    url: &'a str,
    token: &'a str,
}

fn measure(
    name: &str,
    place: &Place<'_>,
    processes: &[u32],
    requests: u32,
    options: &Options,
) -> Result<Json, Trouble> {
    let Place { program, provider, url, token } = *place;
    let asked = |words: &[&str]| -> Result<Json, Trouble> {
        let text = output(&mut command(program, words))?;
        serde_json::from_str(&text)
            .map_err(|e| Trouble::failed(format!("the measurement was not understood: {e}")))
    };
    let turns = if name == "tenfold" { BESIDE } else { "200" };
    let beside = asked(&["beside", provider, url, token, turns])?;
    let load = asked(&["load", url, token, &options.connections, &requests.to_string()])?;
    let before = memory_kb(processes);
    let (_open, _streams) = streams(place, &options.streams)?;
    let after = memory_kb(processes);
    let us = |who: &str, what: &str| beside[who][what].as_u64().unwrap_or(0);
    let added = |what: &str| us("through", what).saturating_sub(us("direct", what));
    Ok(json!({
        "name": name, "beside": beside, "load": load,
        "added_p50_us": added("p50_us"), "added_p99_us": added("p99_us"),
        "before_streams_kb": before, "with_streams_kb": after, "streams": options.streams,
    }))
}

/// Streams that are open for as long as what is returned.
fn streams(place: &Place<'_>, count: &str) -> Result<(Running, ChildStdin), Trouble> {
    let mut streams = command(place.program, ["streams", place.url, place.token, count]);
    let (said, mut running) = start({
        streams.stdin(Stdio::piped());
        streams
    })?;
    let stdin = running.0.stdin.take();
    match stdin {
        Some(stdin) if said == "open" => Ok((running, stdin)),
        _ => Err(Trouble::failed(format!("the streams were not opened: {said}"))),
    }
}

/// What processes and their children have in memory.
pub(super) fn memory_kb(processes: &[u32]) -> u64 {
    processes.iter().map(|process| tree_kb(*process)).sum()
}

fn tree_kb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let children = format!("/proc/{process}/task/{process}/children");
    let children = fs::read_to_string(children).unwrap_or_default();
    let below = children.split_whitespace().filter_map(|child| child.parse().ok()).map(tree_kb);
    number.unwrap_or(0) + below.sum::<u64>()
}

/// LiteLLM's proxy with its key and its budget, before the same provider.
fn litellm(
    program: &Path,
    provider: &str,
    scratch: &Path,
    options: &Options,
) -> Result<Json, Trouble> {
    setup::litellm()?;
    eprintln!("gateway: LiteLLM");
    let environment = Environment::of_litellm()?;
    let port = free_port()?;
    let config = configure(provider, scratch)?;
    let mut proxy = command(environment.dir().join("bin/litellm"), ["--host", "127.0.0.1"]);
    proxy.arg("--config").arg(&config).args(["--port", &port.to_string()]);
    proxy.args(["--num_workers", &options.workers]).env("LITELLM_MODE", "PRODUCTION");
    proxy.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("LITELLM_LOG", "ERROR");
    environment.activate(&mut proxy);
    let log = fs::File::create(scratch.join("litellm.log"));
    let log = log.tried(|| "could not write LiteLLM's log".to_owned())?;
    let errors = log.try_clone().tried(|| "could not write LiteLLM's log".to_owned())?;
    let child = proxy.stdout(log).stderr(errors).spawn();
    let running = Running(child.tried(|| "could not start LiteLLM".to_owned())?);
    await_port(port, &scratch.join("litellm.log"))?;
    let url = format!("http://127.0.0.1:{port}");
    let place = Place { program, provider, url: &url, token: LITELLM_KEY };
    let requests = (options.requests / 100).max(100);
    measure("litellm", &place, &[running.0.id()], requests, options)
}

fn configure(provider: &str, scratch: &Path) -> Result<PathBuf, Trouble> {
    let model = |name: &str| {
        json!({ "model_name": name, "litellm_params": {
            "model": format!("openai/{name}"), "api_base": format!("{provider}/v1"),
            "api_key": "none",
        } })
    };
    // JSON is YAML.
    let config = json!({
        "model_list": [model("m"), model("slow")],
        "general_settings": { "master_key": LITELLM_KEY },
        "litellm_settings": { "max_budget": 1_000, "budget_duration": "30d", "telemetry": false },
    });
    let path = scratch.join("litellm.yaml");
    fs::write(&path, config.to_string()).tried(|| format!("could not write {}", path.display()))?;
    Ok(path)
}

pub(super) fn free_port() -> Result<u16, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).tried(|| "there is no port".to_owned())
}

/// Waits until the proxy answers that it is alive.
fn await_port(port: u16, log: &Path) -> Result<(), Trouble> {
    let began = Instant::now();
    while began.elapsed() < LITELLM_STARTS {
        if is_alive(port) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let log = fs::read_to_string(log).unwrap_or_default();
    Err(Trouble::failed(format!("LiteLLM did not start:\n{log}")))
}

fn is_alive(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let request = "GET /health/liveliness HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut line = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && BufReader::new(stream).read_line(&mut line).is_ok()
        && line.contains(" 200 ")
}

fn table(measured: &Json) -> String {
    let mut text = format!(
        "{:>10} {:>14} {:>14} {:>12} {:>12} {:>16} {:>16}\n",
        "",
        "added p50, µs",
        "added p99, µs",
        "requests/s",
        "p99, ms",
        "memory, MB",
        "with streams, MB"
    );
    for row in measured["rows"].as_array().map_or(&[][..], Vec::as_slice) {
        let number = |value: &Json| value.as_u64().unwrap_or(0);
        text += &format!(
            "{:>10} {:>14} {:>14} {:>12} {:>12} {:>16} {:>16}\n",
            row["name"].as_str().unwrap_or_default(),
            number(&row["added_p50_us"]),
            number(&row["added_p99_us"]),
            number(&row["load"]["requests_per_second"]),
            number(&row["load"]["p99_us"]) / 1_000,
            number(&row["before_streams_kb"]) / 1_000,
            number(&row["with_streams_kb"]) / 1_000,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_proxy() {
        let row = json!({
            "name": "tenfold", "added_p50_us": 90, "added_p99_us": 300,
            "load": { "requests_per_second": 9_000, "p99_us": 5_500 },
            "before_streams_kb": 20_000, "with_streams_kb": 90_500,
        });
        let text = table(&json!({ "rows": [row] }));
        let words: Vec<_> = text.lines().last().unwrap_or_default().split_whitespace().collect();
        assert_eq!(words, ["tenfold", "90", "300", "9000", "5", "20", "90"]);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let parse = |words: &[&str]| parse(words.iter().map(ToString::to_string).collect());
        assert!(parse(&["--streams", "0"]).is_err());
        assert!(parse(&["--requests", "x"]).is_err());
        assert!(parse(&["--workers", "2", "--litellm"]).is_ok());
    }
}
