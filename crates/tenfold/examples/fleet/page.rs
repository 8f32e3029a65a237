//! The page of an engine that has many attempts at work, as `tenfold serve` opens it: the engine,
//! its work and the server are real, the model is scripted and in this process. It says on its
//! first line how to come in, asks for a task with a number in its text now and then, and ends
//! with its standard input.

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tenfold_desk::doctor::Machine;
use tenfold_engine::{Engine, How};
use tenfold_server::{Page, PageTerms};
use tokio::sync::oneshot;

use crate::ground::Ground;
use crate::scripted::{Latency, Scripted, Then};
use crate::{Failure, machine};

/// How long between two tasks with a number.
const BETWEEN: Duration = Duration::from_millis(200);

/// Serves the page until standard input ends. Tells when each task with a number was recorded, in
/// Unix milliseconds, and how many steps a second were made meanwhile.
pub(crate) async fn serve(
    folder: &Path,
    (attempts, turns): (usize, usize),
    latency: Latency,
) -> Result<Value, Failure> {
    let ground = Ground::at(folder);
    let model = Arc::new(Scripted::new(turns, Then::GivesUp, latency));
    let engine = ground.engine(Arc::clone(&model) as _).await?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let page = Page::open(Arc::clone(&engine), listener, terms()?).map_err(|why| why.what)?;
    let (leave, left) = oneshot::channel::<()>();
    let serving = tokio::spawn(page.serve(async {
        let _ = left.await;
    }));
    for task in ground.ask(&engine, attempts).await? {
        engine.begin(task, How::default())?;
    }
    println!("http://{address}/#link={}", engine.make_link(None).await?.secret);
    let (began, worked) = (Instant::now(), machine::worked()?);
    drop(model.between());
    let marked = mark(&engine, &ground).await?;
    let seconds = began.elapsed().as_secs_f64();
    let (steps, at_work) = (model.between().len(), engine.at_work().len());
    let worked = machine::worked()?.since(worked);
    engine.leave();
    let _ = leave.send(());
    serving.abort();
    Ok(json!({
        "attempts": attempts,
        "at_work_at_the_end": at_work,
        "steps_per_second": steps as f64 / seconds,
        "seconds": seconds,
        "cores_busy": worked.all / seconds,
        "memory_mb": machine::memory("VmHWM")? as f64 / 1e6,
        "marked": marked,
    }))
}

fn terms() -> Result<PageTerms, Failure> {
    let program = std::env::current_exe()?;
    let machine = Machine { program, features: Vec::new(), allow_below_a: false, room: None };
    let (address, hosts, proxies) = (String::new(), Vec::new(), Vec::new());
    Ok(PageTerms { machine, address, hosts, proxies, tls: None, unencrypted: false })
}

/// Asks for one task after another until standard input ends.
async fn mark(engine: &Engine, ground: &Ground) -> Result<Vec<(u64, u64)>, Failure> {
    let (ended, mut end) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        ended.send(())
    });
    let mut marked = Vec::new();
    for number in 0.. {
        let spec = ground.spec(format!("marker {number}"));
        let task = engine.ask(spec).await?;
        let row = engine.store().view()?.task(task)?;
        marked.extend(row.map(|row| (number, row.asked_at.0)));
        tokio::select! {
            () = tokio::time::sleep(BETWEEN) => {}
            _ = &mut end => break,
        }
    }
    Ok(marked)
}
