//! A page that is served by a process of the bench, and whoever asks it: started, timed, signed in
//! to, listened to by many, and ended.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value as Json, json};

pub(super) use super::gateway::free_port;
use super::gateway::memory_kb;
use crate::command::output;
use crate::trouble::{Tried, Trouble};

/// A process that is not ready after so long is none.
const PATIENCE: Duration = Duration::from_secs(120);
/// Streams that one person may have, as the door says.
const STREAMS_EACH: u32 = 8;

/// One that serves; it ends with this.
pub(super) struct Serving {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    began: Instant,
    address: SocketAddr,
    /// From the start of the process until it answered that it is ready.
    pub(super) ready_ms: f64,
    secret: String,
    cookie: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let process = i32::try_from(self.child.id()).map(Pid::from_raw);
        if let Ok(process) = process {
            let _ = kill(process, Signal::SIGINT);
        }
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, with its things in this folder.
fn tenfold(program: &Path, folder: &Path) -> Command {
    let mut tenfold = Command::new(program);
    for (name, place) in [("DATA", "data"), ("CACHE", "cache"), ("CONFIG", "config")] {
        tenfold.env(format!("TENFOLD_{name}_DIR"), folder.join(place));
    }
    tenfold.current_dir(folder);
    tenfold
}

/// The program, serving what is in a folder.
pub(super) fn listening(program: &Path, folder: &Path, port: u16) -> Result<Serving, Trouble> {
    let mut serve = tenfold(program, folder);
    serve.args(["serve", "--listen", &format!("127.0.0.1:{port}")]);
    let mut serving = begun(&mut serve, port)?;
    while !is_ready(serving.address) {
        let is_over = !matches!(serving.child.try_wait(), Ok(None));
        if is_over || serving.began.elapsed() > PATIENCE {
            return Err(Trouble::failed("the page was not served"));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    serving.ready_ms = serving.since_start_ms();
    serving.read_link()?;
    Ok(serving)
}

fn begun(serve: &mut Command, port: u16) -> Result<Serving, Trouble> {
    serve.stdin(Stdio::piped()).stdout(Stdio::piped());
    let began = Instant::now();
    let mut child = serve.spawn().tried(|| "could not start what serves".to_owned())?;
    let stdout = child.stdout.take().map(BufReader::new);
    Ok(Serving {
        child,
        stdout,
        began,
        address: ([127, 0, 0, 1], port).into(),
        ready_ms: 0.0,
        secret: String::new(),
        cookie: String::new(),
    })
}

fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut line = String::new();
    stream.write_all(request.as_bytes()).is_ok()
        && BufReader::new(stream).read_line(&mut line).is_ok()
        && line.contains(" 200 ")
}

/// The secret in `http://ADDRESS/#link=SECRET`, and the address.
fn read(line: &str) -> Option<(SocketAddr, String)> {
    let (address, secret) = line.trim().strip_prefix("http://")?.split_once("/#link=")?;
    Some((address.parse().ok()?, secret.to_owned()))
}

impl Serving {
    /// Another process that says on its first line how to come in.
    pub(super) fn of(program: &mut Command) -> Result<Self, Trouble> {
        let mut serving = begun(program, 0)?;
        serving.read_link()?;
        Ok(serving)
    }

    fn read_link(&mut self) -> Result<(), Trouble> {
        let mut line = String::new();
        if let Some(stdout) = &mut self.stdout {
            stdout.read_line(&mut line).tried(|| "what serves said nothing".to_owned())?;
        }
        let (address, secret) = read(&line)
            .ok_or_else(|| Trouble::failed(format!("'{}' is no way to come in", line.trim())))?;
        (self.address, self.secret) = (address, secret);
        Ok(())
    }

    /// How long ago the process was started.
    pub(super) fn since_start_ms(&self) -> f64 {
        self.began.elapsed().as_secs_f64() * 1e3
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `NAME=SECRET`, of whoever signed in.
    pub(super) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// What the process has in memory.
    pub(super) fn memory_mb(&self) -> f64 {
        memory_kb(&[self.child.id()]) as f64 / 1e3
    }

    /// Signs in by the link that was said.
    pub(super) fn sign_in(&mut self) -> Result<(), Trouble> {
        self.cookie = self.signed_in(&self.secret)?;
        Ok(())
    }

    /// The cookie of whom a link lets in.
    fn signed_in(&self, secret: &str) -> Result<String, Trouble> {
        let body = json!({ "secret": secret }).to_string();
        let head = format!("content-type: application/json\r\ncontent-length: {}", body.len());
        let mut stream = self.say(&format!("POST /api/v1/session/link HTTP/1.1\r\n{head}"))?;
        let answer = stream.write_all(body.as_bytes()).and_then(|()| read_all(stream));
        let answer = answer.tried(|| "nobody answered who signed in".to_owned())?;
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.and_then(|cookie| cookie.split(';').next());
        cookie.map(str::to_owned).ok_or_else(|| Trouble::failed("the link let nobody in"))
    }

    /// Sends the head of a request.
    fn say(&self, head: &str) -> Result<TcpStream, Trouble> {
        let said = TcpStream::connect(self.address).and_then(|mut stream| {
            let more = format!("host: {}\r\nconnection: close", self.address);
            write!(stream, "{head}\r\n{more}\r\n\r\n")?;
            Ok(stream)
        });
        said.tried(|| "the page can't be reached".to_owned())
    }

    /// How long an answer takes, in milliseconds, and how many bytes it has.
    pub(super) fn asked(&self, path: &str) -> Result<(f64, usize), Trouble> {
        let began = Instant::now();
        let head = format!("GET {path} HTTP/1.1\r\ncookie: {}", self.cookie);
        let answer = read_all(self.say(&head)?).tried(|| format!("no answer to {path}"))?;
        let millis = began.elapsed().as_secs_f64() * 1e3;
        match answer.starts_with("HTTP/1.1 200 ") {
            true => Ok((millis, answer.len())),
            false => Err(Trouble::failed(format!("{path} was answered so:\n{answer}"))),
        }
    }

    /// Streams of events that are open for as long as what is returned, of as many people as may
    /// have so many.
    pub(super) fn streams(
        &self,
        program: &Path,
        folder: &Path,
        count: u32,
    ) -> Result<Vec<TcpStream>, Trouble> {
        let mut open = Vec::new();
        for person in 0..count.div_ceil(STREAMS_EACH) {
            let name = format!("listener-{}-{person}", self.child.id());
            output(tenfold(program, folder).args(["people", "add", &name, "--access", "viewer"]))?;
            let link = output(tenfold(program, folder).args(["people", "link", &name]))?;
            let (_, secret) = link
                .lines()
                .find_map(read)
                .ok_or_else(|| Trouble::failed(format!("no link is in '{link}'")))?;
            let cookie = self.signed_in(&secret)?;
            for _ in 0..STREAMS_EACH.min(count - person * STREAMS_EACH) {
                let head = format!("GET /api/v1/events HTTP/1.1\r\ncookie: {cookie}");
                let mut stream = self.say(&head)?;
                let mut begin = [0; 12];
                stream.read_exact(&mut begin).tried(|| "a stream ended".to_owned())?;
                if &begin != b"HTTP/1.1 200" {
                    return Err(Trouble::failed("a stream was not opened"));
                }
                open.push(stream);
            }
        }
        Ok(open)
    }

    /// Has it end by itself; what it said at last.
    pub(super) fn ended(mut self) -> Result<Json, Trouble> {
        drop(self.child.stdin.take());
        let mut said = String::new();
        if let Some(stdout) = &mut self.stdout {
            stdout.read_to_string(&mut said).tried(|| "what serves said nothing".to_owned())?;
        }
        serde_json::from_str(&said)
            .map_err(|why| Trouble::failed(format!("the measurement was not understood: {why}")))
    }
}

fn read_all(mut stream: TcpStream) -> std::io::Result<String> {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_where_and_by_what() {
        let (address, secret) = read("http://127.0.0.1:8480/#link=abc\n").unwrap();
        assert_eq!((address.port(), secret.as_str()), (8480, "abc"));
        assert!(read("sign in with your name").is_none());
    }
}
