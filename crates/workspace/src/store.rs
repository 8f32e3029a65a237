//! Tenfold's own git directory of a workspace, and reading from it.
//!
//! Apart, because what is in here is ours alone: it lies in Tenfold's data folder, neither the
//! agent nor the person's git ever sees it, and it holds every byte that a snapshot needs, so
//! that the person may rewrite history and collect garbage as they like. It never reads or
//! writes a work tree.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tenfold_domain::{CommitId, hex};

use crate::WorkspaceError;
use crate::git::{self, Git};
use crate::tree::{Entry, FileKind, Tree, path_of};

const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";

/// Takes back, with the precedence that this file has over all others, whatever attributes a
/// tree may hold that change bytes or run a program.
const ATTRIBUTES: &str =
    "* -text -eol -crlf -ident -filter !diff !merge -working-tree-encoding -export-subst\n";

/// What was being done, for errors.
const LISTING: &str = "list the files of a commit";

/// How much of a folder's own name is kept in the name of its git directory, in characters.
const NAME_CHARS: usize = 40;

/// Opens the git directory for the workspace at `root` below `data_dir`, making it at first.
/// As long as the lock that comes with it lives, what is written there stays for some days, also
/// without a name.
pub(crate) fn open(
    program: &Path,
    root: &Path,
    data_dir: &Path,
) -> Result<(Git, File), WorkspaceError> {
    let parent = data_dir.join("workspaces");
    let dir = parent.join(directory_name(root));
    if !dir.join("HEAD").is_file() {
        create(&parent, &dir, root).map_err(WorkspaceError::io("make", &dir))?;
    }
    let dir = dir.canonicalize().map_err(WorkspaceError::io("find", &dir))?;
    let lock = lock_file(&dir, USED)?;
    // Whoever removes something that was written lately is done in a moment.
    lock.lock_shared().map_err(WorkspaceError::io("lock", &dir))?;
    Ok((Git::new(program, &dir), lock))
}

/// The file that is locked by those who have a git directory open, together.
pub(crate) const USED: &str = "tenfold.used";
/// The file that is locked by those who write to a git directory, together, or by the one who
/// removes something from it.
pub(crate) const WRITTEN: &str = "tenfold.written";

/// A file of a git directory that is only there to be locked.
pub(crate) fn lock_file(dir: &Path, name: &str) -> Result<File, WorkspaceError> {
    let path = dir.join(name);
    // One that can only be read can be locked, too.
    File::open(&path)
        .or_else(|_| {
            File::options().read(true).write(true).create(true).truncate(false).open(&path)
        })
        .map_err(WorkspaceError::io("open", &path))
}

/// `tenfold-3f2a…`: readable, and another one for every path.
fn directory_name(root: &Path) -> String {
    let hash = Sha256::digest(root.as_os_str().as_bytes());
    let hash = hex(&hash[..8]);
    let name: String = root
        .file_name()
        .unwrap_or(OsStr::new("root"))
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' })
        .take(NAME_CHARS)
        .collect();
    format!("{name}-{hash}")
}

/// Whether it may be one of those names; that of a directory which is just being made is not.
pub(crate) fn is_directory_name(name: &str) -> bool {
    let hash = name.rsplit_once('-').map_or("", |(_, hash)| hash);
    hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Makes the directory whole, under another name, and then moves it into its place: two
/// processes that do so at once end up with one.
fn create(parent: &Path, dir: &Path, root: &Path) -> io::Result<()> {
    fs::create_dir_all(parent)?;
    let new = tempfile::Builder::new().prefix("new-").tempdir_in(parent)?;
    for folder in ["objects/pack", "refs/heads", "info"] {
        fs::create_dir_all(new.path().join(folder))?;
    }
    fs::write(new.path().join("HEAD"), "ref: refs/heads/none\n")?;
    fs::write(new.path().join("config"), CONFIG)?;
    fs::write(new.path().join("info/attributes"), ATTRIBUTES)?;
    fs::write(new.path().join("description"), root.as_os_str().as_bytes())?;
    match fs::rename(new.path(), dir) {
        Err(_) if dir.join("HEAD").is_file() => Ok(()),
        made => made,
    }
}

/// All files of a commit or tree. Submodules, which Tenfold's own commits never hold, are
/// listed apart.
pub(crate) fn tree(git: &Git, commit: &str) -> Result<(Tree, Vec<PathBuf>), WorkspaceError> {
    read_tree(&git.run(LISTING, &["ls-tree", "-r", "-z", "-l", "--full-tree", commit])?)
}

/// Those of some files that a commit has. For a few files of many this is much quicker.
pub(crate) fn part_of_tree(
    git: &Git,
    commit: &str,
    paths: &[&Path],
) -> Result<Tree, WorkspaceError> {
    /// A command line has a bound, and above this the whole list is as quick.
    const FEW: usize = 200;
    let mut tree = if paths.len() > FEW {
        tree(git, commit)?.0
    } else {
        let mut command = git.command(&["ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--"]);
        let output = command.args(paths).output().map_err(|error| git::not_run(LISTING, &error))?;
        if !output.status.success() {
            return Err(git::failed(LISTING, &output));
        }
        read_tree(&output.stdout)?.0
    };
    // A path may be a folder's, and then all that is in it was listed.
    let wanted: HashSet<&Path> = paths.iter().copied().collect();
    tree.retain(|path, _| wanted.contains(path.as_path()));
    Ok(tree)
}

fn read_tree(listing: &[u8]) -> Result<(Tree, Vec<PathBuf>), WorkspaceError> {
    let bad = || WorkspaceError::Git { doing: LISTING, message: "an odd line in its list".into() };
    let mut files = BTreeMap::new();
    let mut submodules = Vec::new();
    for record in listing.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
        let tab = record.iter().position(|byte| *byte == b'\t').ok_or_else(bad)?;
        let (fields, path) = (&record[..tab], path_of(&record[tab + 1..]));
        let fields: Vec<&[u8]> =
            fields.split(|byte| *byte == b' ').filter(|field| !field.is_empty()).collect();
        let [mode, _, blob, bytes] = fields[..] else { return Err(bad()) };
        let Some(kind) = FileKind::from_mode(mode) else {
            submodules.push(path);
            continue;
        };
        let blob = String::from_utf8_lossy(blob).into_owned();
        let bytes = std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok());
        files.insert(path, Entry { kind, blob, bytes: bytes.ok_or_else(bad)? });
    }
    Ok((files, submodules))
}

