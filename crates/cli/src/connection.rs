//! The engine, as commands speak to it: the one at work, or else this very process, which
//! becomes it. Either way it is spoken to over its socket, so that there is one way only.

use std::path::Path;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tenfold_api::{Call, Look, path};
use tenfold_domain::{Problem, Progress, TaskId};
use tenfold_engine::Socket;
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use crate::exit::Exit;
use crate::trouble::Trouble;

/// The largest answer to a call, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// The longest single message of progress, in bytes.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

type Speaker = SendRequest<Full<Bytes>>;

/// A connection to the engine. As long as it is open, the engine stays.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The engine's process, if that is another one.
    elsewhere: Option<u32>,
    socket: Socket,
    speaker: Mutex<Speaker>,
}

/// Nobody listens, or whoever did was about to end.
#[derive(Debug)]
pub(crate) struct NobodyThere;

impl Connection {
    /// Connects to the engine at work.
    ///
    /// # Errors
    /// [`NobodyThere`], which may be otherwise in a moment.
    pub(crate) async fn open(socket: Socket) -> Result<Self, NobodyThere> {
        let speaker = speaker(socket.as_ref()).await.map_err(|_| NobodyThere)?;
        let connection = Self { elsewhere: None, socket, speaker: Mutex::new(speaker) };
        // An engine that ends just now may have taken the connection without reading from it.
        let engine = connection.call(None, &Look {}).await.map_err(|_| NobodyThere)?;
        let elsewhere = Some(engine.process).filter(|process| *process != std::process::id());
        Ok(Self { elsewhere, ..connection })
    }

    /// Says something that is about no task.
    pub(crate) async fn say<C: Call>(&self, call: &C) -> Result<C::Answer, Trouble> {
        self.call(None, call).await
    }

    /// Says something that is about a task.
    pub(crate) async fn say_of<C: Call>(
        &self,
        task: TaskId,
        call: &C,
    ) -> Result<C::Answer, Trouble> {
        self.call(Some(task), call).await
    }

    /// How it goes with a task, or with all that are at work.
    pub(crate) async fn progress(&self, task: Option<TaskId>) -> Result<Messages, Trouble> {
        let template = match task {
            Some(_) => tenfold_api::TASK_PROGRESS,
            None => tenfold_api::PROGRESS,
        };
        let request = request(Method::GET, &path(template, task), Bytes::new())?;
        // A stream has its connection to itself, so that the person can speak meanwhile.
        let mut speaker = speaker(self.socket.as_ref()).await.map_err(|error| gone(&error))?;
        let response = speaker.send_request(request).await.map_err(|error| gone(&error))?;
        if response.status() != StatusCode::OK {
            return Err(refused(response).await);
        }
        Ok(Messages { body: response.into_body(), text: Vec::new(), _speaker: speaker })
    }

    /// What the engine says, and where it says it: a key that is missing is missing there.
    pub(crate) fn told(&self, trouble: Trouble) -> Trouble {
        match self.elsewhere {
            Some(process) if trouble.exit == Exit::Model => trouble.advise(format!(
                "the Tenfold at work is process {process}, in another terminal: keys and settings \
                 are those that were set there"
            )),
            _ => trouble,
        }
    }

    async fn call<C: Call>(&self, task: Option<TaskId>, call: &C) -> Result<C::Answer, Trouble> {
        let (method, body) = match C::READS {
            true => (Method::GET, Bytes::new()),
            false => (Method::POST, serde_json::to_vec(call)?.into()),
        };
        let request = request(method, &path(C::PATH, task), body)?;
        let mut speaker = self.speaker.lock().await;
        speaker.ready().await.map_err(|error| gone(&error))?;
        let response = speaker.send_request(request).await.map_err(|error| gone(&error))?;
        if response.status() != StatusCode::OK {
            return Err(self.told(refused(response).await));
        }
        let body = whole(response).await?;
        serde_json::from_slice(&body).map_err(|error| {
            Trouble::internal(format!("the engine's answer can't be read: {error}"))
                .advise("an engine of another release may be at work; let it end first")
        })
    }
}

async fn speaker(socket: &Path) -> std::io::Result<Speaker> {
    let stream = UnixStream::connect(socket).await?;
    let (speaker, talk) =
        http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
    // It ends when both the speaker and what is read from it are gone.
    tokio::spawn(async move {
        let _ = talk.await;
    });
    Ok(speaker)
}

fn request(method: Method, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>, Trouble> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "tenfold")
        .header("content-type", "application/json")
        .body(Full::new(body))
        .map_err(|error| Trouble::internal(format!("a call can't be made: {error}")))
}

async fn whole(response: Response<Incoming>) -> Result<Bytes, Trouble> {
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
    Ok(body.map_err(|error| gone(&*error))?.to_bytes())
}

/// What the engine says when it does not do something.
async fn refused(response: Response<Incoming>) -> Trouble {
    let status = response.status();
    let body = match whole(response).await {
        Ok(body) => body,
        Err(trouble) => return trouble,
    };
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => problem.into(),
        Err(_) => Trouble::internal(format!("the engine answered with {status} and no reason")),
    }
}

fn gone(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(Exit::Busy, format!("the engine that was at work has ended ({error})"))
        .advise("nothing is lost: try again, and `tenfold continue` goes on with what it worked on")
}

/// Progress as it comes in.
#[derive(Debug)]
pub(crate) struct Messages {
    body: Incoming,
    /// What has come and is no whole message yet.
    text: Vec<u8>,
    // Dropping it would end the stream.
    _speaker: Speaker,
}

impl Messages {
    /// The next message; `None` when there will be no more.
    ///
    /// # Errors
    /// If the engine has gone, or says what is no progress.
    pub(crate) async fn next(&mut self) -> Result<Option<Progress>, Trouble> {
        loop {
            if let Some(end) = find_end(&self.text) {
                let message: Vec<u8> = self.text.drain(..end).collect();
                if let Some(progress) = read(&message)? {
                    return Ok(Some(progress));
                }
                continue;
            }
            if self.text.len() > MESSAGE_BYTES_MAX {
                return Err(Trouble::internal("the engine sends a message without an end"));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.text.extend(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(gone(&error)),
                None => return Ok(None),
            }
        }
    }
}

/// Where the first whole message ends: after an empty line.
fn find_end(text: &[u8]) -> Option<usize> {
    text.windows(2).position(|pair| pair == b"\n\n").map(|at| at + 2)
}

/// A server-sent event; one without data only keeps the connection open.
fn read(message: &[u8]) -> Result<Option<Progress>, Trouble> {
    let text = String::from_utf8_lossy(message);
    let data: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|data| data.strip_prefix(' ').unwrap_or(data))
        .collect();
    if data.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&data.join("\n")).map(Some).map_err(|error| {
        Trouble::internal(format!("what the engine says can't be read: {error}"))
            .advise("an engine of another release may be at work; let it end first")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_and_comments_left_out() {
        let told = b": alive\n\ndata: {\"progress\":\"note\",\"task\":1,\"text\":\"a\"}\n\ndata: {";
        let end = find_end(told).unwrap();
        assert!(read(&told[..end]).unwrap().is_none());
        let rest = &told[end..];
        let end = find_end(rest).unwrap();
        assert!(
            matches!(read(&rest[..end]).unwrap(), Some(Progress::Note { text, .. }) if text == "a")
        );
        assert!(find_end(&rest[end..]).is_none());
        assert!(read(b"data: nonsense\n\n").is_err());
    }
}
