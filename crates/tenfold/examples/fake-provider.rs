//! The scripted provider's process, as a program that `cargo xtask soak` can name. An example
//! and no binary, because it is made from what only tests may use.

fn main() -> std::process::ExitCode {
    tenfold_test_support::provide(std::env::args_os().skip(1).map(Into::into))
}
