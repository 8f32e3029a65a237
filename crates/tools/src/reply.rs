//! What a tool says, within its bound.
//!
//! Apart, because a model's context is dear, and one file with long lines would fill it.

/// The most that a tool says but `run`, in bytes.
pub const MAX_REPLY_BYTES: usize = 8_000;

/// Kept free for what is said before and after the lines, in bytes.
const NOTES_BYTES: usize = 1_500;

/// Lines, as many as there is room for.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    text: String,
}

impl Lines {
    /// Adds a line. False if there is no more room; it is not added then. The first one
    /// always has room, if it has less than 6,000 bytes.
    pub(crate) fn add(&mut self, line: &str) -> bool {
        let room = self.text.len() + line.len() < MAX_REPLY_BYTES - NOTES_BYTES;
        if room {
            self.text.push_str(line);
            self.text.push('\n');
        }
        room
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The lines between what is said before and after them.
    pub(crate) fn between(self, head: &str, tail: &str) -> String {
        let mut text = format!("{head}\n{}{tail}", self.text);
        text.truncate(text.trim_end_matches('\n').len());
        bounded(text)
    }
}

/// The text, cut if it is above the bound.
pub(crate) fn bounded(mut text: String) -> String {
    const CUT: &str = "\n… (cut)";
    if text.len() > MAX_REPLY_BYTES {
        text.truncate(text.floor_char_boundary(MAX_REPLY_BYTES - CUT.len()));
        text.push_str(CUT);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stop_where_the_room_ends() {
        let mut lines = Lines::default();
        let line = "ü".repeat(500);
        let added = (0..20).take_while(|_| lines.add(&line)).count();
        assert_eq!(added, 6);
        let text = lines.between("head", &"x".repeat(MAX_REPLY_BYTES));
        assert!(text.len() <= MAX_REPLY_BYTES && text.ends_with("(cut)"));
    }
}
