//! What each wire format offers, and what a reply becomes in it: a status, headers and pieces.
//!
//! It is apart from the formats so that how an answer breaks off is written once, and apart
//! from the server so that no socket is needed to look at a reply.

use serde_json::Value;

use super::reply::{Call, Content, Failure, Used};
use super::request::{Format, Read, Request, cache_marks, string};
use super::{anthropic, chat, gemini, responses};

/// A wire format's own words. One file each.
pub(super) trait Wire {
    /// What a request's body says.
    fn read(&self, body: &Value) -> Read;
    /// An answer in one piece.
    fn whole(&self, answer: &Answer<'_>) -> Value;
    /// An answer as the events of a stream, as they go over the wire.
    fn events(&self, answer: &Answer<'_>) -> Vec<String>;
    /// A failure before anything was answered.
    fn error(&self, failure: &Failure, request: &Request) -> Error;
    /// What is said when something breaks in a stream.
    fn late_error(&self, request: &Request) -> String;
}

/// An answer, with all that its format may say of it.
pub(super) struct Answer<'a> {
    pub(super) content: &'a Content,
    pub(super) used: Used,
    pub(super) request: &'a Request,
    /// Of the request, from one: what ids are made of.
    pub(super) number: usize,
}

/// A failure with a status.
pub(super) struct Error {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Error {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string() }
    }
}

/// What goes over the wire.
#[derive(Debug, PartialEq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) pieces: Vec<String>,
    pub(super) streamed: bool,
    /// The connection breaks half-way.
    pub(super) cut: bool,
}

const JSON: &str = "application/json";

impl Format {
    pub(super) fn wire(self) -> &'static dyn Wire {
        match self {
            Self::OpenAiChat => &chat::Chat,
            Self::OpenAiResponses => &responses::Responses,
            Self::Anthropic => &anthropic::Anthropic,
            Self::Gemini => &gemini::Gemini,
        }
    }
}

/// A request as it came, read in its format.
pub(super) fn request(
    format: Format,
    path: String,
    headers: Vec<(String, String)>,
    body: Value,
) -> Request {
    let read = format.wire().read(&body);
    let mut marks = Vec::new();
    cache_marks(&body, "", &mut marks);
    let (model, streamed) = match format {
        Format::Gemini => gemini::asked(&path),
        _ => (string(&body["model"]).to_owned(), body["stream"] == Value::Bool(true)),
    };
    Request {
        format,
        path,
        headers,
        model,
        system: read.system,
        said: read.said,
        tools: read.tools,
        max_tokens: read.max_tokens,
        temperature: read.temperature,
        streamed,
        cache_marks: marks,
        body,
    }
}

/// An answer as a response; broken off if the failure says so.
pub(super) fn answered(answer: &Answer<'_>, broken: Option<&Failure>) -> Response {
    let request = answer.request;
    let wire = request.format.wire();
    let streamed = request.streamed;
    let mut pieces = match streamed {
        true => wire.events(answer),
        false => vec![wire.whole(answer).to_string()],
    };
    let half = pieces.len() / 2;
    match broken {
        Some(Failure::EndsEarly) if streamed => pieces.truncate(half),
        Some(Failure::EndsEarly) => pieces = pieces.iter().map(|piece| first_half(piece)).collect(),
        Some(Failure::LateError) => {
            pieces.truncate(half);
            pieces.push(wire.late_error(request));
        }
        _ => {}
    }
    let content_type = if streamed { "text/event-stream; charset=utf-8" } else { JSON };
    let mut headers = vec![("content-type", content_type.to_owned())];
    headers.push(request_id(request.format, answer.number));
    let cut = broken == Some(&Failure::Truncated);
    Response { status: 200, headers, pieces, streamed, cut }
}

/// A failure with a status as a response.
pub(super) fn failed(failure: &Failure, request: &Request, number: usize) -> Response {
    if *failure == Failure::BadGateway {
        let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
        return whole(502, vec![("content-type", "text/html".to_owned())], page.to_owned());
    }
    let error = request.format.wire().error(failure, request);
    let mut headers = vec![("content-type", JSON.to_owned())];
    headers.push(request_id(request.format, number));
    headers.extend(error.headers);
    whole(error.status, headers, error.body)
}

/// The script has no reply to a request: an error in the request's own format.
pub(super) fn exhausted(request: &Request, number: usize, replies: usize) -> Response {
    let mut response = failed(&Failure::Internal, request, number);
    let why = format!("the script has {replies} replies, and this is request {number}");
    let mut body: Value = serde_json::from_str(&response.pieces[0]).unwrap_or_default();
    body["error"]["message"] = Value::String(why);
    response.pieces = vec![body.to_string()];
    response
}

/// A response to what is no request of any format.
pub(super) fn stray(status: u16, why: &str) -> Response {
    whole(status, vec![("content-type", "text/plain".to_owned())], why.to_owned())
}

fn whole(status: u16, headers: Vec<(&'static str, String)>, body: String) -> Response {
    Response { status, headers, pieces: vec![body], streamed: false, cut: false }
}

fn request_id(format: Format, number: usize) -> (&'static str, String) {
    match format {
        Format::Anthropic => ("request-id", format!("req_{number}")),
        _ => ("x-request-id", format!("req_{number}")),
    }
}

/// What a model says and then does when it calls a tool wrongly.
pub(super) fn malformed(tool: &str) -> Content {
    let arguments = "{\"path\": \"src/lib.rs\", \"lines\": [1, ".to_owned();
    let calls = vec![Call { name: tool.to_owned(), arguments }];
    Content { calls, ..Content::default() }
}

/// An event that has a name.
pub(super) fn named(event: &str, data: &Value) -> String {
    format!("event: {event}\ndata: {data}\n\n")
}

/// An event that has none.
pub(super) fn unnamed(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// A text in the pieces in which a model would write it: a dozen bytes each, and no character
/// cut in two.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    const PIECE_BYTES: usize = 12;
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(rest.ceil_char_boundary(PIECE_BYTES.min(rest.len())));
        pieces.push(piece);
        rest = left;
    }
    pieces
}

fn first_half(text: &str) -> String {
    text[..text.floor_char_boundary(text.len() / 2)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_put_together_are_the_text() {
        let text = "ä long text, with «characters» of many bytes: 文字列です";
        assert_eq!(pieces(text).concat(), text);
        assert!(pieces(text).len() > 3);
        assert!(pieces("").is_empty());
    }
}
