//! What an attempt has used, as people watch it: what is settled, and what the questions that
//! are still under way have said so far. Apart from the loop because the model tells of each
//! question by itself, in any order, also after its end. Nothing here is recorded.

use std::collections::HashMap;

use tenfold_domain::{StepId, Totals, Usage};

/// What one question of a step has used up to now.
pub(crate) struct Used {
    pub(crate) step: StepId,
    /// Which of the step's questions.
    pub(crate) question: usize,
    pub(crate) usage: Usage,
}

/// The totals of an attempt.
pub(crate) struct Meter {
    /// Of the steps that have ended.
    pub(crate) settled: Totals,
    under_way: HashMap<StepId, Vec<Usage>>,
}

impl Meter {
    pub(crate) fn new(settled: Totals) -> Self {
        Self { settled, under_way: HashMap::new() }
    }

    /// A step begins that asks the model.
    pub(crate) fn begin(&mut self, step: StepId, questions: usize) {
        self.under_way.insert(step, vec![Usage::default(); questions]);
    }

    /// A question has come further. One whose step has ended is counted there already.
    pub(crate) fn hear(&mut self, used: &Used) {
        let known = self.under_way.get_mut(&used.step);
        if let Some(known) = known.and_then(|known| known.get_mut(used.question)) {
            *known = used.usage;
        }
    }

    /// What the questions of a step have said so far.
    pub(crate) fn heard(&self, step: StepId) -> Usage {
        let mut heard = Usage::default();
        for usage in self.under_way.get(&step).into_iter().flatten() {
            heard += *usage;
        }
        heard
    }

    /// A step has ended; the bill takes the place of what its questions said.
    pub(crate) fn end(&mut self, step: StepId, usage: Usage) {
        self.under_way.remove(&step);
        self.settled.usage += usage;
    }

    /// Everything up to now.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = self.settled;
        for usage in self.under_way.values().flatten() {
            totals.usage += *usage;
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenfold_domain::{Millis, NanoUsd, Tokens};

    fn meter() -> Meter {
        Meter::new(Totals {
            attempt: "1.1".parse().unwrap(),
            candidates: 0,
            checks: 0,
            usage: Usage::default(),
            cost: NanoUsd::ZERO,
            wall: Millis(0),
        })
    }

    fn output(tokens: u64) -> Usage {
        Usage { output: Tokens(tokens), ..Usage::default() }
    }

    #[test]
    fn questions_of_several_steps_add_up_and_never_count_twice() {
        let mut meter = meter();
        let (first, second) = (StepId(1), StepId(2));
        meter.begin(first, 2);
        meter.begin(second, 1);
        let mut hear = |step, question, tokens| {
            meter.hear(&Used { step, question, usage: output(tokens) });
            meter.totals().usage.output.0
        };
        assert_eq!(hear(first, 0, 5), 5);
        assert_eq!(hear(first, 1, 3), 8);
        assert_eq!(hear(second, 0, 10), 18);
        assert_eq!(hear(first, 0, 7), 20);
        meter.end(first, output(12));
        assert_eq!(meter.totals().usage, output(22));
        meter.hear(&Used { step: first, question: 0, usage: output(9) });
        assert_eq!(meter.totals().usage, output(22), "its end has counted it");
    }
}
