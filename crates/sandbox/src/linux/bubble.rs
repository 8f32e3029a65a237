//! The words by which bubblewrap is told what to build. Apart from the shim so that the list
//! of its flags, on which everything rests, is read in one place.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::stage::{self, Mount};

/// Every namespace there is, none to be had inside, no capability, no terminal, and death
/// with the parent, which is the shim's only thread.
const CONFINE: &[&str] = &[
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--hostname",
    "tenfold",
];

/// All arguments in the form that `--args` reads: each with a NUL after it. They go through a
/// descriptor and not the command line, which would show the host's paths inside, in
/// `/proc/1/cmdline`.
pub(super) fn arguments(mounts: &[Mount], filters: &[i32]) -> Vec<u8> {
    let word = |text: &str| OsString::from(text);
    let mut words: Vec<OsString> = CONFINE.iter().map(|flag| word(flag)).collect();
    words.extend(mounts.iter().flat_map(stage::words));
    // Last, or nothing could be mounted below.
    for read_only in ["/dev", "/"] {
        words.extend([word("--remount-ro"), word(read_only)]);
    }
    words.extend([word("--chdir"), word("/")]);
    for filter in filters {
        words.extend([word("--add-seccomp-fd"), word(&filter.to_string())]);
    }
    let mut bytes = Vec::new();
    for word in &words {
        bytes.extend_from_slice(OsStr::as_bytes(word));
        bytes.push(0);
    }
    bytes
}
