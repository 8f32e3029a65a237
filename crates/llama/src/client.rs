//! The engine's end: start the child, ask, wait, cancel; if the child dies, start another
//! and ask again.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tenfold_domain::{Tokens, Turn, Usage, Written};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, oneshot};

use crate::protocol::{FromChild, ModelInfo, RequestId, ToChild};
use crate::turn;
use tenfold_domain::{Answer, Ask};

/// Children that one request may outlive: it may be the request that kills them.
const TRIES: u32 = 3;
/// Loading reads a file of gigabytes, perhaps from a slow disk.
const LOAD_TIME: Duration = Duration::from_secs(120);
/// A process whose output has ended has ended itself, or is about to.
const LAST_BREATH: Duration = Duration::from_secs(1);
const ILLEGAL_INSTRUCTION: i32 = 4;
const KILLED: i32 = 9;
/// How long who only wants to count waits for others.
const MOMENT: Duration = Duration::from_millis(50);

/// How to start the child.
#[derive(Debug, Clone)]
pub struct LlamaConfig {
    /// The program that serves a model on its standard input and output.
    pub program: PathBuf,
    /// Its arguments, the model file's path included.
    pub arguments: Vec<String>,
}

/// Why the embedded model gave no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LlamaError {
    /// The child could not be started.
    #[error("the model's process could not be started ({program}): {why}")]
    Start {
        /// What was started.
        program: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The model can't be loaded.
    #[error("the model can't be used: {0}")]
    Unusable(String),
    /// The request is refused; asking again gives the same.
    #[error("the model refused the request: {0}")]
    Refused(String),
    /// The child died under this request, and so did those that came after it.
    #[error("the model's process died {TRIES} times over one request: {0}")]
    Died(Death),
    /// The child died when some of the answer was told already: another's may go on otherwise.
    #[error("the model's process died within its answer; ask again")]
    Broken,
}

/// How a child ended that nobody told to end, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Death(Option<ExitStatus>);

impl Death {
    async fn of(process: &mut Child) -> Self {
        let ended = tokio::time::timeout(LAST_BREATH, process.wait()).await;
        Self(ended.ok().and_then(Result::ok))
    }
}

impl Display for Death {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0.map(|status| (status.signal(), status)) {
            Some((Some(ILLEGAL_INSTRUCTION), _)) => f.write_str(
                "it came to an instruction that this processor doesn't have; build Tenfold on \
                 this machine, or take the portable build (`cargo xtask dist`)",
            ),
            Some((Some(KILLED), _)) => f.write_str("it was killed; is there enough memory?"),
            Some((_, status)) => write!(f, "{status}; is there enough memory?"),
            None => f.write_str("is there enough memory?"),
        }
    }
}

/// An answer, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// What was used, the tries that were lost not included.
    pub usage: Usage,
    /// How many children died before one answered.
    pub lost: u32,
}

/// What the child says in the end.
enum Told {
    Answer(Answer, Usage),
    Counted(Tokens),
}

struct Pending {
    reply: oneshot::Sender<Result<Told, LlamaError>>,
    progress: Option<Progress>,
}

/// Who hears of a request before its answer.
#[derive(Clone)]
struct Progress {
    to: mpsc::UnboundedSender<Written>,
    in_pieces: bool,
    /// Whether they have heard text.
    has_said: Arc<AtomicBool>,
}

impl Progress {
    fn new(to: mpsc::UnboundedSender<Written>, in_pieces: bool) -> Self {
        Self { to, in_pieces, has_said: Arc::default() }
    }

    fn tell(&self, written: Written) {
        self.has_said.fetch_or(!written.text.is_empty(), Ordering::Relaxed);
        // Nobody has to listen.
        let _ = self.to.send(written);
    }
}

/// Requests without an answer; `None` once the child's output has ended, so that none can be
/// added that nobody would answer.
type Waiting = Arc<Mutex<Option<HashMap<RequestId, Pending>>>>;

/// A running child.
struct Live {
    lines: mpsc::UnboundedSender<ToChild>,
    waiting: Waiting,
    info: ModelInfo,
    process: Child,
}

/// An embedded model. It is loaded at the first request, and shared by all that ask.
/// Dropping it ends the child.
pub struct Llama {
    config: LlamaConfig,
    live: tokio::sync::Mutex<Option<Live>>,
    next: AtomicU64,
}

impl Llama {
    /// A model that is not loaded yet.
    pub fn new(config: LlamaConfig) -> Self {
        Self { config, live: tokio::sync::Mutex::new(None), next: AtomicU64::new(1) }
    }

