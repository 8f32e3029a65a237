//! The embedded model itself, once: the small one mends the sample bug's repository or says
//! honestly that it can't. That it gets an answer from a real model is what this holds.

use std::path::PathBuf;

use crate::ground::{CHECK, Ground, Said};

const MODEL: &str = "qwen2.5-coder-0.5b";

/// The person's own cache, where setup puts the model.
fn cache() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let cache = named("TENFOLD_CACHE_DIR")
        .or_else(|| named("XDG_CACHE_HOME").map(|dir| dir.join("tenfold")))
        .or_else(|| named("HOME").map(|dir| dir.join(".cache/tenfold")))
        .expect("HOME says where the model is");
    let file = cache.join("models/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf");
    assert!(
        file.exists(),
        "the model {MODEL} is not here, so nothing was tested: `cargo xtask setup` brings it ({})",
        file.display()
    );
    cache
}

#[test]
fn the_embedded_model_answers() {
    let cache = cache();
    let ground = Ground::new();
    let words = ["run", "--check", CHECK, "--model", MODEL, "--time-limit", "2m", "--json"];
    let mut command = ground.command(&[&words[..], &["--seed", "1", "--attempts", "1"]].concat());
    command.env("TENFOLD_CACHE_DIR", cache).env_remove("TENFOLD_MODEL_PROGRAM");
    let said = Said::of(command.output().unwrap());
    assert!(matches!(said.code, Some(0 | 1)), "{}{}", said.out, said.err);
    let json = said.json();
    assert!(json["usage"]["prompt"].as_u64().unwrap() > 0, "{json}");
    assert_eq!(json["state"] == "to-review", said.code == Some(0), "{json}");
}
