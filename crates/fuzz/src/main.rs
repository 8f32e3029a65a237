//! The program that `cargo xtask fuzz` builds and runs: libFuzzer around one target.
//!
//! Apart from the targets, because they know no fuzzer. Built in the usual way it is no fuzzer
//! either, and gives a target the files that are named: `cargo run -p tenfold-fuzz -- TARGET
//! FILE…` shows in a debugger what a fuzzer has found.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
mod fuzzer {
    //! One target, in the hands of libFuzzer, which has a `main` of its own and takes the
    //! command line; so the target's name comes from the environment.

    use std::sync::LazyLock;

    use tenfold_fuzz::Target;

    static CHOSEN: LazyLock<&'static Target> = LazyLock::new(|| {
        let name = std::env::var("TENFOLD_FUZZ_TARGET").unwrap_or_default();
        Target::named(&name).expect("`cargo xtask fuzz TARGET` names a target that there is")
    });

    libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (CHOSEN.run)(bytes));
}

#[cfg(not(fuzzing))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_default();
    let names: Vec<&str> = tenfold_fuzz::TARGETS.iter().map(|target| target.name).collect();
    let target = tenfold_fuzz::Target::named(&name).ok_or_else(|| {
        format!("'{name}' is no target; give one, and files: {}", names.join(", "))
    })?;
    for file in words {
        let bytes =
            std::fs::read(&file).map_err(|error| format!("could not read {file}: {error}"))?;
        (target.run)(&bytes);
    }
    Ok(())
}
