//! `cargo xtask dist`: the portable binary, in a folder with the libraries it loads.
//!
//! A normal build uses every instruction of the processor it is built on. This one uses
//! none beyond the family's base, and carries llama.cpp once per level of the family, in
//! libraries of which one is chosen when it starts. It never signs or uploads anything.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use lexopt::prelude::*;

use crate::command::{cargo, output};
use crate::trouble::{Tried, Trouble};
use crate::{Chore, house, web};

pub(crate) const CHORE: Chore = Chore {
    name: "dist",
    usage: "[--dir DIR]",
    about: "build the portable binary and its libraries into target/dist, or DIR",
    run: |args| {
        let mut dir = house::target().join("dist");
        let mut parser = lexopt::Parser::from_args(args);
        while let Some(arg) = parser.next()? {
            match arg {
                Long("dir") => dir = parser.value()?.into(),
                other => return Err(other.unexpected().into()),
            }
        }
        make(&dir)?;
        Ok(ExitCode::SUCCESS)
    },
};

/// What cargo built: the program, and the folder where llama.cpp's build put its output.
struct Built {
    program: PathBuf,
    llama: PathBuf,
}

fn make(dir: &Path) -> Result<(), Trouble> {
    web::ensure()?;
    let built = build()?;
    std::fs::create_dir_all(dir).tried(|| format!("could not create {}", dir.display()))?;
    copy(&built.program, dir)?;
    let mut backends = 0;
    for folder in ["lib", "lib64", "backends"] {
        for library in libraries(&built.llama.join(folder)) {
            copy(&library, dir)?;
            backends += usize::from(folder == "backends");
        }
    }
    if backends == 0 {
        return Err(Trouble::failed(format!(
            "the build left no backend libraries in {}: the program would find nothing to \
             compute with",
            built.llama.join("backends").display()
        )));
    }
    println!("dist: {} and {backends} backend libraries", dir.join("tenfold").display());
    Ok(())
}

/// Builds in a target directory of its own: other flags would throw away every crate that
/// the ordinary build has compiled.
fn build() -> Result<Built, Trouble> {
    println!("dist: building the portable binary; this takes several minutes the first time");
    let mut build = cargo(["build", "--release", "--locked", "--package", "tenfold"]);
    build
        .args(["--features", "portable", "--message-format", "json-render-diagnostics"])
        .current_dir(house::root())
        .env("CARGO_TARGET_DIR", house::target().join("portable"))
        // Flags from the environment replace those of .cargo/config.toml, `target-cpu=native`
        // among them. The program looks for libraries beside itself.
        .env("RUSTFLAGS", "-C link-arg=-Wl,-rpath,$ORIGIN")
        .stderr(Stdio::inherit());
    built(&output(&mut build)?)
}

/// Reads cargo's messages, one JSON object a line.
fn built(messages: &str) -> Result<Built, Trouble> {
    let (mut program, mut llama) = (None, None);
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let text = |key: &str| message[key].as_str().unwrap_or_default();
        if message["target"]["name"] == "tenfold" && !text("executable").is_empty() {
            program = Some(PathBuf::from(text("executable")));
        }
        if text("reason") == "build-script-executed"
            && text("package_id").contains("llama-cpp-sys-2")
        {
            llama = Some(PathBuf::from(text("out_dir")));
        }
    }
    match (program, llama) {
        (Some(program), Some(llama)) => Ok(Built { program, llama }),
        _ => Err(Trouble::failed(
            "cargo did not say where it put the program and llama.cpp's libraries; \
             is the feature `portable` still there?",
        )),
    }
}

/// The shared libraries in a folder, links among them: programs ask for the short names.
fn libraries(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let shared = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        [".so", ".dylib", ".dll"].iter().any(|end| name.contains(end))
    };
    entries.flatten().map(|entry| entry.path()).filter(shared).collect()
}

/// Copies a file, through a link if it is one, under its own name.
fn copy(from: &Path, dir: &Path) -> Result<(), Trouble> {
    let to = dir.join(from.file_name().unwrap_or_default());
    std::fs::copy(from, &to)
        .tried(|| format!("could not copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_things_are() {
        let messages = r#"
not json
{"reason":"build-script-executed","package_id":"registry#llama-cpp-sys-2@0.1.161","out_dir":"/t/out"}
{"reason":"compiler-artifact","target":{"name":"tenfold"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"tenfold"},"executable":"/t/tenfold"}"#;
        let built = built(messages).unwrap();
        assert_eq!(built.program, PathBuf::from("/t/tenfold"));
        assert_eq!(built.llama, PathBuf::from("/t/out"));
    }

    #[test]
    fn a_build_without_the_libraries_is_refused() {
        let messages = r#"{"target":{"name":"tenfold"},"executable":"/t/tenfold"}"#;
        assert!(built(messages).is_err());
    }
}
