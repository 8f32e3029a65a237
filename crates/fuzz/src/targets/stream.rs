//! Streams of providers.

use serde_json::Value;
use tenfold_gateway::{Wire, plain};

const ALL: [Wire; 3] = [Wire::Chat, Wire::Responses, Wire::Messages];

/// However a stream is cut into pieces, the same is seen of it; and what it becomes in another
/// protocol is events of JSON.
pub(super) fn run(bytes: &[u8]) {
    let cut = usize::from(bytes.first().copied().unwrap_or(0) % 7) + 1;
    let pieces: Vec<&[u8]> = bytes.chunks(cut).collect();
    for from in ALL {
        for to in ALL {
            let whole = plain::translated_stream(from, to, &[bytes]);
            let in_pieces = plain::translated_stream(from, to, &pieces);
            assert_eq!(whole, in_pieces, "{from:?} to {to:?}");
            let data = whole.0.split('\n').filter_map(|line| line.strip_prefix("data: "));
            for data in data.filter(|data| *data != "[DONE]") {
                serde_json::from_str::<Value>(data).expect("it is JSON");
            }
        }
    }
}
