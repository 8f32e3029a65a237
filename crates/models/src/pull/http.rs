//! A file over HTTP, resumed by ranges.
//!
//! The connection lives in a thread of its own, which hands over what comes through a short
//! queue: the one who waits can be told to stop at any moment, and is not held by a name that
//! does not resolve or a server that says nothing.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use tenfold_domain::Bytes;
use ureq::http::HeaderMap;
use ureq::http::header::{CONTENT_RANGE, ETAG, IF_RANGE, RANGE};
use ureq::{Agent, Timeout};

use super::partial::{Partial, validator_path};
use super::{Job, MARGIN, PullOptions, Setback, file_name, free_space};
use crate::entry::host;
use crate::{ModelsError, Progress};

/// How much is handed over at a time.
const CHUNK: usize = 256 << 10;
/// How many chunks may wait to be written.
const QUEUE: usize = 4;
/// How often one download may be taken up again after it was cut.
const RECONNECTS: u32 = 50;
/// How often one download may be taken up again after a server fell silent: each time costs the
/// whole patience that there is with silence.
const SILENCES: u32 = 2;
/// How often the one who waits looks whether to stop.
const GLANCE: Duration = Duration::from_millis(50);
/// The longest mark of a file's state that is remembered.
const ETAG_LIMIT: usize = 1_024;

/// Why a connection brought no more.
enum Trouble {
    /// It was cut: worth another if this one brought something.
    Cut(String),
    /// The server fell silent: worth another, but not as often.
    Silent(String),
    /// This server does not have the file.
    Refused(String),
    /// A reason that has nothing to do with the server.
    Stop(ModelsError),
}

impl From<ModelsError> for Trouble {
    fn from(error: ModelsError) -> Self {
        Self::Stop(error)
    }
}

/// Completes `partial` to `want` bytes. What they are is for the hash to say.
pub(super) fn fetch(
    url: &str,
    want: Bytes,
    partial: &mut Partial,
    job: &mut Job<'_>,
) -> Result<(), Setback> {
    reconnecting(partial, |partial| {
        let (connection, head) = Connection::open(url, partial.len(), None, job)?;
        let size = head.whole(partial.len());
        if let Some(size) = size
            && size != want.0
        {
            let want = want.0;
            return Err(Trouble::Refused(format!("its file has {size} bytes, not {want}")));
        }
        // A server that knows no ranges sends all of it again; what is here is passed over.
        let skip = if head.begins_at == 0 { partial.len() } else { 0 };
        connection.copy(skip, want.0, partial, job)
    })
}

/// Gets a file of which neither size nor hash is known. It is resumed only where the server
/// vouches, by an unchanged entity tag, that it is the same file still.
pub(super) fn fetch_unknown(
    url: &str,
    target: &Path,
    partial: &mut Partial,
    job: &mut Job<'_>,
) -> Result<(), Setback> {
    let kept = validator_path(target);
    reconnecting(partial, |partial| {
        let validator = fs::read_to_string(&kept).ok().filter(|etag| is_strong(etag));
        if validator.is_none() {
            partial.restart()?;
        }
        let (connection, head) = Connection::open(url, partial.len(), validator, job)?;
        if head.begins_at == 0 {
            partial.restart()?;
        }
        let Some(want) = head.whole(partial.len()) else {
            return Err(Trouble::Refused("the server does not say how long its file is".into()));
        };
        match head.etag.filter(|etag| is_strong(etag)) {
            Some(etag) => fs::write(&kept, etag).map_err(ModelsError::io("write", &kept))?,
            None => drop(fs::remove_file(&kept)),
        }
        check_room(want, target, partial.len())?;
        connection.copy(0, want, partial, job)
    })
}

/// Connects again and again, as long as each connection gets further than all before.
fn reconnecting(
    partial: &mut Partial,
    mut connect: impl FnMut(&mut Partial) -> Result<(), Trouble>,
) -> Result<(), Setback> {
    let mut furthest = partial.len();
    let (mut cuts, mut silences) = (0, 0);
    loop {
        let (count, most, why) = match connect(partial) {
            Ok(()) => return Ok(()),
            Err(Trouble::Stop(error)) => return Err(Setback::Stop(error)),
            Err(Trouble::Refused(why)) => return Err(Setback::Source(why)),
            Err(Trouble::Cut(why)) => (&mut cuts, RECONNECTS, why),
            Err(Trouble::Silent(why)) => (&mut silences, SILENCES, why),
        };
        *count += 1;
        if partial.len() <= furthest || *count > most {
            return Err(Setback::Source(why));
        }
        furthest = partial.len();
    }
}

