//! The words of an answer on their way out, up to a text at which it was to stop. What may be the
//! beginning of one waits until it is sure that it is none. Apart because it is plain text in,
//! plain text out.

/// Hands on words as they come.
pub(super) struct Words {
    /// Texts at which the answer ends; none is empty.
    stop: Vec<String>,
    /// What has come, in bytes.
    come: usize,
    /// The end of that, which has yet to be handed on.
    held: String,
    has_stopped: bool,
}

impl Words {
    pub(super) fn until(mut stop: Vec<String>) -> Self {
        stop.retain(|stop| !stop.is_empty());
        Self { stop, come: 0, held: String::new(), has_stopped: false }
    }

    /// Whether they may end before the answer does.
    pub(super) fn may_stop(&self) -> bool {
        !self.stop.is_empty()
    }

    /// Whether they have come to where they were to stop.
    pub(super) fn have_stopped(&self) -> bool {
        self.has_stopped
    }

    /// Whether any have come.
    pub(super) fn have_begun(&self) -> bool {
        self.come > 0
    }

    /// Takes in more; returns what can be said now.
    pub(super) fn more(&mut self, more: &str) -> String {
        if self.has_stopped {
            return String::new();
        }
        self.come += more.len();
        self.held.push_str(more);
        let ends = self.stop.iter().filter_map(|stop| self.held.find(stop.as_str()));
        let end = ends.min();
        self.has_stopped = end.is_some();
        let sure = end.unwrap_or_else(|| self.before_stop());
        self.held.drain(..sure).collect()
    }

    /// The same of a whole answer that begins with what has come: nothing more comes.
    pub(super) fn last(&mut self, whole: &str) -> String {
        let mut text = self.more(whole.get(self.come..).unwrap_or_default());
        if !self.has_stopped {
            text.push_str(&std::mem::take(&mut self.held));
        }
        text
    }

    /// How much of what is held is not the beginning of a text at which to stop.
    fn before_stop(&self) -> usize {
        let begins = |at: &usize| self.stop.iter().any(|stop| stop.starts_with(&self.held[*at..]));
        let mut places = self.held.char_indices().map(|(at, _)| at);
        places.find(begins).unwrap_or(self.held.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(stop: &[&str], pieces: &[&str]) -> (Vec<String>, bool) {
        let mut words = Words::until(stop.iter().map(|stop| (*stop).to_owned()).collect());
        let mut said: Vec<String> = pieces.iter().map(|piece| words.more(piece)).collect();
        said.push(words.last(&pieces.concat()));
        (said, words.have_stopped())
    }

    #[test]
    fn what_may_be_a_stop_waits_until_it_is_none() {
        let check = |stop: &[&str], pieces: &[&str], wanted: &[&str], stops: bool| {
            let (said, has_stopped) = said(stop, pieces);
            assert_eq!(
                (said, has_stopped),
                (wanted.iter().map(ToString::to_string).collect(), stops)
            );
        };
        check(&["END"], &["a E", "N", "Dive"], &["a ", "", "", ""], true);
        check(&["END"], &["a E", "NE", "ND"], &["a ", "EN", "", ""], true);
        check(&["END", "\n\n", ""], &["é\n", "é EN"], &["é", "\né ", "EN"], false);
    }

    proptest! {
        /// Whatever the pieces, what is said is the text up to the first stop.
        #[test]
        fn pieces_say_what_the_whole_says(pieces in prop::collection::vec("[ab]{0,3}", 0..9)) {
            let stop = ["aab", "bbb"];
            let whole = pieces.concat();
            let end = stop.iter().filter_map(|stop| whole.find(stop)).min();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let (said, has_stopped) = said(&stop, &pieces);
            prop_assert_eq!(said.concat(), &whole[..end.unwrap_or(whole.len())]);
            prop_assert_eq!(has_stopped, end.is_some());
        }
    }
}
