//! What people say about a line of a proposal, or about a file of it: kept with the proposal, and
//! told to whoever goes on from it. Apart, because it is held against the change as people see it.

use std::path::Path;

use tenfold_domain::{CommitId, Fact, Place, ProposalEvent, Side, TaskEvent, TaskId};
use tenfold_store::ProposalState;
use tenfold_workspace::{ShownLine, Workspace};

use crate::EngineError;
use crate::engine::{Engine, blocking};
use crate::redaction::{text_of, words_of};

/// The most of a commented line that is repeated to the agent, in characters.
const LINE_CHARS: usize = 200;

impl Engine {
    /// Records what the person says about a line of a task's proposal, or about a file of it.
    ///
    /// # Errors
    /// If there is no proposal that waits for review; [`EngineError::NotChanged`] and
    /// [`EngineError::NoLine`] if its change doesn't show the place.
    pub async fn comment(
        &self,
        task: TaskId,
        place: Place,
        text: String,
    ) -> Result<(), EngineError> {
        let (spec, proposal, base) = self.proposal(task, "comment on").await?;
        if proposal.state != ProposalState::ToReview {
            return Err(crate::review::wrong_state(task, "comment on", &proposal));
        }
        let workspace = self.workspace(&spec).await?;
        let (commit, of) = (proposal.commit.clone(), place.clone());
        let quoted = blocking(move || quoted(&workspace, (task, &of), (&base, &commit))).await?;
        let redactor = self.redactor();
        let text = words_of(&redactor, text)?;
        let quoted = quoted.map(|line| format!(" (`{line}`)")).unwrap_or_default();
        let said = format!("{}{quoted}: {text}", spoken_of(&place));
        let event = ProposalEvent::Commented { place, text };
        let facts = vec![
            Fact::Proposal { attempt: proposal.attempt, event },
            Fact::Task { task, event: TaskEvent::Steered { text: text_of(&redactor, said) } },
        ];
        self.store.append_async(facts).await?;
        Ok(())
    }
}

/// How what the agent is told of a comment begins.
#[must_use]
pub fn spoken_of(place: &Place) -> String {
    let path = &place.path;
    match (place.line, place.side) {
        (None, _) => format!("About your change of {path} as a whole"),
        (Some(line), Side::Proposed) => format!("About {path}:{line} of your proposal"),
        (Some(line), Side::Before) => {
            format!("About line {line} of {path} as it was, which your proposal removes")
        }
    }
}

/// The line of the change that is commented, as it is repeated to the agent; none if a file is as
/// a whole.
fn quoted(
    workspace: &Workspace,
    (task, place): (TaskId, &Place),
    (base, commit): (&CommitId, &CommitId),
) -> Result<Option<String>, EngineError> {
    let path = &place.path;
    if !workspace.changed(base, commit)?.iter().any(|file| file.path == Path::new(path)) {
        return Err(EngineError::NotChanged { task, path: path.clone() });
    }
    let Some(line) = place.line else { return Ok(None) };
    let number = |shown: &ShownLine| match place.side {
        Side::Proposed => shown.new,
        Side::Before => shown.old.filter(|_| shown.new.is_none()),
    };
    let lines = workspace.shown_lines(base, commit, path)?;
    match lines.iter().find(|shown| number(shown) == Some(line)) {
        Some(found) => Ok(Some(found.text.trim().chars().take(LINE_CHARS).collect())),
        None => {
            let shown = ranges(lines.iter().filter_map(number));
            Err(EngineError::NoLine { task, place: place.clone(), shown })
        }
    }
}

/// "3 to 9, 14": numbers in their order, the first few of them.
fn ranges(numbers: impl Iterator<Item = u32>) -> String {
    /// How many are told.
    const TOLD: usize = 8;
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let more = ranges.len().saturating_sub(TOLD);
    let mut told: Vec<String> = ranges
        .iter()
        .take(TOLD)
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first} to {last}"),
        })
        .collect();
    if more > 0 {
        told.push(format!("{more} more places"));
    }
    match told.is_empty() {
        true => "none".to_owned(),
        false => told.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn numbers_are_told_as_ranges() {
        let told = |numbers: &[u32]| ranges(numbers.iter().copied());
        assert_eq!(told(&[]), "none");
        assert_eq!(told(&[3, 4, 5, 9, 11, 12]), "3 to 5, 9, 11 to 12");
        let many: Vec<u32> = (1..=20).map(|number| number * 2).collect();
        assert!(told(&many).ends_with("16, 12 more places"), "{}", told(&many));
    }
}
