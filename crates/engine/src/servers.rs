//! MCP servers of an attempt: started in the sandbox at the first need, spoken with over a line
//! that leads into it, ended with the attempt.
//!
//! Each sees the work as it was when it was started, on a layer of its own that is thrown away:
//! what it writes is nobody's work. It is nothing that an attempt waits for at rest, so nothing of
//! it is left while the attempt waits for the person; the next call starts it anew, and says so.
//! What it says is made fit to be told in `tenfold_tools::mcp`.

use std::future::pending;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tenfold_domain::{CommitId, McpServer, McpTalk, Millis, OfferedTool};
use tenfold_redact::Redactor;
use tenfold_sandbox::{Bind, CancelSignal, Dialer, Job, Line, Sandbox, Talk};
use tenfold_tools::mcp::{self, Client, McpCall, McpError, Offer, Reach};
use tenfold_workspace::Workspace;
use tokio::net::UnixListener;
use tokio::sync::{Mutex, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::EngineError;
use crate::checks::{Checks, check_out, make};
use crate::egress::{self, Egress, Ended};
use crate::engine::blocking;
use crate::places::Socket;

/// How long a server may take to be seen to have ended, once it has closed its line.
const ENDING: Millis = Millis(2_000);

/// The servers that an attempt may use.
pub(crate) struct Servers {
    slots: Vec<Slot>,
    checks: Arc<Checks>,
    redactor: Arc<Redactor>,
    cancel: CancelSignal,
    /// As long as they may run.
    until: Instant,
}

/// One of them.
struct Slot {
    server: McpServer,
    live: Mutex<Option<Live>>,
}

/// A call, and what it may need.
pub(crate) struct Calling {
    pub(crate) call: McpCall,
    /// The files that a server sees which is started for it.
    pub(crate) at: CommitId,
    /// What the model was told that the server offers.
    pub(crate) offered: Vec<OfferedTool>,
    pub(crate) egress: Option<Arc<Egress>>,
}

impl Servers {
    pub(crate) fn new(
        servers: &[McpServer],
        (checks, redactor, cancel): (Arc<Checks>, Arc<Redactor>, CancelSignal),
        longest: Millis,
    ) -> Self {
        let slot = |server: &McpServer| Slot { server: server.clone(), live: Mutex::new(None) };
        let until = Instant::now() + longest.into();
        Self { slots: servers.iter().map(slot).collect(), checks, redactor, cancel, until }
    }

    /// Starts all of them at once. Returns what they offer, and what can't be had, in words.
    pub(crate) async fn offer(
        self: Arc<Self>,
        at: CommitId,
        ways: Vec<Option<Arc<Egress>>>,
    ) -> (Vec<OfferedTool>, Vec<String>) {
        let mut starting = JoinSet::new();
        for (index, egress) in ways.into_iter().enumerate() {
            let (all, at) = (Arc::clone(&self), at.clone());
            starting.spawn(async move {
                let slot = &all.slots[index];
                let started = all.start(&slot.server, &at, egress).await;
                let offer = match started {
                    Ok((live, offer)) => {
                        *slot.live.lock().await = Some(live);
                        Ok(offer)
                    }
                    Err(why) => Err(why),
                };
                (index, offer)
            });
        }
        let mut offers = starting.join_all().await;
        offers.sort_by_key(|(index, _)| *index);
        let (mut tools, mut missing) = (Vec::new(), Vec::new());
        for (index, offer) in offers {
            let name = &self.slots[index].server.name;
            match offer {
                Ok(offer) => {
                    tools.extend(offer.tools);
                    let left_out = offer.left_out.iter();
                    missing.extend(left_out.map(|what| format!("of {name}: {what}")));
                }
                Err(why) => missing.push(format!("{name}: {why}")),
            }
        }
        (tools, missing)
    }

    /// Calls a tool, and starts its server if it does not run. Returns what the model is told.
    pub(crate) async fn call(&self, calling: Calling) -> String {
        let Calling { call, at, offered, egress } = calling;
        let McpCall { server: name, tool, arguments, .. } = call;
        let Some(slot) = self.slots.iter().find(|slot| slot.server.name == name) else {
            return format!("The MCP server {name} is none of this task's.");
        };
        let mut place = slot.live.lock().await;
        let mut note = String::new();
        if place.as_ref().is_none_or(Live::is_over) {
            // What is left of the last one goes first.
            drop(place.take());
            match self.start(&slot.server, &at, egress).await {
                Ok((live, offer)) => {
                    note = anew(&name, &offered, &offer);
                    *place = Some(live);
                }
                Err(why) => return format!("The MCP server {name} can't be used: {why}."),
            }
        }
        let Some(live) = place.as_mut() else { return note };
        let longest = slot.server.call_timeout.min(self.left());
        let answer = match live.client.call(&tool, arguments, longest).await {
            Ok(result) => mcp::told(&name, &result, &self.redactor),
            Err(why @ (McpError::Refused(_) | McpError::Wants(_))) => {
                let why = mcp::plain(&why.to_string(), &self.redactor);
                format!("The MCP server {name} did not do it: {why}.")
            }
            Err(McpError::Closed) => {
                let ended = live.run.ended().await;
                *place = None;
                format!(
                    "The MCP server {name} broke off: {ended}. Whether it did what was asked is \
                     not known. The next call starts it anew."
                )
            }
            Err(why) => {
                let why = mcp::plain(&why.to_string(), &self.redactor);
                format!(
                    "No answer of the MCP server {name}: {why}. Whether it did what was asked is \
                     not known."
                )
            }
        };
        note + &answer
    }

    /// Waits until none of them is left; they have been told to end.
    pub(crate) async fn end(&self) {
        for slot in &self.slots {
            if let Some(live) = slot.live.lock().await.as_mut() {
                live.run.ended().await;
            }
        }
    }

    fn left(&self) -> Millis {
        Millis::from(self.until.saturating_duration_since(Instant::now()))
    }

    async fn start(
        &self,
        server: &McpServer,
        at: &CommitId,
        egress: Option<Arc<Egress>>,
    ) -> Result<(Live, Offer), String> {
        let number = self.checks.runs.fetch_add(1, Ordering::Relaxed);
        let dir = self.checks.dir.join(format!("server-{number}"));
        let job = self.job(server, at, &dir).await.map_err(|error| error.to_string())?;
        let start = Start { server, job, egress, dir, redactor: &self.redactor };
        start.begin(&self.checks, &self.cancel, self.left()).await
    }

    /// How a server is run on the work as it is now; what it writes is below `dir`.
    async fn job(&self, server: &McpServer, at: &CommitId, dir: &Path) -> Result<Job, EngineError> {
        let checks = &self.checks;
        let (files, upper) = (dir.join("files"), dir.join("upper"));
        let (workspace, sandbox) = (Arc::clone(&checks.workspace), Arc::clone(&checks.sandbox));
        let (base, at) = (checks.base.clone(), at.clone());
        let (place, made) = (files.clone(), upper.clone());
        blocking(move || -> Result<(), EngineError> {
            check_out(&workspace, &base, &at, &place)?;
            make(&made)?;
            sandbox.hand_over(&place)?;
            Ok(sandbox.hand_over(&made)?)
        })
        .await?;
        let layers = std::iter::once(files)
            .chain(checks.warm.get().cloned())
            .chain(checks.setup.get().map(|layer| layer.path.clone()));
        let (env, places) = (checks.env().to_vec(), (upper, dir.join("scratch")));
        let mut job = checks.job_on(&server.command, self.left(), layers.collect(), env, places);
        job.workdir.clone_from(&job.at);
        job.binds.extend(server.visible.iter().map(Bind::same));
        Ok(job)
    }
}

/// What a server offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its tools, as a model is told of them.
    pub tools: Vec<OfferedTool>,
    /// What can't be had of it, and why, in words.
    pub missing: Vec<String>,
}

