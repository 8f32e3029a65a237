//! `cargo xtask fuzz`: gives what parses whatever bytes libFuzzer thinks of.
//!
//! The targets are in crates/fuzz and know no fuzzer; this builds the program around them, with
//! the compiler's coverage of branches switched on, in a target directory of its own. What the
//! fuzzer learns is kept there; what it breaks something with is named, and belongs among the
//! seeds once it is mended. No nightly compiler and no installed program is needed.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use lexopt::prelude::*;

use crate::command::{cargo, command, output, run};
use crate::trouble::{Tried, Trouble};
use crate::{Chore, house};

pub(crate) const CHORE: Chore = Chore {
    name: "fuzz",
    usage: "[TARGET…] [--seconds N]",
    about: "look for inputs that break what parses; 60 s for each target, or N",
    run: |args| {
        let (targets, seconds) = parse(args)?;
        let program = build()?;
        let mut broken = Vec::new();
        for target in &targets {
            println!("fuzz: {target}, {seconds} s");
            if let Err(trouble) = fuzz(&program, target, seconds) {
                eprintln!("error: {trouble}");
                broken.push(target.as_str());
            }
        }
        if broken.is_empty() {
            println!("fuzz: {} targets, nothing found", targets.len());
            return Ok(ExitCode::SUCCESS);
        }
        println!("fuzz: found something in {}", broken.join(", "));
        Ok(ExitCode::FAILURE)
    },
};

/// What cargo-fuzz passes too, without a sanitizer: these need no nightly compiler.
const COVERAGE: &str = "--cfg fuzzing -C passes=sancov-module \
    -C llvm-args=-sanitizer-coverage-level=4 \
    -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
    -C llvm-args=-sanitizer-coverage-pc-table \
    -C llvm-args=-sanitizer-coverage-trace-compares \
    -C codegen-units=1";

fn parse(args: Vec<String>) -> Result<(Vec<String>, u32), Trouble> {
    let known = targets()?;
    let (mut wanted, mut seconds) = (Vec::new(), 60);
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(arg) = parser.next()? {
        match arg {
            Long("seconds") => seconds = parser.value()?.parse()?,
            Value(name) => wanted.push(name.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(name)) {
        let known = known.join(", ");
        return Err(Trouble::usage(format!("there is no target '{unknown}'; there are {known}")));
    }
    Ok((if wanted.is_empty() { known } else { wanted }, seconds))
}

/// The targets, by their folders of seeds; a test of the crate holds that each has one.
fn targets() -> Result<Vec<String>, Trouble> {
    let folder = seeds();
    let doing = || format!("could not list {}", folder.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).tried(doing)? {
        names.push(entry.tried(doing)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn seeds() -> PathBuf {
    house::root().join("crates/fuzz/seeds")
}

fn build() -> Result<PathBuf, Trouble> {
    // Named, so that build scripts and macros are built without all this.
    let machine = output(&mut command("rustc", ["--print", "host-tuple"]))?;
    let machine = machine.trim();
    let target = house::target().join("fuzz");
    println!("fuzz: building; this takes some minutes the first time");
    let mut build = cargo(["build", "--locked", "--package", "tenfold-fuzz"]);
    build
        .args(["--profile", "fuzz", "--target", machine])
        .current_dir(house::root())
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", COVERAGE);
    run(&mut build)?;
    Ok(target.join(machine).join("fuzz/tenfold-fuzz"))
}

/// One target, for so long; a failure names the file with what broke it.
fn fuzz(program: &Path, target: &str, seconds: u32) -> Result<(), Trouble> {
    let kept = house::target().join("fuzz/corpus").join(target);
    std::fs::create_dir_all(&kept).tried(|| format!("could not make {}", kept.display()))?;
    let found = house::target().join("fuzz").join(format!("{target}-"));
    let mut fuzz = command(program, [kept.as_path(), &seeds().join(target)]);
    fuzz.arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}", found.display()))
        // An input of some kilobytes that takes seconds, or gigabytes, is a fault too.
        .args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=4096", "-print_final_stats=1"])
        .env("TENFOLD_FUZZ_TARGET", target)
        .env("RUST_BACKTRACE", "0");
    let trouble = match output(fuzz.stderr(Stdio::piped())) {
        Ok(_) => return Ok(()),
        Err(trouble) => trouble.to_string(),
    };
    // The fuzzer's own account of its progress is long; how it ended is not.
    let lines: Vec<&str> = trouble.lines().collect();
    let told = lines[lines.len().saturating_sub(LINES)..].join("\n");
    Err(Trouble::failed(format!(
        "{told}\nput the file among crates/fuzz/seeds/{target}, mend what it breaks, and see \
         `cargo nextest run -p tenfold-fuzz` pass"
    )))
}

/// So much of what the fuzzer said last is shown.
const LINES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_picked_by_name_and_all_without_one() {
        let parsed = |words: &[&str]| parse(words.iter().map(ToString::to_string).collect());
        assert_eq!(parsed(&[]).unwrap(), (targets().unwrap(), 60));
        let picked = (vec!["redact".to_owned()], 5);
        assert_eq!(parsed(&["redact", "--seconds", "5"]).unwrap(), picked);
        let told = parsed(&["everything"]).unwrap_err().to_string();
        assert!(told.contains("there are") && told.contains("redact"), "{told}");
    }
}
