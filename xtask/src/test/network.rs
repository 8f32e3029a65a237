//! Running the tests where there is no network but the loopback.
//!
//! A test that reaches out would pass today and fail on another machine. Only root can make
//! a network namespace without also becoming someone else in a user namespace, which would
//! change what the sandbox tests see; so everyone else is told that nothing was cut.

use std::process::Command;

use crate::command::{command, on_path, succeeds};
use crate::house;

/// The same command in a network namespace of its own with only the loopback up, or why
/// that can't be had here.
pub(super) fn cut(inner: &Command) -> Result<Command, &'static str> {
    if !cfg!(target_os = "linux") {
        return Err("that needs Linux");
    }
    if on_path("unshare").is_none() {
        return Err("there is no `unshare` program");
    }
    if !succeeds(&mut namespace(&command("true", [""; 0]))) {
        return Err("that needs root, and the right to make a network namespace");
    }
    let mut cut = namespace(inner);
    cut.current_dir(house::root());
    Ok(cut)
}

/// A new namespace's loopback is down; a few lines of Python bring it up and then become
/// the command.
fn namespace(inner: &Command) -> Command {
    let script = house::root().join("xtask/src/test/loopback.py");
    let mut outer = command("unshare", ["--net", "--", "python3"]);
    outer.arg(script).arg(inner.get_program()).args(inner.get_args());
    outer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection to an address that is only for documentation fails at once, because
    /// there is no route; the loopback works.
    const PROBE: &str = "
import errno, socket
with socket.create_server(('127.0.0.1', 0)) as server:
    socket.create_connection(server.getsockname(), 5).close()
try:
    socket.create_connection(('192.0.2.1', 80), 5)
except OSError as error:
    assert error.errno == errno.ENETUNREACH, error
else:
    raise AssertionError('the network is there')
";

    #[test]
    fn inside_there_is_a_loopback_and_nothing_else() {
        match cut(&command("python3", ["-c", PROBE])) {
            Ok(mut probe) => assert!(probe.status().unwrap().success()),
            Err(why) => eprintln!("not tested: {why}"),
        }
    }
}
