//! A stream in one protocol becomes one in another, event by event.

use serde_json::Value;

use super::talk::{Answer, Head, Piece, Stop, Used};
use super::{chat_stream, messages_stream, responses_stream};
use crate::trouble::Trouble;
use crate::usage::Seen;
use crate::{Wire, sse};

/// Reads events of one protocol.
#[derive(Debug)]
enum Reader {
    Chat(chat_stream::Reader),
    Messages,
    Responses(responses_stream::Reader),
}

/// Writes events of one protocol.
#[derive(Debug)]
enum Writer {
    Chat(chat_stream::Writer),
    Messages(messages_stream::Writer),
    Responses(responses_stream::Writer),
}

/// Writes an answer as a stream of one protocol.
#[derive(Debug)]
pub(crate) struct Telling {
    wire: Wire,
    writer: Writer,
    stop: Option<Stop>,
    is_over: bool,
}

impl Telling {
    /// `says_usage` is whether a client of chat completions wants to be told what was used.
    pub(crate) fn new(wire: Wire, head: Head, says_usage: bool) -> Self {
        let writer = match wire {
            Wire::Messages | Wire::CountTokens => {
                Writer::Messages(messages_stream::Writer::new(head))
            }
            Wire::Responses => Writer::Responses(responses_stream::Writer::new(head)),
            Wire::Chat | Wire::Embeddings => {
                Writer::Chat(chat_stream::Writer::new(head, says_usage))
            }
        };
        Self { wire, writer, stop: None, is_over: false }
    }

    /// The events before all that is said.
    pub(crate) fn begin(&mut self) -> String {
        match &mut self.writer {
            Writer::Chat(writer) => writer.begin(),
            Writer::Messages(writer) => writer.begin(),
            Writer::Responses(writer) => writer.begin(),
        }
    }

    /// The events for a piece.
    pub(crate) fn piece(&mut self, piece: &Piece) -> String {
        match piece {
            Piece::Stop(stop) => {
                // What is said first holds: a refusal is followed by a plain end.
                self.stop.get_or_insert(*stop);
                String::new()
            }
            Piece::Failed(why) => self.failed(why),
            piece => match &mut self.writer {
                Writer::Chat(writer) => writer.piece(piece),
                Writer::Messages(writer) => writer.piece(piece),
                Writer::Responses(writer) => writer.piece(piece),
            },
        }
    }

    /// The events behind all that is said; none if it failed.
    pub(crate) fn end(&mut self, used: &Used) -> String {
        if std::mem::replace(&mut self.is_over, true) {
            return String::new();
        }
        let stop = self.stop.unwrap_or_default();
        match &mut self.writer {
            Writer::Chat(writer) => writer.end(stop, used),
            Writer::Messages(writer) => writer.end(stop, used),
            Writer::Responses(writer) => writer.end(stop, used),
        }
    }

    /// The event that says that it broke.
    pub(crate) fn failed(&mut self, why: &str) -> String {
        if std::mem::replace(&mut self.is_over, true) {
            return String::new();
        }
        let trouble = Trouble::Unreachable(why.to_owned());
        match &mut self.writer {
            Writer::Responses(writer) => writer.failed(why),
            Writer::Chat(_) => sse::event(None, &trouble.body(self.wire).to_string()),
            Writer::Messages(_) => sse::event(Some("error"), &trouble.body(self.wire).to_string()),
        }
    }

    /// All of an answer that is there.
    pub(crate) fn whole(&mut self, answer: Answer, used: &Used) -> String {
        let mut text = String::new();
        for piece in answer.pieces() {
            text.push_str(&self.piece(&piece));
        }
        text + &self.end(used)
    }
}

/// Turns the events of one protocol into those of another.
#[derive(Debug)]
pub(crate) struct Translator {
    reader: Reader,
    telling: Telling,
    has_begun: bool,
}

impl Translator {
    /// From a provider's protocol to what `telling` writes.
    pub(crate) fn new(from: Wire, telling: Telling) -> Self {
        let reader = match from {
            Wire::Messages | Wire::CountTokens => Reader::Messages,
            Wire::Responses => Reader::Responses(responses_stream::Reader::default()),
            Wire::Chat | Wire::Embeddings => Reader::Chat(chat_stream::Reader::default()),
        };
        Self { reader, telling, has_begun: false }
    }

    /// What an event becomes. One that can't be read becomes nothing; whoever meters it counts it.
    pub(crate) fn event(&mut self, event: &[u8]) -> String {
        let data = sse::data(event);
        let Some(data) = data.and_then(|data| serde_json::from_slice::<Value>(&data).ok()) else {
            return String::new();
        };
        let pieces = match &mut self.reader {
            Reader::Chat(reader) => reader.read(&data),
            Reader::Messages => messages_stream::read(&data),
            Reader::Responses(reader) => reader.read(&data),
        };
        let mut text = self.begin();
        for piece in pieces {
            text.push_str(&self.telling.piece(&piece));
        }
        text
    }

    /// What the end becomes.
    pub(crate) fn end(&mut self, seen: &Seen) -> String {
        let used = Used { usage: seen.usage.unwrap_or_default(), reasoning: seen.reasoning };
        self.begin() + &self.telling.end(&used)
    }

    /// What a break becomes.
    pub(crate) fn failed(&mut self, why: &str) -> String {
        self.begin() + &self.telling.failed(why)
    }

    fn begin(&mut self) -> String {
        match std::mem::replace(&mut self.has_begun, true) {
            true => String::new(),
            false => self.telling.begin(),
        }
    }
}
