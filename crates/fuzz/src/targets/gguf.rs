//! The header of a model's file.

use tenfold_models::{GgufError, read_header};

/// A header that reads lies within its bytes and reads the same whatever follows; where it is
/// cut short, that is what is said.
pub(super) fn run(bytes: &[u8]) {
    match read_header(bytes) {
        Ok(header) => {
            let longer = [bytes, b"GGUF and more"].concat();
            let again = read_header(longer.as_slice()).expect("what follows does not matter");
            assert_eq!(format!("{again:?}"), format!("{header:?}"));
        }
        Err(GgufError::Truncated(after)) => assert!(after <= bytes.len() as u64),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
