//! An HTTP server for one file, with the manners that a test asks for. A server that hangs does
//! so by waiting for the other side to go.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// How a server behaves.
#[derive(Clone)]
pub(crate) struct Manners {
    /// Whether it answers to ranges.
    pub(crate) ranges: bool,
    /// How many bytes of the file it sends on each connection before it ends it.
    pub(crate) cut_after: Option<usize>,
    /// How many bytes of the file it sends on each connection before it falls silent.
    pub(crate) hang_after: Option<usize>,
    /// Whether it is silent from the start.
    pub(crate) mute: bool,
    /// How many bytes it claims too many.
    pub(crate) boast: usize,
    pub(crate) status: u16,
    pub(crate) etag: Option<String>,
    /// Where it sends everybody.
    pub(crate) location: Option<String>,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            ranges: true,
            cut_after: None,
            hang_after: None,
            mute: false,
            boast: 0,
            status: 200,
            etag: None,
            location: None,
        }
    }
}

type Shared = Arc<Mutex<(Vec<u8>, Manners, Vec<Option<String>>)>>;

pub(crate) struct Server {
    address: SocketAddr,
    shared: Shared,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(file: &[u8], manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new((file.to_vec(), manners, Vec::new())));
        let stop = Arc::new(AtomicBool::new(false));
        let (there, ended) = (Arc::clone(&shared), Arc::clone(&stop));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let there = Arc::clone(&there);
                thread::spawn(move || answer(stream.unwrap(), &there));
            }
        });
        Self { address, shared, stop }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/models/Small_Model.gguf?download=true", self.address)
    }

    /// The `Range` header of each request so far.
    pub(crate) fn ranges(&self) -> Vec<Option<String>> {
        self.shared.lock().unwrap().2.clone()
    }

    pub(crate) fn change(&self, file: &[u8], manners: Manners) {
        let mut shared = self.shared.lock().unwrap();
        (shared.0, shared.1) = (file.to_vec(), manners);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// An address where nobody listens.
pub(crate) fn deserted() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/small.gguf", listener.local_addr().unwrap())
}

/// Writes may fail, as the other side may go at any time.
fn answer(stream: TcpStream, shared: &Shared) -> Option<()> {
    let mut input = BufReader::new(stream.try_clone().unwrap());
    let (mut range, mut if_range) = (None, None);
    loop {
        let mut line = String::new();
        input.read_line(&mut line).ok()?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "range" => range = Some(value.to_owned()),
            "if-range" => if_range = Some(value.to_owned()),
            _ => {}
        }
    }
    let (file, manners) = {
        let mut shared = shared.lock().unwrap();
        shared.2.push(range.clone());
        (shared.0.clone(), shared.1.clone())
    };
    if manners.mute {
        return wait_until_gone(input);
    }
    let changed = if_range.is_some_and(|etag| manners.etag != Some(etag));
    let from = range
        .filter(|_| manners.ranges && !changed)
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok())
        .unwrap_or(0);
    send(stream, input, &file, from, &manners)
}

fn send(
    mut to: TcpStream,
    from_client: BufReader<TcpStream>,
    file: &[u8],
    from: usize,
    manners: &Manners,
) -> Option<()> {
    let status = match manners.status {
        200 if from > 0 => 206,
        status => status,
    };
    let body = &file[from.min(file.len())..];
    write!(to, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", body.len() + manners.boast).ok()?;
    if status == 206 {
        let (last, total) = (file.len() - 1, file.len() + manners.boast);
        write!(to, "Content-Range: bytes {from}-{last}/{total}\r\n").ok()?;
    }
    if let Some(etag) = &manners.etag {
        write!(to, "ETag: {etag}\r\n").ok()?;
    }
    if let Some(location) = &manners.location {
        write!(to, "Location: {location}\r\n").ok()?;
    }
    write!(to, "Connection: close\r\n\r\n").ok()?;
    let stops = manners.cut_after.or(manners.hang_after).unwrap_or(body.len());
    to.write_all(&body[..stops.min(body.len())]).ok()?;
    if manners.hang_after.is_some_and(|after| after < body.len()) {
        return wait_until_gone(from_client);
    }
    Some(())
}

fn wait_until_gone(mut client: BufReader<TcpStream>) -> Option<()> {
    let _ = client.read(&mut [0]);
    Some(())
}
