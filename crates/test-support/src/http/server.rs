//! The server itself: it listens on a port of its own, takes a reply for each request, and
//! ends with all its threads when it is dropped.
//!
//! It is apart because it is the only place with threads. It knows no wire format.

use std::collections::VecDeque;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

use super::gate::Gate;
use super::reply::{Content, Failure, Reply, Used, What};
use super::request::{Format, Request};
use super::socket::{self, Raw};
use super::wire::{self, Answer, Response};

/// How long a test waits for a request. Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a model says before its answer breaks off.
const BROKEN_OFF: &str = "This answer is long enough to break off somewhere in its midst, with \
                          some of it said and some of it not.";

/// A scripted model behind HTTP, on `127.0.0.1`. It ends when it is dropped, in the midst of
/// an answer too.
#[derive(Debug)]
pub struct HttpModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    asked: Condvar,
    stop: AtomicBool,
}

#[derive(Debug)]
struct State {
    script: Script,
    requests: Vec<Request>,
    key: Option<String>,
}

/// Where replies come from.
enum Script {
    /// One after another, and how many there were.
    Replies(VecDeque<Reply>, usize),
    /// From a closure, as long as there are requests.
    Reacts(Box<dyn FnMut(&Request) -> Reply + Send>),
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Replies(left, _) => left.fmt(f),
            Self::Reacts(_) => f.write_str("a closure"),
        }
    }
}

impl HttpModel {
    /// Serves these replies, one per request, in their order. A request that finds none left
    /// gets a 500 that says so.
    ///
    /// # Panics
    /// If there is no port to listen on.
    #[must_use]
    pub fn start(replies: Vec<Reply>) -> Self {
        let count = replies.len();
        Self::serve(Script::Replies(replies.into(), count))
    }

    /// Serves what the closure makes of each request.
    ///
    /// # Panics
    /// If there is no port to listen on.
    #[must_use]
    pub fn reacting(react: impl FnMut(&Request) -> Reply + Send + 'static) -> Self {
        Self::serve(Script::Reacts(Box::new(react)))
    }

    /// From now on a request without this key is refused, and takes no reply.
    #[must_use]
    pub fn demanding(self, key: impl Into<String>) -> Self {
        self.shared.state().key = Some(key.into());
        self
    }

    /// Where it listens: `http://127.0.0.1:PORT`, with no slash at its end.
    ///
    /// The formats are told apart by how a path ends, so that any base below this will do.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().requests.clone()
    }

    /// Waits until it was asked this often.
    ///
    /// # Panics
    /// If it is not within half a minute.
    pub fn wait_asked(&self, requests: usize) {
        let few = |state: &mut State| state.requests.len() < requests;
        let waited = self.shared.asked.wait_timeout_while(self.shared.state(), PATIENCE, few);
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "asked {} times, not {requests}", state.requests.len());
    }

    #[expect(clippy::expect_used, reason = "a test without its server can only fail")]
    fn serve(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port to listen on");
        let address = listener.local_addr().expect("the port that it listens on");
        let state = Mutex::new(State { script, requests: Vec::new(), key: None });
        let shared = Arc::new(Shared { state, asked: Condvar::new(), stop: false.into() });
        let there = Arc::clone(&shared);
        let listener = Some(thread::spawn(move || listen(&listener, &there)));
        Self { address, shared, listener }
    }
}

impl Drop for HttpModel {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let woken = TcpStream::connect(self.address).is_ok();
        if let Some(listener) = self.listener.take().filter(|_| woken) {
            let _ = listener.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes connections until the server is dropped, then breaks those that there are.
fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut connections: Vec<(Arc<TcpStream>, JoinHandle<()>)> = Vec::new();
    for stream in listener.incoming() {
        if shared.stop.load(Ordering::SeqCst) {
            break;
        }
        let Ok(stream) = stream.map(Arc::new) else { continue };
        connections.retain(|(_, thread)| !thread.is_finished());
        let (there, shared) = (Arc::clone(&stream), Arc::clone(shared));
        connections.push((stream, thread::spawn(move || serve(&there, &shared))));
    }
    for (stream, thread) in connections {
        let _ = stream.shutdown(Shutdown::Both);
        let _ = thread.join();
    }
}

/// Serves one connection. That the client may go at any time is no failure.
fn serve(stream: &TcpStream, shared: &Shared) {
    if let Ok(raw) = socket::read(stream)
        && let Some((response, gate)) = respond(raw, shared)
    {
        let _ = socket::write(stream, &response, gate.as_ref());
    }
    let _ = stream.shutdown(Shutdown::Both);
}

/// The response to a request, or none to hang up.
fn respond(raw: Raw, shared: &Shared) -> Option<(Response, Option<Gate>)> {
    let end = raw.path.find('?').unwrap_or(raw.path.len());
    let format = Format::of(&raw.path[..end]).filter(|_| raw.method == "POST");
    let Some(format) = format else {
        let why = format!("a model's server has nothing at {} {}", raw.method, raw.path);
        return Some((wire::stray(404, &why), None));
    };
    let body = match serde_json::from_slice::<Value>(&raw.body) {
        Ok(body) => body,
        Err(why) => return Some((wire::stray(400, &format!("no JSON: {why}")), None)),
    };
    let request = wire::request(format, raw.path, raw.headers, body);
    let (number, reply) = {
        let mut state = shared.state();
        state.requests.push(request.clone());
        shared.asked.notify_all();
        let number = state.requests.len();
        match state.reply(&request) {
            Ok(reply) => (number, reply),
            Err(replies) => return Some((wire::exhausted(&request, number, replies), None)),
        }
    };
    settle(reply, &request, number)
}

impl State {
    /// The next reply; without one, how many there were.
    fn reply(&mut self, request: &Request) -> Result<Reply, usize> {
        if self.key.as_deref().is_some_and(|key| request.key() != Some(key)) {
            return Ok(Reply::fails(Failure::WrongKey));
        }
        match &mut self.script {
            Script::Replies(replies, count) => replies.pop_front().ok_or(*count),
            Script::Reacts(react) => Ok(react(request)),
        }
    }
}

/// What a reply means for a request.
fn settle(reply: Reply, request: &Request, number: usize) -> Option<(Response, Option<Gate>)> {
    let Reply { what, used, gate } = reply;
    let answered = |content: &Content, broken: Option<&Failure>| {
        wire::answered(&Answer { content, used, request, number }, broken)
    };
    let response = match what {
        What::Choice(choose) => {
            let mut chosen = choose(request);
            chosen.gate = chosen.gate.or(gate);
            chosen.used = if chosen.used == Used::default() { used } else { chosen.used };
            return settle(chosen, request, number);
        }
        What::Answer(content) => answered(&content, None),
        What::Failure(failure) => match &failure {
            Failure::HangsUp => return None,
            Failure::LateError if !request.streamed => {
                wire::failed(&Failure::Overloaded, request, number)
            }
            Failure::Truncated | Failure::EndsEarly | Failure::LateError => {
                let content = Content { text: BROKEN_OFF.to_owned(), ..Content::default() };
                answered(&content, Some(&failure))
            }
            Failure::MalformedCall { tool } => answered(&wire::malformed(tool), None),
            Failure::Refusal => answered(&Content { refused: true, ..Content::default() }, None),
            Failure::ContextOverflow
                if request.streamed && request.format == Format::OpenAiResponses =>
            {
                super::responses::overflow(request, number)
            }
            _ => wire::failed(&failure, request, number),
        },
    };
    Some((response, gate))
}
