//! What the gateway does to bodies and streams, as functions of bytes: for who has them at hand,
//! as a fuzzer does. Nothing here is paid for.

use bytes::Bytes;

use crate::scan::{Unreadable, sketch};
use crate::splice::{Changes, splice};
use crate::sse::Events;
use crate::translate::{self, Telling, Translator, Untranslatable};
use crate::usage::Seen;
use crate::{Sketch, Wire};

/// A body as it goes out to a model of this name, with a limit and the wish to be told what was
/// used.
///
/// # Errors
/// [`Unreadable`].
pub fn passed(body: &[u8], model: &str, limit: u64) -> Result<(Sketch, Bytes), Unreadable> {
    let sketch = sketch(body)?;
    let model_json = serde_json::Value::from(model).to_string();
    let limit = sketch.limits.tokens.is_none().then_some(("max_tokens", limit));
    let changes = Changes { model_json: &model_json, limit, asks_usage: sketch.streamed };
    let out = splice(&Bytes::copy_from_slice(body), &sketch, &changes);
    Ok((sketch, out))
}

/// A request of one protocol in another.
///
/// # Errors
/// [`Untranslatable`].
pub fn translated_request(
    from: Wire,
    to: Wire,
    body: &[u8],
    model: &str,
) -> Result<Bytes, Untranslatable> {
    let talk = translate::read(from, body)?;
    translate::write(&talk, to, model, "max_tokens")
}

/// What is seen of an answer in one piece.
#[must_use]
pub fn seen(wire: Wire, body: &[u8]) -> Seen {
    let mut seen = Seen::default();
    seen.whole(wire, body);
    seen
}

/// An answer in one piece of one protocol in another.
///
/// # Errors
/// [`Untranslatable`].
pub fn translated_answer(from: Wire, to: Wire, body: &[u8]) -> Result<Bytes, Untranslatable> {
    translate::whole(from, to, body, &seen(from, body), &head())
}

/// A stream of one protocol in another, as it comes in pieces, and what was seen of it.
#[must_use]
pub fn translated_stream(from: Wire, to: Wire, pieces: &[&[u8]]) -> (String, Seen) {
    let mut translator = Translator::new(from, Telling::new(to, head(), true));
    let (mut events, mut seen, mut out) = (Events::default(), Seen::default(), String::new());
    for piece in pieces {
        events.feed(piece, |event| {
            seen.event(from, event);
            out.push_str(&translator.event(event));
        });
    }
    out.push_str(&translator.end(&seen));
    (out, seen)
}

/// As of the answer to any request.
fn head() -> translate::Head {
    let (model, id) = ("m".to_owned(), "id".to_owned());
    translate::Head { model, id, created: 0, custom: Vec::new() }
}
