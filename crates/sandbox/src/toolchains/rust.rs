//! Rust: rustup's toolchains, and cargo's registry without its credentials. Cargo locks and
//! writes files in its home, so that home is the private one, and only the downloaded sources
//! in it are the person's.

use super::{Surroundings, Toolchains};
use crate::HOME;

pub(super) fn find(around: &Surroundings, found: &mut Toolchains) {
    if let Some(rustup) = around.dir("RUSTUP_HOME", ".rustup")
        && !around.holds_more_than_tools(&rustup)
    {
        found.show(around, &rustup);
        found.set("RUSTUP_HOME", rustup.to_string_lossy());
    }
    if let Some(toolchain) = around.var("RUSTUP_TOOLCHAIN") {
        found.set("RUSTUP_TOOLCHAIN", toolchain);
    }
    if let Some(cargo) = around.dir("CARGO_HOME", ".cargo") {
        found.show(around, &cargo.join("bin"));
        for name in ["registry", "git"] {
            found.show_at_home(&cargo.join(name), &format!(".cargo/{name}"));
        }
        // Mirrors and linkers are set here, and now and then a token: then it stays outside.
        let config = cargo.join("config.toml");
        let text = std::fs::read_to_string(&config).unwrap_or_default().to_lowercase();
        let secret = ["token", "secret", "password", "credential"];
        if !text.is_empty() && !secret.iter().any(|word| text.contains(word)) {
            found.show_at_home(&config, ".cargo/config.toml");
        }
    }
    found.set("CARGO_HOME", format!("{HOME}/.cargo"));
    found.set("CARGO_TERM_COLOR", "never");
    found.set("RUSTUP_AUTO_INSTALL", "0");
}
