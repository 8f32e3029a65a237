//! The best of several attempts: verified comes before not, then the fewest changed lines, since
//! these are the ones that a person has to read; of equals, the earlier one.

use std::sync::Arc;

use tenfold_domain::{AttemptOutcome, Fact, Outcome, ProposalEvent, TaskSpec};
use tenfold_store::ProposalRow;
use tenfold_workspace::Workspace;

use crate::EngineError;
use crate::engine::{Engine, blocking};

impl Engine {
    /// What came of attempts that were made in one go: that of the best one, and its proposal is
    /// preferred to the others. If none has a proposal, or the last was stopped or waits for the
    /// person, what came of the last.
    pub(crate) async fn best(
        &self,
        spec: &TaskSpec,
        mut outcomes: Vec<Outcome>,
    ) -> Result<Outcome, EngineError> {
        let made = |outcome: &Outcome| outcome.outcome == AttemptOutcome::Finished;
        let finished = outcomes.iter().filter(|outcome| made(outcome)).count();
        let last = outcomes.len() - 1;
        let was_stopped = outcomes[last].outcome == AttemptOutcome::Stopped;
        if finished == 0 || was_stopped || (finished == 1 && made(&outcomes[last])) {
            return Ok(outcomes.remove(last));
        }
        let workspace = Arc::new(self.workspace(spec).await?);
        let mut best: Option<((bool, u64), usize)> = None;
        for (index, outcome) in outcomes.iter().enumerate().filter(|(_, outcome)| made(outcome)) {
            let row = self.row(outcome.task())?;
            let proposals = row.proposals.iter().rev();
            let Some(proposal) = proposals.into_iter().find(|row| row.attempt == outcome.attempt)
            else {
                continue;
            };
            let lines = self.changed_lines(&workspace, proposal).await?;
            let worth = (!proposal.verified, lines);
            if best.is_none_or(|(known, _)| worth < known) {
                best = Some((worth, index));
            }
        }
        let best = outcomes.swap_remove(best.map_or(last, |(_, index)| index));
        let others = u32::try_from(finished - 1).unwrap_or(u32::MAX);
        if others > 0 {
            let event = ProposalEvent::Preferred { others };
            let fact = Fact::Proposal { attempt: best.attempt, event };
            self.store.append_async(vec![fact]).await?;
        }
        Ok(best)
    }

    /// How many lines a proposal adds and removes.
    async fn changed_lines(
        &self,
        workspace: &Arc<Workspace>,
        proposal: &ProposalRow,
    ) -> Result<u64, EngineError> {
        let (base, commit) = (self.base(proposal.attempt)?, proposal.commit.clone());
        let workspace = Arc::clone(workspace);
        let files = blocking(move || workspace.changed(&base, &commit)).await?;
        Ok(files.iter().map(|file| file.added + file.removed).sum())
    }
}
