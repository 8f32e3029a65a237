//! The scripted model's process, as a program that the tests of the wiring can name. An
//! example and no binary, because it is made from what only tests may use.

fn main() -> std::process::ExitCode {
    tenfold_test_support::serve()
}
