//! Code in a model's answer.

use tenfold_code::reply;

use crate::input;

/// A block is made of whole lines of the answer; moving a text to another indentation changes
/// nothing but blanks at the beginnings of lines.
pub(super) fn run(bytes: &[u8]) {
    let [answer, like] = input::texts(bytes);
    for block in reply::code_blocks(&answer) {
        assert!(block.text.is_empty() || block.text.ends_with('\n'));
        assert!(block.text.lines().all(|line| answer.contains(line)), "{block:?}");
    }
    let moved = reply::reindent(&answer, &like);
    let bare = |text: &str| text.split('\n').map(|line| line.trim().to_owned()).collect::<Vec<_>>();
    assert_eq!(bare(&moved), bare(&answer));
}
