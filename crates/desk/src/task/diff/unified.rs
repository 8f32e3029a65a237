//! Reads a unified diff, as git writes it or anybody else. It takes any text, and makes of it what
//! it can: nothing in it is trusted, least of all how much there is of it.

use super::super::cut::cut;
use super::names;
use super::{Change, FileDiff, Hunk, Line, LineKind};

/// How much of a diff is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The most lines of one file.
    pub(super) lines_of_file: usize,
    /// The most lines in all.
    pub(super) lines: usize,
    /// The most of one line, in bytes.
    pub(super) bytes_of_line: usize,
    /// The most of all lines, in bytes.
    pub(super) bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { lines_of_file: 5_000, lines: 20_000, bytes_of_line: 16 << 10, bytes: 4 << 20 }
    }
}

/// The files of a diff, in its order.
pub(super) fn read(text: &str, bounds: Bounds) -> Vec<FileDiff> {
    let mut reader =
        Reader { files: Vec::new(), place: Place::Between, lines_of_file: 0, left: bounds, bounds };
    // At line feeds alone: a carriage return is a part of what changes.
    text.split_terminator('\n').for_each(|line| reader.take(line));
    reader.files
}

/// Where in a diff one is.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// Before the first file, or behind a hunk.
    Between,
    /// Among the lines that say which file comes.
    Head,
    /// In a hunk.
    Hunk(Counts),
}

/// The lines of a hunk that are still to come, and the numbers of the next.
#[derive(Debug, Clone, Copy)]
struct Counts {
    old_left: u64,
    new_left: u64,
    old: u64,
    new: u64,
}

struct Reader {
    files: Vec<FileDiff>,
    place: Place,
    /// How many lines are told of the last file.
    lines_of_file: usize,
    /// What may be told of all that comes.
    left: Bounds,
    bounds: Bounds,
}

impl Reader {
    fn take(&mut self, line: &str) {
        if let Place::Hunk(counts) = self.place
            && self.in_hunk(line, counts)
        {
            return;
        }
        if let Some(names) = line.strip_prefix("diff --git ") {
            let (was, path) = names::of_head(names);
            self.begin(path, Some(was));
        } else if line.starts_with("@@ ") {
            self.hunk(line);
        } else if let Some(name) = line.strip_prefix("--- ") {
            // Others than git begin a file by this line.
            if !matches!(self.place, Place::Head) {
                self.begin(String::new(), None);
            }
            self.side(names::of_side(name, "a/"), true);
        } else if let Place::Head = self.place {
            self.head(line);
        }
    }

    fn begin(&mut self, path: String, was: Option<String>) {
        let was = was.filter(|was| *was != path);
        let (change, hunks) = (Change::Modified, Vec::new());
        let file =
            FileDiff { path, was, change, added: 0, removed: 0, binary: false, cut: false, hunks };
        self.files.push(file);
        (self.place, self.lines_of_file) = (Place::Head, 0);
    }

    fn head(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("+++ ") {
            return self.side(names::of_side(name, "b/"), false);
        }
        let Some(file) = self.files.last_mut() else { return };
        if let Some(name) = line.strip_prefix("rename from ").or(line.strip_prefix("copy from ")) {
            file.was = Some(names::plain(name));
        } else if let Some(name) = line.strip_prefix("rename to ").or(line.strip_prefix("copy to "))
        {
            file.path = names::plain(name);
        } else if line.starts_with("new file mode ") {
            file.change = Change::Added;
        } else if line.starts_with("deleted file mode ") {
            file.change = Change::Deleted;
        } else if line.starts_with("Binary files ") || line == "GIT binary patch" {
            file.binary = true;
        }
        if file.was.as_ref() == Some(&file.path) {
            file.was = None;
        }
    }

    /// What a side is called; none if the file is not there on it.
    fn side(&mut self, name: Option<String>, is_old: bool) {
        let Some(file) = self.files.last_mut() else { return };
        match (name, is_old) {
            (None, true) => file.change = Change::Added,
            (None, false) => {
                file.change = Change::Deleted;
                if let Some(was) = file.was.take() {
                    file.path = was;
                }
            }
            (Some(name), true) => {
                if file.path.is_empty() {
                    file.path.clone_from(&name);
                }
                file.was = Some(name);
            }
            (Some(name), false) => file.path = name,
        }
        if !is_old && (file.change == Change::Added || file.was.as_ref() == Some(&file.path)) {
            file.was = None;
        }
    }