    /// What the model is and can do; loads it if it is not loaded.
    ///
    /// # Errors
    /// When the child can't be started or the model can't be loaded.
    pub async fn info(&self) -> Result<ModelInfo, LlamaError> {
        let mut live = self.live.lock().await;
        Ok(self.alive(&mut live).await?.info.clone())
    }

    /// The child's process id, if one runs.
    pub async fn process(&self) -> Option<u32> {
        self.live.lock().await.as_ref().and_then(|live| live.process.id())
    }

    /// Asks, and waits for the answer. What it has used so far goes to `progress` now and then.
    /// Dropping the future cancels the request.
    ///
    /// # Errors
    /// When the request is refused, the model can't be loaded, or three children died.
    pub async fn ask(
        &self,
        ask: Ask,
        progress: Option<mpsc::UnboundedSender<Written>>,
    ) -> Result<Reply, LlamaError> {
        let progress = progress.map(|to| Progress::new(to, false));
        match ask {
            Ask::Turn(turn) => self.turn(turn, progress).await,
            ask => self.put(ask, progress).await,
        }
    }

    /// The same of the model's next words in a conversation, which `progress` hears as they are
    /// written; where there are tools, they are told with the answer.
    ///
    /// # Errors
    /// As [`Llama::ask`]; and when the child died after some words were told.
    pub async fn talk(
        &self,
        turn: Turn,
        progress: mpsc::UnboundedSender<Written>,
    ) -> Result<Reply, LlamaError> {
        let progress = Progress::new(progress, turn.tools.is_empty());
        self.turn(turn, Some(progress)).await
    }

    async fn turn(&self, turn: Turn, progress: Option<Progress>) -> Result<Reply, LlamaError> {
        let question = Ask::Generate(turn::question(&turn));
        let mut reply = self.put(question, progress).await?;
        if let Answer::Generated { samples } = &mut reply.answer
            && let Some(sample) = samples.pop()
        {
            reply.answer = turn::answer(&turn, sample);
        }
        Ok(reply)
    }

    /// How many tokens a question would read, by the model's own tokenizer; `None` if the model
    /// is not loaded, or refuses the question. Nobody waits for it behind other work.
    pub async fn count(&self, ask: &Ask) -> Option<Tokens> {
        let ask = match ask {
            Ask::Turn(turn) => Ask::Generate(turn::question(turn)),
            ask => ask.clone(),
        };
        let id = RequestId(self.next.fetch_add(1, Ordering::Relaxed));
        let (reply, told) = oneshot::channel();
        {
            // Whoever loads the model holds it; that takes too long for who only wants to know. All
            // others hold it for a moment.
            let live = tokio::time::timeout(MOMENT, self.live.lock()).await.ok()?;
            let live = live.as_ref()?;
            lock(&live.waiting).as_mut()?.insert(id, Pending { reply, progress: None });
            let _ = live.lines.send(ToChild::Count { id, ask });
        }
        match told.await {
            Ok(Ok(Told::Counted(tokens))) => Some(tokens),
            _ => None,
        }
    }

    /// Asks a question that the child understands.
    async fn put(&self, ask: Ask, progress: Option<Progress>) -> Result<Reply, LlamaError> {
        let in_pieces = progress.as_ref().is_some_and(|progress| progress.in_pieces);
        let mut death = Death(None);
        for lost in 0..TRIES {
            let id = RequestId(self.next.fetch_add(1, Ordering::Relaxed));
            let (send, receive) = oneshot::channel();
            let lines = {
                let mut live = self.live.lock().await;
                let live = self.alive(&mut live).await?;
                if let Some(waiting) = lock(&live.waiting).as_mut() {
                    waiting.insert(id, Pending { reply: send, progress: progress.clone() });
                }
                // If the child has died the reply's sender is dropped, which is seen below.
                let _ = live.lines.send(ToChild::Ask { id, ask: ask.clone(), in_pieces });
                live.lines.clone()
            };
            let mut guard = CancelOnDrop { id, lines, armed: true };
            let reply = receive.await;
            guard.armed = false;
            if let Ok(reply) = reply {
                let Told::Answer(answer, usage) = reply? else { continue };
                return Ok(Reply { answer, usage, lost });
            }
            death = self.death().await;
            tracing::warn!("the model's process died: {death}");
            let has_said = |progress: &Progress| progress.has_said.load(Ordering::Relaxed);
            if progress.as_ref().is_some_and(has_said) {
                return Err(LlamaError::Broken);
            }
        }
        Err(LlamaError::Died(death))
    }

