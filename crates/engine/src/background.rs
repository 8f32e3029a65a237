//! Commands of an agent's that run beside its other calls: begun, read in pieces, ended.
//!
//! They belong to this engine's work on the attempt, and not to the attempt: whatever ends that
//! work, be it a stop, a pause, a question or a crash, ends them, and nothing of them is handed
//! on but what was read by then. Apart from `commands`, whose changes are the agent's work: what
//! these change is thrown away. What becomes of one is told when it is asked about; nothing here
//! is a fact of the journal but by that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tenfold_agent::Event;
use tenfold_agent::effect::Reply;
use tenfold_agent::tool_loop::{self, Wish};
use tenfold_domain::{AttemptEvent, CommitId, Fact, Millis, Progress, Shell, StepId, ToolCall};
use tenfold_redact::Redactor;
use tenfold_sandbox::{CancelSignal, Job, Limits, Log, Sandbox, SandboxError};
use tenfold_store::About;
use tenfold_tools::output::{self, MAX_WAIT_SECONDS, Output, State};
use tenfold_tools::run::Run;
use tenfold_tools::stream::Stream;
use tenfold_tools::{Call, shell};
use tokio::sync::{Mutex, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::EngineError;
use crate::attempt::{Running, stopped};
use crate::checks::{Checks, make};
use crate::commands::Commanding;
use crate::egress::{self, Egress, Ended};
use crate::engine::blocking;
use crate::recovery::read_event;

/// Where a command's output is laid down, in the folder of its run.
const LOG: &str = "log";
/// The most that run at a time.
const MOST_RUNNING: usize = 4;
/// The most of which the end and the output are kept.
const MOST_KEPT: usize = 16;
/// How long one may run that does not say, in seconds.
const USUAL_SECONDS: u32 = 3_600;
/// How often it is looked whether one has written something.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// For how long one that has written something writes nothing more when it pauses.
const PAUSE: Duration = Duration::from_secs(1);
/// How much is read of a log at a time, in bytes.
const READ_BYTES: usize = 32_768;

/// The commands in the background of an attempt at work.
#[derive(Default)]
pub(crate) struct Background {
    known: BTreeMap<StepId, Arc<Aside>>,
    /// Each hands back its number at its end.
    running: JoinSet<StepId>,
}

/// A command in the background.
struct Aside {
    id: StepId,
    command: String,
    began: Instant,
    /// How it ended, once it has.
    over: watch::Receiver<Option<Over>>,
    kill: watch::Sender<bool>,
    told: Mutex<Told>,
}

/// How a command ended.
#[derive(Clone)]
struct Over {
    /// In words.
    how: String,
    wall: Millis,
    /// For whom it was not let out, in words.
    refused: String,
}

/// How far the output of a command was told. Its log goes with it.
struct Told {
    dir: PathBuf,
    log: Log,
    stream: Stream,
    /// Whether all of the output has come.
    is_whole: bool,
}

/// All that running one takes.
struct Task {
    sandbox: Arc<Sandbox>,
    egress: Option<Arc<Egress>>,
    dir: PathBuf,
    /// Ends it with the work on the attempt.
    cancel: CancelSignal,
    kill: (watch::Sender<bool>, CancelSignal),
    over: watch::Sender<Option<Over>>,
}

impl Background {
    /// Ends all of them, and waits for that.
    pub(crate) async fn drain(&mut self) {
        while self.running.join_next().await.is_some() {}
    }

    /// Ends what did not end by itself.
    pub(crate) async fn shutdown(&mut self) {
        self.running.shutdown().await;
    }

    /// The next one that ends; none if none runs.
    pub(crate) async fn next_end(&mut self) -> Option<Result<StepId, JoinError>> {
        self.running.join_next().await
    }

    fn running(&self) -> Vec<(StepId, &str)> {
        let running = self.known.values().filter(|aside| aside.over.borrow().is_none());
        running.map(|aside| (aside.id, aside.command.as_str())).collect()
    }

    /// Forgets the oldest that have ended, if there are too many.
    fn forget(&mut self) {
        let ended = self.known.values().filter(|aside| aside.over.borrow().is_some());
        let ended: Vec<StepId> = ended.map(|aside| aside.id).collect();
        for id in ended.iter().take(ended.len().saturating_sub(MOST_KEPT)) {
            self.known.remove(id);
        }
    }
}

impl Running<'_> {
    /// Begins a command in the background.
    pub(crate) async fn start_background(
        &mut self,
        step: StepId,
        (run, call): (Run, ToolCall),
        (at, shell): (CommitId, Shell),
    ) -> Result<(), EngineError> {
        let running = self.background.running();
        let refused = match running.len() < MOST_RUNNING {
            false => Some(output::too_many(&running)),
            true if !self.engine.sandbox.keeps_apart() => {
                Some(crate::commands::NO_OVERLAY.to_owned())
            }
            true => None,
        };
        if let Some(text) = refused {
            self.reply_at_once(step, Reply::Returned { text, at, shell: None });
            return Ok(());
        }
        self.intend_call(step, call, (&at, &shell)).await?;
        let seconds = run.timeout_s.filter(|seconds| *seconds > 0).unwrap_or(USUAL_SECONDS);
        let longest = Millis(u64::from(seconds) * 1_000).min(self.left());
        let redactor = self.engine.redactor();
        let asked = Commanding { command: run.command, at, shell, longest, redactor };
        let dir = self.checks.run_dir();
        let job = self.begin_aside(step, &asked.command, dir.clone());
        let checks = Arc::clone(&self.checks);
        self.spawn_returning(step, async move {
            let laid_out = checks.job_aside(&asked, &dir).await?;
            // Who does not wait for it any more has been ended.
            let _ = job.send(laid_out);
            Ok((output::started(step, &asked.command), asked.at))
        });
        Ok(())
    }

    /// Makes a command known, which runs as soon as its job comes.
    fn begin_aside(&mut self, id: StepId, command: &str, dir: PathBuf) -> oneshot::Sender<Job> {
        let (job, laid_out) = oneshot::channel();
        let (over, seen) = watch::channel(None);
        let (kill, killed) = watch::channel(false);
        let log = Log::new(dir.join(LOG), Limits::default().output);
        let (stream, is_whole) = (Stream::default(), false);
        let told = Told { dir: dir.join(LOG), log, stream, is_whole };
        let aside = Aside {
            id,
            command: command.to_owned(),
            began: Instant::now(),
            over: seen,
            kill: kill.clone(),
            told: Mutex::new(told),
        };
        let task = Task {
            sandbox: Arc::clone(&self.engine.sandbox),
            egress: self.engine.way_out(&self.policy(), self.attempt, id),
            dir,
            cancel: self.cancel.subscribe(),
            kill: (kill, killed),
            over,
        };
        self.background.forget();
        self.background.known.insert(id, Arc::new(aside));
        self.background.running.spawn(async move {
            if let Ok(job) = laid_out.await {
                task.run(job).await;
            }
            id
        });
        job
    }

    /// Reads what a command in the background wrote.
    pub(crate) fn start_output(
        &mut self,
        step: StepId,
        output: &Output,
        at: CommitId,
    ) -> Result<(), EngineError> {
        let Some(aside) = self.aside(step, output.id, &at)? else { return Ok(()) };
        let seconds = output.wait_s.unwrap_or_default().min(MAX_WAIT_SECONDS);
        let wait = Millis(u64::from(seconds) * 1_000).min(self.left());
        let redactor = self.engine.redactor();
        let (mut cancel, mut hurry) = (self.cancel.subscribe(), self.hurry.subscribe());
        self.spawn_returning(step, async move {
            let hurried = async {
                tokio::select! {
                    biased;
                    () = stopped(&mut cancel) => {}
                    _ = hurry.changed() => {}
                }
            };
            Ok((aside.next(wait.into(), &redactor, hurried).await?, at))
        });
        Ok(())
    }

    /// Ends a command in the background.
    pub(crate) fn start_kill(
        &mut self,
        step: StepId,
        id: u32,
        at: CommitId,
    ) -> Result<(), EngineError> {
        let Some(aside) = self.aside(step, id, &at)? else { return Ok(()) };
        let redactor = self.engine.redactor();
        self.spawn_returning(step, async move {
            aside.kill.send_replace(true);
            let mut over = aside.over.clone();
            // It is bounded by how long the sandbox waits for what it has killed.
            let _ = over.wait_for(Option::is_some).await;
            Ok((aside.next(Duration::ZERO, &redactor, std::future::pending()).await?, at))
        });
        Ok(())
    }

    /// The command with this number; if it is not there, the model is told so.
    fn aside(
        &mut self,
        step: StepId,
        id: u32,
        at: &CommitId,
    ) -> Result<Option<Arc<Aside>>, EngineError> {
        let id = StepId(id);
        if let Some(aside) = self.background.known.get(&id) {
            return Ok(Some(Arc::clone(aside)));
        }
        let others: Vec<StepId> = self.background.known.keys().copied().collect();
        let text = output::gone(id, self.begun_before(id)?.as_deref(), &others);
        self.reply_at_once(step, Reply::Returned { text, at: at.clone(), shell: None });
        Ok(None)
    }

    /// The command that a step was to begin in the background, if it was to: what it wanted is
    /// in the journal, also of an attempt that goes on from another one.
    fn begun_before(&self, id: StepId) -> Result<Option<String>, EngineError> {
        for event in self.engine.store.view()?.each_event(About::Attempt(self.attempt).into()) {
            let Fact::Attempt { event: AttemptEvent::Advanced { change }, .. } = event?.fact else {
                continue;
            };
            let event = read_event(self.attempt, self.spec.strategy, change)?;
            if let Event::Loop(tool_loop::Event::Wanted { step, wish: Wish::Tool { call } }) = event
                && step == id
                && let Ok(Call::Run(run)) = Call::understand(&call, &[])
                && run.is_in_background()
            {
                return Ok(Some(run.command));
            }
        }
        Ok(None)
    }

    /// A command in the background has ended: whoever watches is told.
    pub(crate) fn note_end(&self, id: StepId) {
        let Some(aside) = self.background.known.get(&id) else { return };
        let Some(Over { how, wall, .. }) = aside.over.borrow().clone() else { return };
        let command = aside.command.trim();
        let text = format!("command {id} in the background (`{command}`) ended: {how} ({wall})");
        let text = self.engine.redactor().text(&text).into_owned();
        self.teller.tell(Progress::Note { task: self.attempt.task, text });
    }
}