fn check_room(want: u64, target: &Path, have: u64) -> Result<(), ModelsError> {
    let dir = target.parent().unwrap_or(Path::new("/")).to_owned();
    let needed = Bytes(want.saturating_sub(have).saturating_add(MARGIN));
    let free = free_space(&dir)?;
    if free < needed {
        return Err(ModelsError::NoRoom { name: file_name(target), dir, needed, free });
    }
    Ok(())
}

/// What a server says before it sends.
struct Head {
    /// Where in the file that begins which it sends.
    begins_at: u64,
    /// How many bytes it will send.
    length: Option<u64>,
    /// How many bytes the file has, if it says so.
    total: Option<u64>,
    etag: Option<String>,
}

/// What the thread of a connection hands over.
enum Message {
    Head { status: u16, headers: Box<HeaderMap>, length: Option<u64> },
    Chunk(Vec<u8>),
    End,
    Broken(Trouble),
}

/// A connection, in a thread of its own.
struct Connection {
    messages: Receiver<Message>,
    agent: Agent,
}

impl Connection {
    /// Asks for the bytes from `from` on, and waits for the answer.
    fn open(
        url: &str,
        from: u64,
        if_range: Option<String>,
        job: &Job<'_>,
    ) -> Result<(Self, Head), Trouble> {
        let agent = agent(url, job.options);
        let (sender, messages) = sync_channel(QUEUE);
        let (worker, url, options) = (agent.clone(), url.to_owned(), job.options.clone());
        thread::spawn(move || talk(&worker, &url, from, if_range, &options, &sender));
        let connection = Self { messages, agent };
        match connection.next(job)? {
            Message::Head { status, headers, length } => {
                let head = Head::read(status, &headers, length, from)?;
                Ok((connection, head))
            }
            Message::Broken(trouble) => Err(trouble),
            Message::Chunk(_) | Message::End => Err(Trouble::Cut("it said nothing".into())),
        }
    }

    /// Appends what comes until `partial` has `want` bytes; the first `skip` are not new.
    fn copy(
        self,
        mut skip: u64,
        want: u64,
        partial: &mut Partial,
        job: &mut Job<'_>,
    ) -> Result<(), Trouble> {
        while partial.len() < want {
            let chunk = match self.next(job)? {
                Message::Chunk(chunk) => chunk,
                Message::Broken(trouble) => return Err(trouble),
                Message::End | Message::Head { .. } => {
                    let (have, want) = (partial.len(), want);
                    let why = format!("it stopped after {have} of {want} bytes");
                    return Err(Trouble::Cut(why));
                }
            };
            let known = usize::try_from(skip).unwrap_or(usize::MAX).min(chunk.len());
            skip -= known as u64;
            let rest = usize::try_from(want - partial.len()).unwrap_or(usize::MAX);
            let new = &chunk[known..];
            partial.append(&new[..new.len().min(rest)])?;
            let (done, total) = (Bytes(partial.len()), Bytes(want));
            (job.progress)(Progress::Received { done, total });
        }
        Ok(())
    }

    fn next(&self, job: &Job<'_>) -> Result<Message, Trouble> {
        loop {
            job.check_cancelled()?;
            match self.messages.recv_timeout(GLANCE) {
                Ok(message) => return Ok(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Trouble::Cut("the connection was lost".into()));
                }
            }
        }
    }
}

impl Drop for Connection {
    /// Closes the socket, which ends the thread.
    fn drop(&mut self) {
        self.agent.clone().shutdown();
    }
}

