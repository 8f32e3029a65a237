//! The shell that a model's commands seem to share: each runs in one of its own, which begins
//! where the last one stood, with what that exported, and writes both down when it ends.
//!
//! Apart, because it is a small language of its own: what is said to `sh` before the command,
//! and what it says at the end. Nothing here starts a shell; what it wrote is not believed.

use std::collections::BTreeMap;
use std::path::Path;

use tenfold_domain::Shell;
use tenfold_redact::{Kind, Redactor};

use crate::shown;

/// The most that is kept of what was exported, names and values together, in bytes.
pub const MAX_KEPT_BYTES: usize = 16_000;
/// The longest record of a shell's end that is read, in bytes.
pub const MAX_RECORD_BYTES: u64 = 1 << 20;
/// The file that a shell writes its record into, at the top of the workspace.
pub const RECORD: &str = ".tenfold-shell";

/// The longest directory that is kept, in bytes: the longest path that there is.
const MAX_DIR_BYTES: usize = 4_096;
/// How many variables are named that are not kept.
const MAX_NAMED: usize = 20;
/// What a shell sets by itself, or will not have set.
const OWN: [&str; 9] =
    ["PWD", "OLDPWD", "SHLVL", "_", "PPID", "UID", "EUID", "SHELLOPTS", "BASHOPTS"];

/// What a first command begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The top of the workspace, absolute, as the shell sees it.
    pub top: String,
    /// All that is exported there.
    pub env: BTreeMap<String, String>,
}

/// What a command left to the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What that begins with.
    pub shell: Shell,
    /// What the model is told of it; may be empty.
    pub said: String,
}

/// The text for `sh -c`: a command that begins with what is left to it, and leaves what it has
/// at its end, also where it fails or says `exit`.
///
/// All that is put before the command stands on its first line, so that its lines keep their
/// numbers where the shell names one.
pub fn carried(shell: &Shell, command: &str, top: &str) -> String {
    // The shell's own settings are put aside, so that they don't act on what follows.
    let record = quoted(&format!("{top}/{RECORD}"));
    let epilogue = format!(
        "{{ set +euxv; umask 077; {{ printf '%s\\0' \"$(pwd)\"; /usr/bin/env -0 && printf '\\0'; }} \
         >|{record}; }} 2>/dev/null"
    );
    format!("{}trap {} EXIT; {command}", beginning(shell, top), quoted(&epilogue))
}

/// The same for a command that leaves nothing.
pub fn begun(shell: &Shell, command: &str, top: &str) -> String {
    beginning(shell, top) + command
}

fn beginning(shell: &Shell, top: &str) -> String {
    let mut text = String::new();
    if !shell.dir.is_empty() {
        let dir = Path::new(top).join(&shell.dir);
        let dir = quoted(&dir.to_string_lossy());
        let gone = quoted(&format!("({} is not there: this began at the top)", shell.dir));
        text.push_str(&format!("cd -- {dir} 2>/dev/null || printf '%s\\n' {gone}; "));
    }
    for name in &shell.unset {
        text.push_str(&format!("unset {name}; "));
    }
    for (name, value) in &shell.set {
        text.push_str(&format!("export {name}={}; ", quoted(value)));
    }
    text
}

/// What a command left, by the record that its shell wrote; `before` is what was left to it. A
/// shell that did not come to its end has left nothing else.
pub fn left(record: Option<&[u8]>, before: &Shell, start: &Start, redactor: &Redactor) -> Left {
    let Some(Record { dir, env }) = record.and_then(read) else {
        let said = "\nIts directory and variables are not kept: the next command begins as this \
                    one did.";
        return Left { shell: before.clone(), said: said.to_owned() };
    };
    let mut unkept = Vec::new();
    let mut shell = Shell::default();
    match str::from_utf8(dir) {
        Ok(dir) if dir.len() <= MAX_DIR_BYTES && is_fit(dir, redactor) => {
            shell.dir = below(dir, &start.top).to_owned();
        }
        _ => unkept.push("its directory".to_owned()),
    }
    let mut room = MAX_KEPT_BYTES;
    for (name, value) in &env {
        let Ok(value) = str::from_utf8(value) else {
            unkept.push(format!("{} (no text)", shown::name(name)));
            continue;
        };
        let size = name.len() + value.len();
        if start.env.get(*name).is_some_and(|known| known == value) {
            continue;
        } else if !is_fit(&format!("{name}={value}"), redactor) {
            unkept.push(format!("{} (a secret)", shown::name(name)));
        } else if size > room {
            unkept.push(format!("{} (too long)", shown::name(name)));
        } else {
            room -= size;
            shell.set.insert((*name).to_owned(), value.to_owned());
        }
    }
    let gone = start.env.keys().filter(|name| is_name(name) && !env.contains_key(name.as_str()));
    shell.unset = gone.cloned().collect();
    let said = said(&shell, &unkept);
    Left { shell, said }
}

/// What may be remembered of what a shell left: nothing that holds a secret, or what stands in
/// the place of one.
pub fn without_secrets(redactor: &Redactor, mut shell: Shell) -> Shell {
    if !is_fit(&shell.dir, redactor) {
        shell.dir.clear();
    }
    shell.set.retain(|name, value| is_fit(&format!("{name}={value}"), redactor));
    shell
}

