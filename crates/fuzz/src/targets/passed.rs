//! Bodies of requests to the gateway.

use serde_json::Value;
use tenfold_gateway::{Wire, plain};

const ALL: [Wire; 3] = [Wire::Chat, Wire::Responses, Wire::Messages];

/// What the scanner takes for the model is what a reader of JSON takes for it, and nothing else
/// changes but what is meant to; what can be read in one protocol and written in another is JSON.
pub(super) fn run(bytes: &[u8]) {
    for from in ALL {
        for to in ALL {
            if let Ok(body) = plain::translated_request(from, to, bytes, "there") {
                let body: Value = serde_json::from_slice(&body).expect("it is JSON");
                assert_eq!(body["model"], "there");
            }
        }
    }
    let Ok((sketch, out)) = plain::passed(bytes, "there", 7) else { return };
    // The scanner leaves to the provider what is in a text that nobody reads here.
    let Ok(before) = serde_json::from_slice::<Value>(bytes) else { return };
    let Some((name, _)) = &sketch.model else {
        assert!(before["model"].is_null());
        return assert_eq!(out, bytes);
    };
    assert_eq!(before["model"], name.as_str());
    assert_eq!(before["stream"] == true, sketch.streamed);
    let mut after: Value = serde_json::from_slice(&out).expect("it is JSON still");
    assert_eq!(after["model"], "there");
    after["model"] = before["model"].clone();
    let after = after.as_object_mut().expect("an object");
    let before = before.as_object().expect("an object");
    if !before.contains_key("stream_options") || sketch.streamed {
        after.remove("stream_options");
    }
    if sketch.limits.tokens.is_none() && after.get("max_tokens") != before.get("max_tokens") {
        assert_eq!(after.remove("max_tokens"), Some(7.into()));
    }
    for (name, value) in before.iter().filter(|(name, _)| *name != "stream_options") {
        if name != "max_tokens" || sketch.limits.tokens.is_some() {
            assert_eq!(after.get(name), Some(value), "{name}");
        }
    }
}
