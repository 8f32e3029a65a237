//! What is made of diffs: of git's, of others', and of texts that are none.

use proptest::prelude::*;
use similar::TextDiff;

use super::unified::{Bounds, read};
use super::{Change, FileDiff, LineKind};

fn all(text: &str) -> Vec<FileDiff> {
    read(text, Bounds::default())
}

fn one(text: &str) -> FileDiff {
    let mut files = all(text);
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

/// One side of a diff that leaves nothing out.
fn side(file: &FileDiff, without: LineKind) -> String {
    let lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
    let kept = lines.filter(|line| line.kind != without);
    kept.map(|line| format!("{}{}", line.text, if line.is_unended { "" } else { "\n" })).collect()
}

#[test]
fn a_modified_file_is_told_line_by_line() {
    let file = one(concat!(
        "diff --git a/src/m.py b/src/m.py\nindex 1..2 100644\n--- a/src/m.py\n+++ b/src/m.py\n",
        "@@ -3,3 +3,4 @@ def median(xs):\n xs = sorted(xs)\n-return xs[0]\n+n = len(xs)\r\n",
        "+return xs[n // 2]\n \n\\ No newline at end of file\n",
    ));
    assert_eq!((file.path.as_str(), file.was.as_deref()), ("src/m.py", None));
    assert_eq!((file.change, file.added, file.removed), (Change::Modified, 2, 1));
    let [hunk] = file.hunks.as_slice() else { panic!("{file:?}") };
    assert_eq!((hunk.old_start, hunk.new_start, hunk.header.as_str()), (3, 3, "def median(xs):"));
    let lines: Vec<_> =
        hunk.lines.iter().map(|line| (line.kind, line.old, line.new, line.text.as_str())).collect();
    assert_eq!(
        lines,
        [
            (LineKind::Same, Some(3), Some(3), "xs = sorted(xs)"),
            (LineKind::Removed, Some(4), None, "return xs[0]"),
            (LineKind::Added, None, Some(4), "n = len(xs)\r"),
            (LineKind::Added, None, Some(5), "return xs[n // 2]"),
            (LineKind::Same, Some(5), Some(6), ""),
        ]
    );
    assert!(hunk.lines[4].is_unended && !hunk.lines[3].is_unended);
}

#[test]
fn lines_that_look_like_heads_are_lines() {
    let file = one(concat!(
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a\n+++ b\n-@@ -1 +1 @@\n",
        "+diff --git a/y b/y\n",
    ));
    assert_eq!((file.added, file.removed), (2, 2));
    assert_eq!(side(&file, LineKind::Added), "-- a\n@@ -1 +1 @@\n");
    assert_eq!(side(&file, LineKind::Removed), "++ b\ndiff --git a/y b/y\n");
}

#[test]
fn what_has_no_lines_is_told_too() {
    let files = all(concat!(
        "diff --git a/run me.sh b/run me.sh\nold mode 100644\nnew mode 100755\n",
        "diff --git a/l.png b/l.png\nindex 1..2 100644\nBinary files a/l.png and b/l.png differ\n",
        "diff --git a/old b.txt b/new b.txt\nsimilarity index 100%\nrename from old b.txt\n",
        "rename to new b.txt\n",
        "diff --git a/empty b/empty\nnew file mode 100644\nindex 0..e\n",
        "diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n",
        "@@ -1 +0,0 @@\n-x\n",
    ));
    let told: Vec<_> = files
        .iter()
        .map(|file| (file.path.as_str(), file.was.as_deref(), file.change, file.binary))
        .collect();
    assert_eq!(
        told,
        [
            ("run me.sh", None, Change::Modified, false),
            ("l.png", None, Change::Modified, true),
            ("new b.txt", Some("old b.txt"), Change::Modified, false),
            ("empty", None, Change::Added, false),
            ("gone", None, Change::Deleted, false),
        ]
    );
}

#[test]
fn names_in_quotes_are_read() {
    let quoted = r#""a/gr\303\274n \"\t\\.py" "b/gr\303\274n \"\t\\.py""#;
    let (old, new) = quoted.split_once(" \"b").unwrap();
    let text = format!("diff --git {quoted}\n--- {old}\n+++ \"b{new}\n@@ -1 +1 @@\n-a\n+b\n");
    let file = one(&text);
    assert_eq!((file.path.as_str(), file.was), ("grün \"\t\\.py", None));
    let spaced = one("diff --git a/a b b/a b\n--- a/a b\t\n+++ b/a b\t\n@@ -1 +1 @@\n-a\n+b\n");
    assert_eq!((spaced.path.as_str(), spaced.was), ("a b", None));
    // Bytes that are no text, and quotes that nothing ends.
    assert_eq!(one("diff --git \"a/\\377\" \"b/\\377\"\n").path, "\u{FFFD}");
    assert_eq!(one("diff --git \"a/x\\3").path, "");
}

#[test]
fn a_diff_without_heads_of_gits_is_read() {
    let files =
        all("--- x\t2026\n+++ x\t2026\n@@ -1 +1 @@\n-a\n+b\n--- y\n+++ y\n@@ -1 +1 @@\n-a\n+b\n");
    let names: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["x", "y"]);
}