impl Head {
    fn read(
        status: u16,
        headers: &HeaderMap,
        length: Option<u64>,
        asked_from: u64,
    ) -> Result<Self, Trouble> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let etag = text(ETAG).map(str::to_owned);
        match status {
            200 => Ok(Self { begins_at: 0, length, total: length, etag }),
            206 => {
                let Some((begins_at, total)) = text(CONTENT_RANGE).and_then(content_range) else {
                    return Err(Trouble::Refused("it answered with no usable range".into()));
                };
                if begins_at != asked_from {
                    let why = format!("asked from byte {asked_from}, it sent from {begins_at}");
                    return Err(Trouble::Refused(why));
                }
                Ok(Self { begins_at, length, total, etag })
            }
            416 => Err(Trouble::Refused("its file is shorter than what is here already".into())),
            401 | 403 => Err(Trouble::Refused(format!("it refused (HTTP {status})"))),
            404 | 410 => Err(Trouble::Refused(format!("it has no such file (HTTP {status})"))),
            _ => Err(Trouble::Refused(format!("it answered HTTP {status}"))),
        }
    }

    /// The size of the whole file, if it can be known.
    fn whole(&self, have: u64) -> Option<u64> {
        self.total.or_else(|| {
            let begins_at = if self.begins_at == 0 { 0 } else { have };
            self.length.and_then(|length| length.checked_add(begins_at))
        })
    }
}

/// Where `bytes 100-199/1000` begins, and the size of the whole.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (begin, _) = range.split_once('-')?;
    Some((begin.trim().parse().ok()?, total.trim().parse().ok()))
}

/// Whether an entity tag vouches for every byte, and can be kept.
fn is_strong(etag: &str) -> bool {
    etag.starts_with('"') && etag.ends_with('"') && (2..=ETAG_LIMIT).contains(&etag.len())
}

fn agent(url: &str, options: &PullOptions) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .https_only(url.starts_with("https://"))
        .max_redirects(5)
        .user_agent(concat!("tenfold/", env!("CARGO_PKG_VERSION")))
        // A range of a compressed file would be of no use.
        .accept_encoding("identity")
        .timeout_resolve(Some(options.connect))
        .timeout_connect(Some(options.connect))
        .timeout_recv_response(Some(options.stall))
        .timeout_per_read(Some(options.stall))
        .timeout_per_write(Some(options.stall))
        .build()
        .new_agent()
}

/// The thread of a connection. It ends when the file does, when the connection breaks, or when
/// nobody takes what it hands over any more.
fn talk(
    agent: &Agent,
    url: &str,
    from: u64,
    if_range: Option<String>,
    options: &PullOptions,
    sender: &SyncSender<Message>,
) {
    let mut request = agent.get(url);
    if from > 0 {
        request = request.header(RANGE, format!("bytes={from}-"));
        if let Some(etag) = if_range {
            request = request.header(IF_RANGE, etag);
        }
    }
    let response = match request.call() {
        Ok(response) => response,
        Err(error) => {
            let _ = sender.send(Message::Broken(reason(&error, url, options)));
            return;
        }
    };
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    let headers = Box::new(parts.headers);
    if sender.send(Message::Head { status, headers, length: body.content_length() }).is_err() {
        return;
    }
    let mut reader = body.into_reader();
    loop {
        let mut chunk = vec![0; CHUNK];
        let message = match reader.read(&mut chunk) {
            Ok(0) => Message::End,
            Ok(n) => {
                chunk.truncate(n);
                Message::Chunk(chunk)
            }
            Err(error) => Message::Broken(reason(&ureq::Error::from(error), url, options)),
        };
        let goes_on = matches!(message, Message::Chunk(_));
        if sender.send(message).is_err() || !goes_on {
            return;
        }
    }
}

/// Why a request failed, in words.
fn reason(error: &ureq::Error, url: &str, options: &PullOptions) -> Trouble {
    let seconds = |duration: Duration| duration.as_secs_f32();
    let host = host(url);
    Trouble::Cut(match error {
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            format!("no connection to {host} within {} s", seconds(options.connect))
        }
        ureq::Error::Timeout(_) => {
            let why = format!("{host} was silent for {} s", seconds(options.stall));
            return Trouble::Silent(why);
        }
        ureq::Error::HostNotFound => format!("{host} is not known here (no network?)"),
        ureq::Error::Io(error) => format!("no connection to {host}: {error}"),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_servers_write_them() {
        assert_eq!(content_range("bytes 100-199/1000"), Some((100, Some(1_000))));
        assert_eq!(content_range("bytes 0-9/*"), Some((0, None)));
        for bad in ["", "bytes */1000", "items 1-2/3", "bytes x-2/3", "bytes 5/9"] {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_a_strong_tag_vouches() {
        assert!(is_strong("\"abc\""));
        for weak in ["W/\"abc\"", "abc", "\"", ""] {
            assert!(!is_strong(weak), "{weak}");
        }
    }
}