fn is_fit(text: &str, redactor: &Redactor) -> bool {
    redactor.secrets(text).is_empty() && Kind::marked_anew("", text).is_none()
}

/// What a shell wrote down: any bytes.
struct Record<'r> {
    dir: &'r [u8],
    env: BTreeMap<&'r str, &'r [u8]>,
}

/// A record, if it is whole.
fn read(record: &[u8]) -> Option<Record<'_>> {
    let mut parts = record.strip_suffix(b"\0\0")?.split(|byte| *byte == 0);
    let dir = parts.next()?;
    let pairs = parts.filter_map(|pair| {
        let end = pair.iter().position(|byte| *byte == b'=')?;
        let name = str::from_utf8(&pair[..end]).ok().filter(|name| is_name(name))?;
        Some((name, &pair[end + 1..]))
    });
    Some(Record { dir, env: pairs.collect() })
}

/// Whether a variable can be set by its name, and is not the shell's own.
fn is_name(name: &str) -> bool {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let rest = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    first && rest && !OWN.contains(&name)
}

/// A directory from the top, if it is below that.
fn below<'d>(dir: &'d str, top: &str) -> &'d str {
    match dir.strip_prefix(top) {
        Some("") => "",
        Some(rest) => rest.strip_prefix('/').unwrap_or(dir),
        None => dir,
    }
}

fn said(shell: &Shell, unkept: &[String]) -> String {
    let mut said = String::new();
    if !shell.dir.is_empty() {
        said.push_str(&format!("\nThe next command begins in {}.", shown::name(&shell.dir)));
    }
    if !unkept.is_empty() {
        let named: Vec<_> = unkept.iter().take(MAX_NAMED).map(String::as_str).collect();
        let more = match unkept.len() - named.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        said.push_str(&format!("\nNot kept for the next command: {}{more}.", named.join(", ")));
    }
    said
}

