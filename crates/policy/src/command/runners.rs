//! Programs that run what their arguments say. A list of names, which can't be complete: that
//! is one reason why a list of commands is no boundary.

use super::word::Word;
use crate::wildcard::Wildcard;

/// These start another program, which is one of their arguments.
const RUNNERS: &[&str] = &[
    "builtin",
    "busybox",
    "chroot",
    "chrt",
    "command",
    "coproc",
    "doas",
    "entr",
    "env",
    "exec",
    "fakeroot",
    "fd",
    "find",
    "firejail",
    "flock",
    "function",
    "gtimeout",
    "ionice",
    "ltrace",
    "nice",
    "nohup",
    "nsenter",
    "numactl",
    "pkexec",
    "prlimit",
    "proxychains",
    "rlwrap",
    "runuser",
    "setarch",
    "setpriv",
    "setsid",
    "start-stop-daemon",
    "stdbuf",
    "strace",
    "sudo",
    "systemd-run",
    "taskset",
    "time",
    "timeout",
    "toybox",
    "unbuffer",
    "unshare",
    "xargs",
];

/// These read an argument as a line of shell.
const SHELLS: &[&str] = &[
    ".", "ash", "bash", "dash", "eval", "fish", "ksh", "mksh", "parallel", "rbash", "script", "sh",
    "source", "ssh", "su", "trap", "watch", "yash", "zsh",
];

/// These let a word mean another one later in the line.
const RENAMERS: &[&str] = &["alias"];

/// These add words that they read elsewhere.
const ADDERS: &[&str] = &["xargs", "parallel"];

pub(super) fn could_run_another(word: &Word) -> bool {
    could_be_one_of(word, RUNNERS) || could_be_shell(word)
}

pub(super) fn could_be_shell(word: &Word) -> bool {
    could_be_one_of(word, SHELLS)
}

pub(super) fn could_add_words(word: &Word) -> bool {
    could_be_one_of(word, ADDERS)
}

pub(super) fn could_rename(word: &Word) -> bool {
    could_be_one_of(word, RENAMERS)
}

fn could_be_one_of(word: &Word, names: &[&str]) -> bool {
    match word.text() {
        Some(text) => names.contains(&text.rsplit('/').next().unwrap_or_default()),
        None => names.iter().any(|name| word.could_name(&Wildcard::new(name))),
    }
}

/// Whether something is run that can't be seen in these words, which begin with a program that
/// runs another: what a shell reads as its input, a line with holes in it, or what stands in
/// lines that `xargs` reads.
pub(super) fn runs_unseen(words: &[Word]) -> bool {
    let shell = words.iter().position(could_be_shell);
    let is_adding = words.iter().any(could_add_words);
    let is_open_ended = words.len() > 1 && words.last().is_some_and(could_run_another);
    let has_option = |starts: &[&str]| {
        let texts = words.iter().map(Word::to_string);
        texts.into_iter().any(|text| starts.iter().any(|start| text.starts_with(start)))
    };
    let replaces = has_option(&["-I", "-i", "-J", "--r"]);
    let splits_text = could_be_any(words, "env")
        && words
            .iter()
            .map(Word::to_string)
            .any(|text| text.starts_with("--s") || text.starts_with('-') && text.contains('S'));
    is_adding && (is_open_ended || replaces || shell.is_some())
        || splits_text
        || shell.is_some_and(|at| shell_runs_unseen(&words[at + 1..]))
}

fn could_be_any(words: &[Word], name: &str) -> bool {
    words.iter().any(|word| could_be_one_of(word, &[name]))
}

fn shell_runs_unseen(arguments: &[Word]) -> bool {
    let is_option = |text: &str| text.starts_with(['-', '+']);
    let reads_input = |text: &str| is_option(text) && !text.starts_with("--") && text.contains('s');
    let known = |word: &Word| word.text().filter(|_| word.is_known());
    let Some(texts) = arguments.iter().map(known).collect::<Option<Vec<String>>>() else {
        return true;
    };
    let operands = || texts.iter().filter(|text| !is_option(text));
    operands().next().is_none()
        || operands().any(|text| text.starts_with("/dev/") || text.starts_with("/proc/"))
        || texts.iter().any(|text| reads_input(text))
}
