//! Lists that may be long are told in parts: which part is wanted, and what the next one is past;
//! and which of a list, by words in their names.

use serde::Deserialize;
use utoipa::IntoParams;

/// How many rows are told at most in one answer.
const MOST: u32 = 1_000;
/// How many are told where nobody says.
const USUAL: u32 = 100;

/// Which part of a list.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
pub(super) struct Part {
    /// Those after this one, as they are listed: what the answer before calls `next`.
    pub(super) past: Option<u64>,
    /// At most so many; 100, if it is not said, and never more than 1,000.
    limit: Option<u32>,
}

impl Part {
    /// How many rows are told at most.
    pub(super) fn limit(self) -> u32 {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }

    /// As many as are wanted of the rows that are past what came before, and by which number of the
    /// last one the next part is found; none if this is the last part.
    pub(super) fn of<T>(
        self,
        rows: impl Iterator<Item = T>,
        number: impl Fn(&T) -> u64,
    ) -> (Vec<T>, Option<u64>) {
        let limit = self.limit() as usize;
        let mut some: Vec<T> = rows.take(limit + 1).collect();
        let is_more = some.len() > limit;
        some.truncate(limit);
        let next = some.last().filter(|_| is_more).map(number);
        (some, next)
    }
}

/// Which of a list by their names.
#[derive(Debug, Default, Deserialize, IntoParams)]
pub(super) struct Called {
    /// Only those with all of these words in their names.
    q: Option<String>,
}

impl Called {
    /// These words, in small letters.
    pub(super) fn words(&self) -> Vec<String> {
        let text = self.q.as_deref().unwrap_or_default().to_lowercase();
        text.split_whitespace().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_part_and_the_last_part_is_known() {
        for limit in [1, 2, 3, 7, 8] {
            let (mut past, mut told) = (None, Vec::new());
            loop {
                let part = Part { past, limit: Some(limit) };
                let rows = (1..=7_u64).filter(|row| past.is_none_or(|past| *row > past));
                let (some, next) = part.of(rows, |row| *row);
                assert!(some.len() <= limit as usize && !some.is_empty());
                told.extend(some);
                past = next;
                if past.is_none() {
                    break;
                }
            }
            assert_eq!(told, (1..=7).collect::<Vec<_>>(), "{limit}");
        }
        assert_eq!(Part { past: None, limit: Some(0) }.limit(), 1);
        assert_eq!(Part { past: None, limit: Some(9_999) }.limit(), 1_000);
    }
}