/// Reads contents one after another, in the order of `blobs`, and hands each to `take` with
/// its place. One content at a time is in memory.
pub(crate) fn read_blobs(
    git: &Git,
    blobs: &[&str],
    mut take: impl FnMut(usize, Vec<u8>) -> Result<(), WorkspaceError>,
) -> Result<(), WorkspaceError> {
    const DOING: &str = "read the files of a commit";
    if blobs.is_empty() {
        return Ok(());
    }
    let mut child = git
        .command(&["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| git::not_run(DOING, &error))?;
    let (input, output) = (child.stdin.take(), child.stdout.take());
    // Asked by another thread: git waits for its answers to be read before it reads on.
    let read = std::thread::scope(|scope| {
        scope.spawn(move || -> io::Result<()> {
            let Some(mut pipe) = input.map(io::BufWriter::new) else { return Ok(()) };
            blobs.iter().try_for_each(|blob| writeln!(pipe, "{blob}"))?;
            pipe.flush()
        });
        let Some(output) = output else { return Ok(()) };
        let mut reader = BufReader::with_capacity(1 << 16, output);
        for (place, blob) in blobs.iter().enumerate() {
            let content = next_blob(&mut reader, blob).map_err(|error| WorkspaceError::Git {
                doing: DOING,
                message: error.to_string(),
            })?;
            take(place, content)?;
        }
        Ok(())
    });
    // On an error git still has answers to give; it is not waited for to give them.
    if read.is_err() {
        let _ = child.kill();
    }
    let _ = child.wait();
    read
}

fn next_blob(reader: &mut impl BufRead, blob: &str) -> io::Result<Vec<u8>> {
    let mut header = String::new();
    reader.read_line(&mut header)?;
    let size = header
        .strip_prefix(blob)
        .and_then(|rest| rest.trim_end().strip_prefix(" blob "))
        .and_then(|size| size.parse::<usize>().ok())
        .ok_or_else(|| io::Error::other(format!("object {blob} is gone")))?;
    let mut content = vec![0; size];
    reader.read_exact(&mut content)?;
    reader.read_exact(&mut [0])?;
    Ok(content)
}

/// One content.
pub(crate) fn read_blob(git: &Git, blob: &str) -> Result<Vec<u8>, WorkspaceError> {
    let mut found = Vec::new();
    read_blobs(git, &[blob], |_, content| {
        found = content;
        Ok(())
    })?;
    Ok(found)
}

/// The message of a commit.
pub(crate) fn message(git: &Git, commit: &CommitId) -> Result<String, WorkspaceError> {
    let text = git.run("read a commit", &["cat-file", "commit", commit.as_str()])?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.split_once("\n\n").map_or("", |(_, message)| message).trim_end().to_owned())
}

/// Below which all that was written lately has a name, beginning with when, in seconds since 1970.
pub(crate) const LATELY: &str = "refs/tenfold/lately/";
/// Below which all that is kept has its name.
pub(crate) const KEPT: &str = "refs/tenfold/keep/";

fn keep_ref(name: &str) -> String {
    format!("{KEPT}{name}")
}

/// Makes commits such as are never collected, each under its name.
pub(crate) fn keep<'a>(
    git: &Git,
    kept: impl IntoIterator<Item = (&'a str, &'a CommitId)>,
) -> Result<(), WorkspaceError> {
    let line = |(name, commit): (&str, &CommitId)| format!("update {} {commit}\n", keep_ref(name));
    let lines: String = kept.into_iter().map(line).collect();
    git.run_with("keep commits", &["update-ref", "--stdin"], lines.as_bytes()).map(drop)
}

/// Takes [`keep`] back.
pub(crate) fn forget(git: &Git, name: &str) -> Result<(), WorkspaceError> {
    git.run("forget a commit", &["update-ref", "-d", &keep_ref(name)]).map(drop)
}
