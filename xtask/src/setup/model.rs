//! The embedded models that the demo or the tests need.
//!
//! Whether it is there is told by its file's size, because that is quick; that it is the
//! right file is the business of `tenfold models pull`, which checks the hash when it
//! fetches. The model is never fetched by any other way.

use std::path::PathBuf;

use super::Purpose;
use crate::command::{cargo, run};
use crate::house;
use crate::trouble::Trouble;

/// A model that Tenfold knows by name, and the file it keeps it in.
struct Model {
    name: &'static str,
    file: &'static str,
    size_bytes: u64,
}

const LARGE: Model = Model {
    name: "qwen2.5-coder-1.5b",
    file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size_bytes: 1_117_320_768,
};

const SMALL: Model = Model {
    name: "qwen2.5-coder-0.5b",
    file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    size_bytes: 491_400_064,
};

/// The tests have the large one call tools, which the small one can't.
fn models(purpose: Purpose) -> &'static [Model] {
    match purpose {
        Purpose::Demo => &[LARGE],
        Purpose::Build => &[SMALL],
        Purpose::Test => &[SMALL, LARGE],
    }
}

fn models_dir() -> Result<PathBuf, Trouble> {
    match std::env::var_os("TENFOLD_MODELS_DIR") {
        Some(dir) => Ok(dir.into()),
        None => Ok(house::cache()?.join("models")),
    }
}

pub(super) fn is_there(purpose: Purpose) -> Result<bool, Trouble> {
    let dir = models_dir()?;
    let is_there = |model: &Model| {
        dir.join(model.file).metadata().is_ok_and(|meta| meta.len() == model.size_bytes)
    };
    Ok(models(purpose).iter().all(is_there))
}

/// Builds Tenfold the way the purpose needs it next, and lets it fetch the models.
pub(super) fn pull(purpose: Purpose) -> Result<(), Trouble> {
    let profile: &[&str] = if purpose == Purpose::Demo { &["--release"] } else { &[] };
    println!("setup: building tenfold, which fetches it; the first time this takes some minutes");
    let mut build = cargo(["build", "--locked", "--package", "tenfold"]);
    run(build.args(profile).current_dir(house::root()))?;
    for model in models(purpose) {
        let mut pull = cargo(["run", "--locked", "--quiet", "--package", "tenfold"]);
        pull.args(profile).args(["--", "models", "pull", model.name]);
        run(pull.current_dir(house::root()))?;
    }
    Ok(())
}