/// A text as one word of a shell's.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    const TOP: &str = "/home/you/project";

    fn start(env: &[(&str, &str)]) -> Start {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Start { top: TOP.to_owned(), env: env.collect() }
    }

    fn shell(dir: &str, set: &[(&str, &str)]) -> Shell {
        let set = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Shell { dir: dir.to_owned(), set: set.collect(), ..Shell::default() }
    }

    fn left(record: &[u8], start: &Start) -> Left {
        super::left(Some(record), &Shell::default(), start, &Redactor::new([]))
    }

    #[test]
    fn what_differs_from_the_start_is_left() {
        let start = start(&[("PATH", "/bin"), ("LANG", "C"), ("HOME", "/h")]);
        let record = b"/home/you/project/sub/a b\0PATH=/x:/bin\0LANG=C\0A=1=2\n\0PWD=/\0_=x\0\0";
        let left = left(record, &start);
        let mut expected = shell("sub/a b", &[("PATH", "/x:/bin"), ("A", "1=2\n")]);
        expected.unset = ["HOME".to_owned()].into();
        assert_eq!(left.shell, expected);
        assert_eq!(left.said, "\nThe next command begins in sub/a b.");
    }

    #[test]
    fn a_directory_is_counted_from_the_top_if_it_is_below() {
        for (dir, kept) in [
            (TOP, ""),
            ("/home/you/project/a", "a"),
            ("/home/you/projects", "/home/you/projects"),
            ("/tmp", "/tmp"),
            ("/", "/"),
        ] {
            assert_eq!(left(format!("{dir}\0\0").as_bytes(), &start(&[])).shell.dir, kept);
        }
    }

    #[test]
    fn a_record_that_is_not_whole_changes_nothing() {
        let (start, before) = (start(&[]), shell("sub", &[("A", "1")]));
        let redactor = Redactor::new([]);
        for record in [None, Some("".as_bytes()), Some(b"/tmp\0"), Some(b"/tmp\0A=2\0")] {
            let left = super::left(record, &before, &start, &redactor);
            assert_eq!(left.shell, before);
            assert!(left.said.contains("not kept"), "{}", left.said);
        }
    }

    #[test]
    fn what_can_not_be_kept_is_named_and_the_rest_is_kept() {
        let long = "x".repeat(MAX_KEPT_BYTES);
        let record = [
            b"/\xff\0BAD=\xff\0BASH_FUNC_f%%=() { :; }\x001X=1\0LONG=".as_slice(),
            long.as_bytes(),
            b"\0OK=1\0\0",
        ];
        let left = left(&record.concat(), &start(&[]));
        assert_eq!(left.shell, shell("", &[("OK", "1")]));
        let said =
            "\nNot kept for the next command: its directory, BAD (no text), LONG (too long).";
        assert_eq!(left.said, said);
    }

    #[test]
    fn r43_no_secret_is_carried_over() {
        let token = format!("ghp_{}", "N0tARealOne".repeat(4));
        let marker = Kind::NpmToken.marker();
        let record = format!("/tmp/{token}\0A={token}\0M={marker}\0C=ghx_control\0\0");
        let left = left(record.as_bytes(), &start(&[]));
        assert_eq!(left.shell, shell("", &[("C", "ghx_control")]), "with the control");
        assert!(left.said.contains("A (a secret), M (a secret)"), "{}", left.said);
        let known = shell(&token, &[("A", &token), ("M", &marker), ("C", "ghx_control")]);
        assert_eq!(without_secrets(&Redactor::new([]), known), left.shell);
    }

    /// Runs commands one after another, as a model would.
    struct Shells {
        start: Start,
        shell: Shell,
        _dir: tempfile::TempDir,
    }

    impl Shells {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let top = dir.path().canonicalize().unwrap().to_str().unwrap().to_owned();
            let env = [("PATH", "/usr/bin:/bin"), ("FIRST", "1")];
            let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            Self { start: Start { top, env }, shell: Shell::default(), _dir: dir }
        }

        fn run(&mut self, command: &str) -> (Option<i32>, String, String) {
            let text = carried(&self.shell, command, &self.start.top);
            let ran = Command::new("/bin/sh")
                .args(["-c", &text])
                .current_dir(&self.start.top)
                .env_clear()
                .envs(&self.start.env)
                .output()
                .unwrap();
            let file = Path::new(&self.start.top).join(RECORD);
            let record = std::fs::read(&file).ok();
            let _ = std::fs::remove_file(file);
            let redactor = Redactor::new([]);
            let left = super::left(record.as_deref(), &self.shell, &self.start, &redactor);
            self.shell = left.shell;
            let output = [ran.stdout, ran.stderr].concat();
            (ran.status.code(), String::from_utf8(output).unwrap(), left.said)
        }
    }

    #[test]
    fn a_shell_carries_over_where_it_is_and_what_it_exported_however_it_ends() {
        let mut shells = Shells::new();
        let command = "mkdir -p 'a b/c'; cd 'a b/c'; export Q=\"it's\" PATH=/x:$PATH; unset FIRST; \
                       B=2; exit 3";
        assert_eq!(shells.run(command).0, Some(3));
        let (code, output, _) = shells.run("pwd; echo \"$Q|$PATH|${FIRST-none}|${B-none}\"; false");
        assert_eq!(code, Some(1));
        let top = &shells.start.top;
        assert_eq!(output, format!("{top}/a b/c\nit's|/x:/usr/bin:/bin|none|none\n"));
        // A line that can't be read ends a shell, settings of its own don't change what is kept.
        assert_eq!(shells.run("cd ..\n)").0, Some(2));
        assert_eq!(shells.shell.dir, "a b");
        let (_, output, said) = shells.run("set -eux; export HOME=/h; nosuch");
        assert!(output.contains("nosuch") && !output.contains("env"), "{output}");
        assert_eq!(said, "\nThe next command begins in a b.");
        assert_eq!(shells.run("echo $HOME").1, "/h\n");
        // Lines keep their numbers.
        assert!(shells.run("\nnosuch").1.contains("2:"), "{}", shells.run("\nnosuch").1);
    }

    #[test]
    fn a_directory_that_went_is_said_and_the_top_takes_its_place() {
        let mut shells = Shells::new();
        shells.run("mkdir -p a/b && cd a/b && rmdir ../b");
        assert_eq!(shells.shell.dir, "a/b");
        let (_, output, said) = shells.run("pwd");
        let top = &shells.start.top;
        assert_eq!(output, format!("(a/b is not there: this began at the top)\n{top}\n"));
        assert_eq!((said.as_str(), shells.shell.is_fresh()), ("", true));
    }

    #[test]
    fn a_shell_that_gives_its_place_away_leaves_what_was_left_to_it() {
        let mut shells = Shells::new();
        shells.run("export A=1");
        let (_, output, said) = shells.run("export A=2; exec echo gone");
        assert!(output == "gone\n" && said.contains("not kept"), "{output}{said}");
        assert_eq!(shells.run("echo $A").1, "1\n");
        // The mended command is heard again where programs don't start for what was exported.
        let (_, _, said) = shells.run("export PATH=/nowhere A=3");
        assert_eq!((said.as_str(), shells.run("echo $A $PATH").1.as_str()), ("", "3 /nowhere\n"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn any_values_come_through_a_shell(
            values in prop::collection::btree_map("[A-Z][a-z0-9_]{0,6}", "[^\0]{0,40}", 0..6),
            dir in "[^/\0\n.][^/\0\n]{0,20}",
        ) {
            let mut shells = Shells::new();
            std::fs::create_dir(Path::new(&shells.start.top).join(&dir)).unwrap();
            shells.shell = Shell { dir, set: values, ..Shell::default() };
            let before = shells.shell.clone();
            shells.run(":");
            prop_assert_eq!(&shells.shell, &before);
        }

        #[test]
        fn no_record_is_too_odd(record in prop::collection::vec(any::<u8>(), 0..200)) {
            let left = left(&[&record, b"\0\0".as_slice()].concat(), &start(&[]));
            prop_assert!(left.shell.set.iter().all(|(name, _)| is_name(name)));
        }
    }
}
