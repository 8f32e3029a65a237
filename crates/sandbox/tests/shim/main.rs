//! The helper that this crate's tests hand to the sandbox: forwards to its two steps, as the
//! `tenfold` binary does, and does nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(step) if step == "sandbox-shim" => tenfold_sandbox::shim_main(),
        Some(step) if step == "sandbox-inner" => tenfold_sandbox::inner_main(args),
        _ => ExitCode::from(64),
    }
}