#[test]
fn long_lines_and_many_are_cut_and_still_counted() {
    let long = "x".repeat(1 << 20);
    let file = one(&format!("diff --git a/x b/x\n@@ -1 +1 @@\n-{long}\n+y\n"));
    assert!(file.cut);
    assert_eq!(file.hunks[0].lines[0].text.len(), Bounds::default().bytes_of_line);
    assert_eq!((file.added, file.removed, file.hunks[0].lines.len()), (1, 1, 2));

    let many = |name: &str, lines: usize| {
        format!("diff --git a/{name} b/{name}\n@@ -0,0 +1,{lines} @@\n{}", "+y\n".repeat(lines))
    };
    let text: String = (0..6).map(|number| many(&number.to_string(), 6_000)).collect();
    let files = all(&text);
    let told: Vec<usize> =
        files.iter().map(|file| file.hunks.iter().map(|hunk| hunk.lines.len()).sum()).collect();
    assert_eq!(told, [5_000, 5_000, 5_000, 5_000, 0, 0]);
    assert!(files.iter().all(|file| file.cut && file.added == 6_000));
    let small = one(&many("x", 5_000));
    assert!(!small.cut);
}

fn fragment() -> impl Strategy<Value = String> {
    let heads = prop::sample::select(vec![
        "diff --git a/x b/x",
        "diff --git \"a/\\303\\2\" ü",
        "diff --git ",
        "--- ",
        "--- a/ü",
        "+++ b/x",
        "+++ /dev/null",
        "@@ -1,2 +1,3 @@ f",
        "@@ -1 +1 @@",
        "@@ -0,0 +1 @@",
        "@@ ",
        "@@ -18446744073709551615,18446744073709551615 +18446744073709551615,9 @@",
        "@@ -ü +1 @@",
        "rename from \"",
        "rename to y",
        "Binary files ",
        "\\ No newline at end of file",
        "",
        " ",
        "+",
        "-",
        "+ü",
        "-\u{FFFD}\r",
        " same",
        "GIT binary patch",
        "literal 3",
    ]);
    prop_oneof![3 => heads.prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

proptest! {
    #[test]
    fn any_text_is_read_within_bounds(
        lines in prop::collection::vec(fragment(), 0..60),
        (of_file, in_all, of_line, bytes) in (0..9usize, 0..20usize, 0..6usize, 0..40usize),
    ) {
        let bounds = Bounds {
            lines_of_file: of_file, lines: in_all, bytes_of_line: of_line, bytes,
        };
        let files = read(&lines.join("\n"), bounds);
        let mut sums = (0, 0);
        for file in &files {
            let told: Vec<_> = file.hunks.iter().flat_map(|hunk| &hunk.lines).collect();
            prop_assert!(told.len() <= of_file);
            prop_assert!(told.iter().all(|line| line.text.len() <= of_line));
            sums.0 += told.len();
            sums.1 += told.iter().map(|line| line.text.len()).sum::<usize>();
            let count = |kind| told.iter().filter(|line| line.kind == kind).count() as u64;
            let (added, removed) = (count(LineKind::Added), count(LineKind::Removed));
            prop_assert!(added <= file.added && removed <= file.removed);
            prop_assert!(file.cut || (added, removed) == (file.added, file.removed));
        }
        prop_assert!(sums.0 <= in_all && sums.1 <= bytes);
    }

    #[test]
    fn both_sides_of_a_diff_are_in_what_is_told(
        old in "([ab+@ -]{0,3}\n){0,12}[ab]{0,2}",
        new in "([ab+@ -]{0,3}\n){0,12}[ab]{0,2}",
    ) {
        prop_assume!(old != new);
        let diff = TextDiff::from_lines(&old, &new);
        let text = diff.unified_diff().context_radius(99).header("a/x", "b/x").to_string();
        let file = one(&text);
        prop_assert_eq!(side(&file, LineKind::Added), old);
        prop_assert_eq!(side(&file, LineKind::Removed), new);
        for hunk in &file.hunks {
            let olds: Vec<u64> = hunk.lines.iter().filter_map(|line| line.old).collect();
            prop_assert!(olds.iter().copied().eq((hunk.old_start..).take(olds.len())));
            let news: Vec<u64> = hunk.lines.iter().filter_map(|line| line.new).collect();
            prop_assert!(news.iter().copied().eq((hunk.new_start..).take(news.len())));
        }
    }
}
