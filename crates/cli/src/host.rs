//! This process as the engine: as long as a command of its own runs, and after that for as long
//! as others have it work.

use std::sync::Arc;
use std::time::Duration;

use tenfold_engine::{Engine, EngineConfig, EngineError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::context::Context;
use crate::stop::Stop;
use crate::terminal::{self, visible};
use crate::upgrade;
use crate::work::STOPPING;

/// How long nothing is said about waiting for others.
const SOON: Duration = Duration::from_millis(300);

/// An engine in this process that listens.
#[derive(Debug)]
pub(crate) struct Host {
    engine: Arc<Engine>,
    serving: JoinHandle<()>,
    leave: oneshot::Sender<()>,
}

impl Host {
    /// Becomes the engine, and listens.
    ///
    /// # Errors
    /// As [`Engine::open`]; if the socket can't be made.
    pub(crate) async fn open(context: &Context) -> Result<Self, EngineError> {
        upgrade::perform(context).await?;
        let config = EngineConfig {
            places: context.house.places.clone(),
            program: context.program.path.clone(),
            allow_below_a: context.allow_tier_b,
            room: context.room,
            model_command: context.model_program.clone().map(|program| (program, Vec::new())),
        };
        let engine = Arc::new(Engine::open(config).await?);
        engine.keep_house();
        engine.settled().iter().for_each(|told| terminal::note(&visible(told)));
        let (leave, left) = oneshot::channel();
        let listening = context.house.places.socket();
        let serving = listening
            .and_then(|socket| (context.program.listen)(Arc::clone(&engine), socket.as_ref(), left))
            .map_err(|why| EngineError::Io { what: "listening for commands".to_owned(), why })?;
        Ok(Self { engine, serving, leave })
    }

    /// The engine that it is.
    pub(crate) fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine)
    }

    /// Ends once nothing is at work any more and nobody is connected, or when the person wants
    /// it; what is at work then can be gone on with.
    pub(crate) async fn close(self, context: &Context, stop: Option<&Stop>) {
        let Self { engine, mut serving, leave } = self;
        let _ = leave.send(());
        if stop.is_some_and(Stop::is_end) {
            engine.leave();
        }
        if tokio::time::timeout(SOON, &mut serving).await.is_err() {
            tell_who_stays(&engine);
            tokio::select! {
                _ = &mut serving => {}
                () = wanted(stop) => {
                    engine.leave();
                    let _ = tokio::time::timeout(STOPPING, &mut serving).await;
                }
            }
        }
        serving.abort();
        // The lock is still held, so that it is nobody else's.
        if let Ok(socket) = context.house.places.socket() {
            let _ = std::fs::remove_file(socket.as_ref());
        }
    }
}

fn tell_who_stays(engine: &Engine) {
    let tasks: Vec<String> = engine.at_work().iter().map(ToString::to_string).collect();
    let what = match tasks.as_slice() {
        [] => "another command still speaks to this one".to_owned(),
        [task] => format!("task {task} is still at work here"),
        tasks => format!("tasks {} are still at work here", tasks.join(", ")),
    };
    terminal::note(&format!("{what}, asked for in another terminal; Ctrl-C stops that too"));
}

/// Waits until the person wants an end that they did not want before.
async fn wanted(stop: Option<&Stop>) {
    match stop {
        // A second Ctrl-C ends the process by itself.
        Some(stop) if !stop.is_wanted() => stop.stopped().await,
        _ => std::future::pending().await,
    }
}