impl Checks {
    /// How a command in the background is run: on a twin of the files that the next command
    /// would see, in the foreground.
    async fn job_aside(&self, asked: &Commanding, dir: &Path) -> Result<Job, EngineError> {
        let mut left = self.left.lock().await;
        let (place, twin) = (self.dir.join("left"), dir.join("files"));
        self.bring(&place, left.take(), &asked.at).await?;
        let (sandbox, from, to, made) =
            (Arc::clone(&self.sandbox), place, twin.clone(), dir.to_owned());
        blocking(move || -> Result<(), EngineError> {
            make(&made)?;
            Ok(sandbox.twin(&from, &to)?)
        })
        .await?;
        *left = Some(asked.at.clone());
        let mut job = self.job_of(asked, &twin, dir).await?;
        if let Some(top) = job.at.to_str() {
            job.command = shell::begun(&asked.shell, &asked.command, top);
        }
        job.log = Some(dir.join(LOG));
        Ok(job)
    }
}

impl Task {
    async fn run(mut self, job: Job) {
        let began = Instant::now();
        let (kill, killed) = &self.kill;
        let run = egress::run(&self.sandbox, &job, self.egress.as_ref(), killed);
        tokio::pin!(run);
        let ended = tokio::select! {
            biased;
            ended = &mut run => ended,
            () = stopped(&mut self.cancel) => {
                kill.send_replace(true);
                run.await
            }
        };
        let (how, wall, refused) = match ended {
            Ok(Ended { exit, refused }) => {
                let how = match *killed.borrow() {
                    true => "killed".to_owned(),
                    false => exit.end.to_string(),
                };
                (how, exit.wall, refused)
            }
            // What a model writes may be no command at all.
            Err(EngineError::Sandbox(why @ (SandboxError::Job(_) | SandboxError::Setup(_)))) => {
                (format!("it never began: {why}"), Millis(0), String::new())
            }
            Err(why) => (format!("it broke off: {why}"), began.elapsed().into(), String::new()),
        };
        // The log stays until the attempt's folder goes: it may not have been read yet.
        let (sandbox, dir) = (Arc::clone(&self.sandbox), self.dir.clone());
        let _ = blocking(move || {
            ["files", "upper", "scratch"]
                .iter()
                .try_for_each(|part| sandbox.discard(&dir.join(part)))
        })
        .await;
        self.over.send_replace(Some(Over { how, wall, refused }));
    }
}

