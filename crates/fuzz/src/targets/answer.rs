//! Answers of providers in one piece.

use serde_json::Value;
use tenfold_gateway::{Wire, plain};

const ALL: [Wire; 3] = [Wire::Chat, Wire::Responses, Wire::Messages];

/// What can be read in one protocol is JSON in the others, with the same count of what was used;
/// and an answer is whole or can't be read, never both.
pub(super) fn run(bytes: &[u8]) {
    for from in ALL {
        let seen = plain::seen(from, bytes);
        assert_eq!(seen.ended, seen.broken == 0, "{from:?}");
        for to in ALL {
            let Ok(answer) = plain::translated_answer(from, to, bytes) else { continue };
            serde_json::from_slice::<Value>(&answer).expect("it is JSON");
            let again = plain::seen(to, &answer);
            assert!(again.ended, "{from:?} to {to:?}: {answer:?}");
            let total = |seen: &tenfold_gateway::Seen| seen.usage.unwrap_or_default().total();
            assert_eq!(total(&again), total(&seen), "{from:?} to {to:?}");
        }
    }
}
