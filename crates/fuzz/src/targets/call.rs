//! A call of a tool by a model: its name, and arguments that may be any text or JSON.

use serde_json::Value;
use tenfold_domain::ToolCall;
use tenfold_tools::{Call, MAX_REPLY_BYTES};

use crate::input;

/// What is not understood is told in a bounded text; what is goes through a journal.
pub(super) fn run(bytes: &[u8]) {
    let [name, arguments] = input::texts(bytes);
    let arguments = serde_json::from_str(&arguments).unwrap_or(Value::String(arguments));
    let call = ToolCall { id: "1".to_owned(), name, arguments, signatures: Vec::new() };
    match Call::understand(&call, &[]) {
        Ok(call) => {
            let text = serde_json::to_string(&call).expect("a call can be written");
            let read: Call = serde_json::from_str(&text).expect("what was written is read");
            assert_eq!(read, call);
        }
        Err(told) => assert!(!told.is_empty() && told.len() <= MAX_REPLY_BYTES, "{told}"),
    }
}
