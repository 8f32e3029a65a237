//! Between protocols: a request, its answer and its stream in the words of another. It is the only
//! place where a body is written anew, and it is used only where it must be. Each protocol has its
//! files, and none knows another's: they meet in the words of `talk`.

mod chat;
mod chat_stream;
mod members;
mod messages;
mod messages_stream;
mod responses;
mod responses_stream;
mod stream;
mod talk;
#[cfg(test)]
mod tests;
mod told;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::Value;
use tenfold_models::Hosted;

use crate::Wire;
use crate::usage::Seen;

pub(crate) use stream::{Telling, Translator};
pub(crate) use talk::{
    Answer, Call, Choice, Form, Head, JSON_IN_WORDS, Part, Piece, Said, Stop, Talk, Used, arguments,
};
pub(crate) use told::told;

/// Why it can't be said in the other protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this model can't be asked through this call with {0}; leave that out, or ask another")]
pub struct Untranslatable(pub(crate) String);

/// Reads a request.
pub(crate) fn read(wire: Wire, body: &[u8]) -> Result<Talk, Untranslatable> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| talk::cant("a body that is no JSON"))?;
    members::known(wire, &body)?;
    match wire {
        Wire::Chat => chat::read(&body),
        Wire::Messages | Wire::CountTokens => messages::read(&body),
        Wire::Responses => responses::read(&body),
        Wire::Embeddings => Err(talk::cant("embeddings")),
    }
}

/// A request in the provider's protocol, with the limit that the gateway puts in.
pub(crate) fn request(
    from: Wire,
    to: Wire,
    body: &Bytes,
    hosted: &Hosted,
    put_in: Option<u64>,
) -> Result<Bytes, Untranslatable> {
    let mut talk = read(from, body)?;
    talk.output_max = talk.output_max.or(put_in);
    write(&talk, to, &hosted.model, to.limit_member(hosted))
}

/// Writes a request; `limit` is how chat completions call the limit of an answer.
pub(crate) fn write(
    talk: &Talk,
    wire: Wire,
    model: &str,
    limit: &str,
) -> Result<Bytes, Untranslatable> {
    let body = match wire {
        Wire::Chat => chat::write(talk, model, limit),
        Wire::Messages => messages::write(talk, model),
        Wire::Responses => responses::write(talk, model)?,
        Wire::Embeddings | Wire::CountTokens => return Err(talk::cant("another call")),
    };
    Ok(body.to_string().into())
}

/// An answer in one piece, in the client's protocol.
pub(crate) fn whole(
    from: Wire,
    to: Wire,
    body: &[u8],
    seen: &Seen,
    head: &Head,
) -> Result<Bytes, Untranslatable> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| talk::cant("an answer that is no JSON"))?;
    let answer = match from {
        Wire::Messages | Wire::CountTokens => messages::read_answer(&body),
        Wire::Responses => responses::read_answer(&body),
        Wire::Chat | Wire::Embeddings => chat::read_answer(&body),
    }?;
    let used = Used { usage: seen.usage.unwrap_or_default(), reasoning: seen.reasoning };
    Ok(write_answer(to, &answer, &used, head))
}

/// An answer in this protocol.
pub(crate) fn write_answer(wire: Wire, answer: &Answer, used: &Used, head: &Head) -> Bytes {
    let body = match wire {
        Wire::Messages | Wire::CountTokens => messages::write_answer(answer, used, head),
        Wire::Responses => responses::write_answer(answer, used, head),
        Wire::Chat | Wire::Embeddings => chat::write_answer(answer, used, head),
    };
    body.to_string().into()
}

/// A head for the answer to a request, with an id that this process gives once.
pub(crate) fn head(wire: Wire, model: &str, body: &[u8]) -> Head {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let start = match wire {
        Wire::Messages | Wire::CountTokens => "msg",
        Wire::Responses => "resp",
        Wire::Chat | Wire::Embeddings => "chatcmpl",
    };
    let id = format!("{start}_{:x}_{number:x}", now.as_nanos());
    let custom = if wire == Wire::Responses { responses::custom_tools(body) } else { Vec::new() };
    Head { model: model.to_owned(), id, created: now.as_secs(), custom }
}
