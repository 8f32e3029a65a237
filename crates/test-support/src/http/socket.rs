//! HTTP/1.1 by hand, as much as a model's client needs: one request per connection, its body
//! of a known length, the response in one piece or in chunks.
//!
//! It is apart so that nothing else reads or writes a socket. By hand, because a test wants
//! to break off in the midst of a chunk, which a server library rightly prevents.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use super::gate::Gate;
use super::wire::Response;

/// The largest request body that is read.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// A request, before anybody understands it.
pub(super) struct Raw {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Reads a request.
pub(super) fn read(stream: &TcpStream) -> io::Result<Raw> {
    let mut input = BufReader::new(stream);
    let first = line(&mut input)?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let header = line(&mut input)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or((&header, ""));
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    if length > MAX_BODY_BYTES {
        return Err(io::Error::other("the body is too large"));
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Raw { method, path, headers, body })
}

fn line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    match input.read_line(&mut line)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

/// Writes a response, each piece when its gate lets it through.
///
/// # Errors
/// If the client is gone.
pub(super) fn write(
    stream: &TcpStream,
    response: &Response,
    gate: Option<&Gate>,
) -> io::Result<()> {
    let Some(gate) = gate else { return write_pieces(stream, response, || true, || {}) };
    thread::scope(|scope| {
        // The client says nothing more, so that the next it does is to hang up.
        scope.spawn(|| {
            let mut stream = stream;
            let _ = io::copy(&mut stream, &mut io::sink());
            gate.hung_up();
        });
        let written = write_pieces(stream, response, || gate.pass(), || gate.sent());
        // Ends the watch.
        let _ = stream.shutdown(Shutdown::Both);
        written
    })
}

fn write_pieces(
    mut stream: &TcpStream,
    response: &Response,
    mut may_send: impl FnMut() -> bool,
    mut sent: impl FnMut(),
) -> io::Result<()> {
    if !response.streamed && !may_send() {
        return Ok(());
    }
    stream.write_all(head(response).as_bytes())?;
    let breaks_at = response.cut.then_some(response.pieces.len() / 2);
    for (number, piece) in response.pieces.iter().enumerate() {
        if response.streamed && !may_send() {
            return Ok(());
        }
        let mut bytes = match response.streamed {
            true => format!("{:x}\r\n{piece}\r\n", piece.len()).into_bytes(),
            false => piece.clone().into_bytes(),
        };
        if breaks_at == Some(number) {
            bytes.truncate(bytes.len() / 2);
            return stream.write_all(&bytes);
        }
        stream.write_all(&bytes)?;
        sent();
    }
    if response.streamed {
        stream.write_all(b"0\r\n\r\n")?;
    }
    Ok(())
}

fn head(response: &Response) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match response.streamed {
        true => head.push_str("transfer-encoding: chunked\r\n"),
        false => {
            let length: usize = response.pieces.iter().map(String::len).sum();
            head.push_str(&format!("content-length: {length}\r\n"));
        }
    }
    head + "connection: close\r\n\r\n"
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "",
    }
}