/// Starts a server in the sandbox, on the files of a workspace as they are and without a network,
/// and asks what it offers; then it is ended. `dir` is made for that, and removed.
///
/// # Errors
/// What the workspace or the sandbox says. That the server can't be had is none.
pub async fn try_server(
    server: &McpServer,
    (workspace, sandbox, redactor): (Arc<Workspace>, Arc<Sandbox>, Arc<Redactor>),
    dir: &Path,
) -> Result<Offered, EngineError> {
    let taken = Arc::clone(&workspace);
    let base = blocking(move || taken.snapshot()).await?.commit;
    let given = (workspace, sandbox, Arc::clone(&redactor));
    let rooms = Arc::new(tokio::sync::Semaphore::new(1));
    let here = (rooms, std::env::vars_os().collect());
    let checks =
        Arc::new(Checks::prepare(given, base.clone(), (dir.to_owned(), Vec::new()), here).await?);
    let (end, cancel) = watch::channel(false);
    let (servers, longest) =
        (std::slice::from_ref(server), server.start_timeout + server.call_timeout);
    let servers = Arc::new(Servers::new(servers, (Arc::clone(&checks), redactor, cancel), longest));
    let (tools, missing) = Arc::clone(&servers).offer(base, vec![None]).await;
    // Nobody listens if it did not start.
    let _ = end.send(true);
    servers.end().await;
    checks.clear().await?;
    Ok(Offered { tools, missing })
}