    fn hunk(&mut self, line: &str) {
        let Some((counts, header)) = counts(line) else { return };
        let Some(file) = self.files.last_mut() else { return };
        self.place = Place::Hunk(counts);
        if self.left.lines == 0 || self.lines_of_file >= self.bounds.lines_of_file {
            file.cut = true;
            return;
        }
        let (old_start, new_start) = (counts.old, counts.new);
        let header = cut(header, self.bounds.bytes_of_line).to_owned();
        file.hunks.push(Hunk { old_start, new_start, header, lines: Vec::new() });
    }

    /// Whether the line is one of the hunk.
    fn in_hunk(&mut self, line: &str, counts: Counts) -> bool {
        if line.starts_with('\\') {
            self.unended();
            return true;
        }
        let Counts { mut old_left, mut new_left, mut old, mut new } = counts;
        if old_left == 0 && new_left == 0 {
            self.place = Place::Between;
            return false;
        }
        let (kind, text) = match line.as_bytes().first() {
            Some(b'+') if new_left > 0 => (LineKind::Added, &line[1..]),
            Some(b'-') if old_left > 0 => (LineKind::Removed, &line[1..]),
            Some(b' ') if old_left > 0 && new_left > 0 => (LineKind::Same, &line[1..]),
            // Some take the blank off an empty line.
            None if old_left > 0 && new_left > 0 => (LineKind::Same, line),
            _ => {
                self.place = Place::Between;
                return false;
            }
        };
        let numbers = match kind {
            LineKind::Same => (Some(old), Some(new)),
            LineKind::Removed => (Some(old), None),
            LineKind::Added => (None, Some(new)),
        };
        if kind != LineKind::Added {
            (old, old_left) = (old.saturating_add(1), old_left - 1);
        }
        if kind != LineKind::Removed {
            (new, new_left) = (new.saturating_add(1), new_left - 1);
        }
        self.place = Place::Hunk(Counts { old_left, new_left, old, new });
        self.line(kind, numbers, text);
        true
    }

    fn line(&mut self, kind: LineKind, (old, new): (Option<u64>, Option<u64>), text: &str) {
        let Some(file) = self.files.last_mut() else { return };
        match kind {
            LineKind::Added => file.added += 1,
            LineKind::Removed => file.removed += 1,
            LineKind::Same => {}
        }
        let shown = cut(text, self.bounds.bytes_of_line);
        file.cut |= shown.len() < text.len();
        let fits = self.lines_of_file < self.bounds.lines_of_file
            && self.left.lines > 0
            && shown.len() <= self.left.bytes;
        let Some(hunk) = file.hunks.last_mut().filter(|_| fits) else {
            file.cut = true;
            // What follows would stand behind a gap.
            self.lines_of_file = self.bounds.lines_of_file;
            return;
        };
        hunk.lines.push(Line { kind, old, new, text: shown.to_owned(), is_unended: false });
        self.lines_of_file += 1;
        self.left.lines -= 1;
        self.left.bytes -= shown.len();
    }

    /// The line before is the last of its file, and nothing ends it.
    fn unended(&mut self) {
        let Some(file) = self.files.last_mut() else { return };
        let last = file.hunks.last_mut().and_then(|hunk| hunk.lines.last_mut());
        if let Some(last) = last.filter(|_| self.lines_of_file < self.bounds.lines_of_file) {
            last.is_unended = true;
        }
    }
}

/// `@@ -1,2 +3,4 @@ fn main()`: the counts, and what the hunk is in.
fn counts(line: &str) -> Option<(Counts, &str)> {
    let rest = line.strip_prefix("@@ -")?;
    let (ranges, header) = rest.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let ((old, old_left), (new, new_left)) = (range(old)?, range(new)?);
    Some((Counts { old_left, new_left, old, new }, header.trim()))
}

fn range(text: &str) -> Option<(u64, u64)> {
    match text.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}