impl Aside {
    /// What is told of it next: at once, or when it has written something and pauses, or has
    /// ended, or when somebody is in a hurry.
    async fn next(
        &self,
        wait: Duration,
        redactor: &Arc<Redactor>,
        hurried: impl Future<Output = ()>,
    ) -> Result<String, EngineError> {
        let mut told = self.told.lock().await;
        let until = tokio::time::sleep(wait);
        tokio::pin!(until, hurried);
        let (mut over, mut came) = (self.over.clone(), None);
        let mut is_last = wait.is_zero();
        loop {
            // Seen before the log is read, so that all of it is there if it has ended.
            let ended = self.over.borrow().clone();
            let before = told.stream.ready();
            told.read(ended.as_ref(), redactor)?;
            if told.stream.ready() > before || (came.is_none() && before > 0) {
                came = Some(Instant::now());
            }
            let has_paused = came.is_some_and(|came| came.elapsed() >= PAUSE);
            if is_last || ended.is_some() || told.stream.is_full() || has_paused {
                let (state, wall) = match &ended {
                    Some(over) => (State::Ended(&over.how), over.wall),
                    None => (State::Runs, self.began.elapsed().into()),
                };
                return Ok(output::report((self.id, &self.command), state, wall, &mut told.stream));
            }
            is_last = tokio::select! {
                biased;
                () = &mut until => true,
                () = &mut hurried => true,
                _ = over.changed() => false,
                () = tokio::time::sleep(LOOK_AGAIN) => false,
            };
        }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        // What can't be removed now is removed with the attempt.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Told {
    /// Takes what was written since, as far as one piece needs.
    fn read(&mut self, over: Option<&Over>, redactor: &Redactor) -> Result<(), EngineError> {
        while !self.is_whole && !self.stream.is_full() {
            let logged = self.log.read(READ_BYTES)?;
            if !logged.bytes.is_empty() {
                self.stream.push(logged.lost, &logged.bytes, redactor);
                continue;
            }
            if let Some(over) = over {
                self.stream.push(0, over.refused.as_bytes(), redactor);
                self.stream.end(redactor);
                self.is_whole = true;
            }
            break;
        }
        Ok(())
    }
}
