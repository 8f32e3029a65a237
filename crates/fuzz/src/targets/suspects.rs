//! Which functions are suspect, by what a check said of them.

use tenfold_code::failure;
use tenfold_code::suspects::{Question, Source, rank};

use crate::input;

/// The most suspect one has 1, those after it no more than those before, and all lie in their
/// files.
pub(super) fn run(bytes: &[u8]) {
    let [path, text, output, task] = input::texts(bytes);
    let test = "def test_it():\n    assert f(1) == 2\n";
    let files =
        [Source { path: &path, text: &text }, Source { path: "tests/test_it.py", text: test }];
    let failure = failure::read(&output, Some(1));
    let question = Question {
        files: &files,
        editable_tests: &[],
        failure: &failure,
        spectrum: None,
        task: &task,
    };
    let suspects = rank(&question);
    assert!(suspects.first().is_none_or(|first| first.score == 1.0));
    assert!(suspects.windows(2).all(|pair| pair[0].score >= pair[1].score));
    let lines = text.split('\n').count() as u32;
    for suspect in &suspects {
        assert_eq!(suspect.path, path);
        assert!(suspect.range.start <= suspect.range.end && suspect.range.end <= lines);
        assert!(suspect.lines.iter().all(|(line, by)| *line < lines && (0.0..=1.0).contains(by)));
    }
}
