//! What a durable step costs Temporal's dev server, for comparison with one engine of Tenfold's:
//! `tenfold-bench-temporal SERVER WORKFLOWS STEPS`, where `SERVER` is the program `temporal`. So
//! many workflows at a time each call so many activities, one after another, that return 1.2 kB.
//! It prints one JSON object.
//!
//! The server keeps a file, in a folder that goes away, and listens on loopback only. It is ended
//! by its own id, whatever happens.

mod server;
mod steps;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use temporalio_client::{Client, WorkflowGetResultOptions, WorkflowStartOptions};
use temporalio_sdk::{Runtime, Worker, WorkerOptions};
use tokio::task::JoinSet;

use crate::server::Server;
use crate::steps::{Heard, Reads, Steps};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Where the worker finds its work.
const QUEUE: &str = "steps";
/// Workflows that the worker keeps in memory at the most: all of them.
const CACHED: usize = 20_000;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match measure(&words).await {
        Ok(measured) => {
            println!("{measured}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(words: &[String]) -> Result<Value, Failure> {
    let [program, workflows, steps] = words else {
        return Err("usage: tenfold-bench-temporal SERVER WORKFLOWS STEPS".into());
    };
    let (workflows, steps): (u32, u32) = (workflows.parse()?, steps.parse()?);
    let server = Server::start(program)?;
    let client = server.client().await?;
    let heard = Arc::new(Heard::default());
    let options = WorkerOptions::new(QUEUE)
        .max_cached_workflows(CACHED)
        .register_workflow::<Steps>()?
        .register_activities(Reads(Arc::clone(&heard)))
        .build();
    let runtime = Runtime::from_current_tokio(Default::default())?;
    let mut worker = Worker::new(&runtime, client.clone(), options)?;
    let leave = worker.shutdown_handle();
    let began = Instant::now();
    let all = async {
        let done = run(client, workflows, steps).await;
        leave();
        done.map(|()| began.elapsed().as_secs_f64())
    };
    let (worked, seconds) = futures::join!(worker.run(), all);
    let seconds = seconds?;
    worked?;
    let between = heard.between();
    let share = |part: f64| between.get((between.len() as f64 * part) as usize).copied();
    let millis = |part: f64| share(part).map(|micros| f64::from(micros) / 1e3);
    let all_steps = workflows * steps;
    Ok(json!({
        "attempts": workflows,
        "steps": all_steps,
        "seconds": seconds,
        "steps_per_second": f64::from(all_steps) / seconds,
        "p50_ms": millis(0.5),
        "p99_ms": millis(0.99),
        "disk_mb": server.disk() as f64 / 1e6,
    }))
}

/// Starts them all, and waits until all have come to their end.
async fn run(client: Client, workflows: u32, steps: u32) -> Result<(), Failure> {
    let mut all = JoinSet::new();
    for number in 0..workflows {
        let client = client.clone();
        all.spawn(async move {
            let options = WorkflowStartOptions::new(QUEUE, format!("workflow-{number}")).build();
            let started = client.start_workflow(Steps::run, (number, steps), options).await?;
            started.get_result(WorkflowGetResultOptions::default()).await?;
            Ok::<_, Failure>(())
        });
    }
    while let Some(ended) = all.join_next().await {
        ended??;
    }
    Ok(())
}