/// What is said before the first answer of a server that was started anew.
fn anew(name: &str, offered: &[OfferedTool], offer: &Offer) -> String {
    let own = || offered.iter().filter(|tool| tool.server == name);
    let other = |tool: &&OfferedTool| !offer.tools.contains(tool);
    let changed: Vec<&str> = own().filter(other).map(|tool| tool.spec.name.as_str()).collect();
    let new = offer.tools.iter().filter(|now| own().all(|tool| tool.tool != now.tool)).count();
    let mut note = format!(
        "(The MCP server {name} was started anew, with the files as they are now. What it held \
         before is gone."
    );
    if !changed.is_empty() {
        note += &format!(" It offers these otherwise now, or not at all: {}.", changed.join(", "));
    }
    if new > 0 {
        note += &format!(" It offers {new} more, which can't be called in this attempt.");
    }
    note + ")\n"
}

/// A server that runs.
struct Live {
    client: Client,
    run: Run,
    _bridge: Bridge,
}

impl Live {
    fn is_over(&self) -> bool {
        self.run.0.is_finished() || self.client.is_closed()
    }
}

/// What runs a server, and says how it ended. Its processes end with this.
struct Run(JoinHandle<String>);

impl Run {
    /// How it ended, in words; if it does not do so by itself, it is ended with this.
    async fn ended(&mut self) -> String {
        match tokio::time::timeout(ENDING.into(), &mut self.0).await {
            Ok(Ok(how)) => how,
            Ok(Err(_)) | Err(_) => "it closed its line, and was ended".to_owned(),
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What carries to a server that speaks HTTP; of one that does not, nothing.
#[derive(Default)]
struct Bridge {
    carrying: JoinSet<()>,
    /// Connections are made through its folder.
    socket: Option<Socket>,
}

/// A server that is to be started.
struct Start<'a> {
    server: &'a McpServer,
    job: Job,
    egress: Option<Arc<Egress>>,
    dir: PathBuf,
    redactor: &'a Arc<Redactor>,
}

impl Start<'_> {
    /// Starts it, and asks what it offers.
    async fn begin(
        self,
        checks: &Checks,
        cancel: &CancelSignal,
        left: Millis,
    ) -> Result<(Live, Offer), String> {
        let longest = self.server.start_timeout.min(left);
        let talk = match self.server.talk {
            McpTalk::Stdio => Talk::Standard,
            McpTalk::Http { .. } => Talk::Network,
        };
        let (send, line) = oneshot::channel();
        let mut run = Run(self.run(checks, (talk, send), cancel.clone()));
        // A server that ends says more by that than by a closed line.
        let opened = tokio::select! {
            biased;
            opened = self.open(line, longest) => opened,
            how = &mut run.0 => return Err(how.unwrap_or_default()),
        };
        match opened {
            Ok((client, tools, bridge)) => {
                let offer = mcp::offer(self.server, &tools, self.redactor);
                Ok((Live { client, run, _bridge: bridge }, offer))
            }
            Err(McpError::Closed) => Err(run.ended().await),
            // It had all of that time.
            Err(McpError::Silent(_)) => Err(McpError::Silent(longest).to_string()),
            Err(why) => Err(mcp::plain(&why.to_string(), self.redactor)),
        }
    }

    /// Shakes hands with it, over the line that it is given when it runs.
    async fn open(
        &self,
        line: oneshot::Receiver<Line>,
        longest: Millis,
    ) -> Result<(Client, Vec<mcp::Tool>, Bridge), McpError> {
        let began = Instant::now();
        let rest = || longest.saturating_sub(began.elapsed().into());
        let line = match tokio::time::timeout(longest.into(), line).await {
            Ok(Ok(line)) => line,
            // Why it did not begin is what its run says.
            Ok(Err(_)) => pending().await,
            Err(_) => return Err(McpError::Silent(longest)),
        };
        let mut bridge = Bridge::default();
        let reach = match (line, &self.server.talk) {
            (Line::Standard(line), _) => Reach::Stdio(line),
            (Line::Network(dialer), McpTalk::Http { port, path }) => {
                let odd = |error: std::io::Error| McpError::Odd(error.to_string());
                let socket = Socket::within(&self.dir, "mcp.sock").map_err(odd)?;
                let listener = UnixListener::bind(&socket).map_err(odd)?;
                bridge.carrying.spawn(carry(listener, Arc::new(dialer), *port));
                let address = format!("http://127.0.0.1:{port}{path}");
                let reach = Reach::Http { socket: socket.as_ref().to_owned(), address };
                bridge.socket = Some(socket);
                reach
            }
            (Line::Network(_), McpTalk::Stdio) => return Err(McpError::Closed),
        };
        let client = Client::open(reach, rest()).await?;
        let tools = client.tools(rest()).await?;
        Ok((client, tools, bridge))
    }

    /// Runs it beside all else; what comes back says how it ended.
    fn run(
        &self,
        checks: &Checks,
        talk: (Talk, oneshot::Sender<Line>),
        cancel: CancelSignal,
    ) -> JoinHandle<String> {
        let (sandbox, job) = (Arc::clone(&checks.sandbox), self.job.clone());
        let (egress, redactor) = (self.egress.clone(), Arc::clone(self.redactor));
        tokio::spawn(async move {
            let ran = egress::run_spoken_with(&sandbox, &job, egress.as_ref(), talk, &cancel);
            match ran.await {
                Ok(Ended { exit, refused }) => {
                    let refused = mcp::plain(&refused, &redactor);
                    let said = mcp::excerpt(&exit.output, &redactor);
                    format!("it ended ({}){said}{refused}", exit.end)
                }
                Err(error) => mcp::plain(&error.to_string(), &redactor),
            }
        })
    }
}

/// Carries each connection to the server.
async fn carry(listener: UnixListener, dialer: Arc<Dialer>, port: u16) {
    let mut carried = JoinSet::new();
    loop {
        tokio::select! {
            stream = listener.accept() => {
                let Ok((stream, _)) = stream else { return };
                let dialer = Arc::clone(&dialer);
                carried.spawn(async move {
                    // Who asked learns of it by the end of its connection.
                    let _ = dialer.carry(stream, port).await;
                });
            }
            Some(_) = carried.join_next() => {}
        }
    }
}
