//! The child by itself: `llama-child MODEL [CONTEXT] [THREADS]`, for trying requests by hand.

use std::num::NonZeroU32;
use tenfold_llama::serve::{ServeConfig, run};

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |index: usize, default: u32| {
        let given = arguments.get(index).and_then(|text| text.parse().ok());
        NonZeroU32::new(given.unwrap_or(default)).unwrap_or(NonZeroU32::MIN)
    };
    let config = ServeConfig {
        model: arguments.get(1).map(Into::into).unwrap_or_default(),
        context: number(2, 8_192),
        threads: number(3, 2),
        backends: None,
    };
    run(&config).into()
}