    /// How the child ended that is no more, unless there is another already.
    async fn death(&self) -> Death {
        let mut live = self.live.lock().await;
        match live.as_mut().filter(|live| lock(&live.waiting).is_none()) {
            Some(dead) => Death::of(&mut dead.process).await,
            None => Death(None),
        }
    }

    /// The running child, a new one if there is none or if it has died.
    async fn alive<'a>(&self, live: &'a mut Option<Live>) -> Result<&'a mut Live, LlamaError> {
        let dead = live.as_mut().is_none_or(|live| {
            lock(&live.waiting).is_none()
                || live.process.try_wait().is_ok_and(|status| status.is_some())
        });
        if dead {
            *live = None;
        }
        match live {
            Some(live) => Ok(live),
            None => Ok(live.insert(self.start().await?)),
        }
    }

    async fn start(&self) -> Result<Live, LlamaError> {
        let failed = |why: String| LlamaError::Start { program: self.config.program.clone(), why };
        let mut process = Command::new(&self.config.program)
            .args(&self.config.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| failed(e.to_string()))?;
        let (Some(stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed("it has no standard input and output".to_owned()));
        };
        let mut lines = BufReader::new(stdout).lines();
        let first = tokio::time::timeout(LOAD_TIME, lines.next_line())
            .await
            .map_err(|_| failed(format!("it said nothing for {} s", LOAD_TIME.as_secs())))?
            .map_err(|e| failed(e.to_string()))?;
        let Some(first) = first else {
            let death = Death::of(&mut process).await;
            return Err(failed(format!("it ended before it was ready: {death}")));
        };
        let info = match serde_json::from_str(&first) {
            Ok(FromChild::Ready(info)) => info,
            Ok(FromChild::Unusable { why }) => return Err(LlamaError::Unusable(why)),
            _ => return Err(failed("its first line was not understood".to_owned())),
        };
        let waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let (send, receive) = mpsc::unbounded_channel();
        tokio::spawn(write(stdin, receive));
        tokio::spawn(read(lines, waiting.clone()));
        Ok(Live { lines: send, waiting, info, process })
    }
}

struct CancelOnDrop {
    id: RequestId,
    lines: mpsc::UnboundedSender<ToChild>,
    armed: bool,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if self.armed {
            let _ = self.lines.send(ToChild::Cancel { id: self.id });
        }
    }
}

async fn write(mut stdin: ChildStdin, mut lines: mpsc::UnboundedReceiver<ToChild>) {
    while let Some(line) = lines.recv().await {
        let Ok(mut text) = serde_json::to_vec(&line) else { continue };
        text.push(b'\n');
        if stdin.write_all(&text).await.is_err() || stdin.flush().await.is_err() {
            break;
        }
    }
}

/// Hands out answers until the child's output ends; then all that still wait are told by
/// dropping their senders.
async fn read(mut lines: tokio::io::Lines<BufReader<ChildStdout>>, waiting: Waiting) {
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(FromChild::Answer { id, answer, usage }) => {
                reply(&waiting, id, Ok(Told::Answer(answer, usage)));
            }
            Ok(FromChild::Counted { id, tokens }) => {
                reply(&waiting, id, Ok(Told::Counted(tokens)));
            }
            Ok(FromChild::Refused { id, why }) => {
                reply(&waiting, id, Err(LlamaError::Refused(why)));
            }
            Ok(FromChild::Progress { id, written }) => {
                let waiting = lock(&waiting);
                let pending = waiting.as_ref().and_then(|waiting| waiting.get(&id));
                if let Some(progress) = pending.and_then(|pending| pending.progress.as_ref()) {
                    progress.tell(written);
                }
            }
            Ok(FromChild::Ready(_) | FromChild::Unusable { .. }) => {}
            Err(e) => tracing::warn!("a line of the model's process was not understood: {e}"),
        }
    }
    *lock(&waiting) = None;
}

fn reply(waiting: &Waiting, id: RequestId, result: Result<Told, LlamaError>) {
    let pending = lock(waiting).as_mut().and_then(|waiting| waiting.remove(&id));
    if let Some(pending) = pending {
        // Nobody waits any more when the request was cancelled.
        let _ = pending.reply.send(result);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_meets_a_processor_without_an_instruction_is_told_what_to_do() {
        let told = |status: i32| Death(Some(ExitStatus::from_raw(status))).to_string();
        assert!(told(ILLEGAL_INSTRUCTION).contains("build Tenfold on this machine"));
        assert!(told(KILLED).contains("enough memory"));
        assert!(told(11).contains("signal: 11"));
    }
}
