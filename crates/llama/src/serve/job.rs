//! One request as a small machine: which tokens it wants evaluated, what it does with the
//! probabilities that come back, when it is done.

use std::collections::VecDeque;

use llama_cpp_2::context::LlamaContext;
use tenfold_domain::{Tokens, Usage, Written};

use super::cache::{Cache, Start};
use super::generate::Generating;
use super::infill::Infilling;
use super::model::Model;
use super::probability::Token;
use super::score::Scoring;
use crate::protocol::RequestId;
use tenfold_domain::{Answer, Ask};

/// Output tokens between two reports of progress.
const PROGRESS_EVERY: u64 = 16;

/// A request, tokenised and measured, before it starts.
pub(super) struct Plan {
    /// What is computed first; the cache looks for a prompt that begins alike.
    pub(super) prompt: Vec<Token>,
    /// Tokens that follow the prompt at once, evaluated with it, their probabilities wanted.
    pub(super) following: Vec<Token>,
    /// From this token on probabilities are wanted; what lies before may come from a copy.
    pub(super) reusable: usize,
    /// How much of the prompt is worth keeping afterwards.
    pub(super) keep: usize,
    /// Sequences beside the one that holds the prompt.
    pub(super) sequences: usize,
    /// Tokens that those hold in all.
    pub(super) branches: usize,
    /// What to do with the probabilities.
    pub(super) work: Work,
}

impl Plan {
    /// Cells of the model's cache that are filled in the worst case.
    pub(super) fn cells_needed(&self) -> usize {
        self.prompt.len() + self.following.len() + self.branches
    }

    /// Tokens that are read, those that a cache may have included.
    pub(super) fn tokens_read(&self) -> Tokens {
        Tokens((self.prompt.len() + self.following.len()) as u64)
    }
}

/// What a job does with probabilities.
pub(super) enum Work {
    Generate(Generating),
    Infill(Infilling),
    Score(Scoring),
}

/// Tokenises and measures a request. An error is for people.
pub(super) fn plan(model: &Model<'_>, ask: &Ask) -> Result<Plan, String> {
    match ask {
        Ask::Generate(ask) => Generating::plan(model, ask),
        Ask::Infill(ask) => Infilling::plan(model, ask),
        Ask::Score(ask) => Scoring::plan(model, ask),
        Ask::Turn(_) => Err("a conversation has to be put as a generation".to_owned()),
    }
}

/// A token to evaluate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Which of the job's paths; the prompt is path 0.
    pub(super) path: usize,
    pub(super) sequence: i32,
    pub(super) position: usize,
    pub(super) token: Token,
    /// Whether the probabilities of what follows it are wanted.
    pub(super) probabilities: bool,
}

/// The tokens of one sequence that are still to be evaluated.
#[derive(Debug, Default)]
struct Feed {
    sequence: i32,
    position: usize,
    pending: VecDeque<(Token, bool)>,
}

pub(super) struct Job {
    pub(super) id: RequestId,
    pub(super) usage: Usage,
    in_pieces: bool,
    work: Work,
    feeds: Vec<Feed>,
    prompt: usize,
    keep: usize,
    reported: u64,
}

/// What a job asks for after it has looked at probabilities.
pub(super) enum Next {
    /// Evaluate this token at the end of a path.
    Extend { path: usize, token: Token },
    /// Begin a path that shares another's first `length` tokens (the prompt's included),
    /// with this token next.
    Fork { from: usize, length: usize, token: Token },
}

impl Job {
    /// Begins what was asked with this id; what it writes is told at once if that is wanted.
    pub(super) fn start((id, in_pieces): (RequestId, bool), plan: Plan, start: Start) -> Self {
        let from = plan.reusable;
        let pending = plan
            .prompt
            .iter()
            .chain(&plan.following)
            .enumerate()
            .skip(start.held)
            .map(|(index, token)| (*token, index >= from))
            .collect();
        let usage = Usage {
            prompt: plan.tokens_read().saturating_sub(Tokens(start.held as u64)),
            cached: Tokens(start.held as u64),
            ..Usage::default()
        };
        let feed = Feed { sequence: start.sequence, position: start.held, pending };
        Self {
            id,
            usage,
            in_pieces,
            work: plan.work,
            feeds: vec![feed],
            prompt: plan.prompt.len(),
            keep: plan.keep,
            reported: 0,
        }
    }

    /// Whether its prompt is still being computed.
    pub(super) fn in_prompt(&self) -> bool {
        self.feeds[0].pending.len() > 1
    }

    /// The next tokens to evaluate, `room` at the most.
    pub(super) fn wants(&mut self, room: usize) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (path, feed) in self.feeds.iter_mut().enumerate() {
            while wanted.len() < room
                && let Some((token, probabilities)) = feed.pending.pop_front()
            {
                let (sequence, position) = (feed.sequence, feed.position);
                wanted.push(Wanted { path, sequence, position, token, probabilities });
                feed.position += 1;
            }
        }
        wanted
    }

    /// Takes the scores of what may follow a token.
    pub(super) fn take(&mut self, model: &Model<'_>, wanted: &Wanted, scores: &[f32]) {
        let follows = wanted.position + 1 - self.prompt.min(wanted.position + 1);
        match &mut self.work {
            Work::Generate(work) => work.take(model, wanted.path, scores),
            Work::Infill(work) => work.take(model, wanted.path, follows, scores),
            Work::Score(work) => work.take(model, wanted.position, scores),
        }
    }

    /// Does what the work asks for next: longer paths, new paths.
    pub(super) fn branch(
        &mut self,
        model: &Model<'_>,
        cache: &mut Cache,
        context: &mut LlamaContext<'_>,
    ) {
        let asked = match &mut self.work {
            Work::Generate(work) => work.next(),
            Work::Infill(work) => work.next(model),
            Work::Score(_) => Vec::new(),
        };
        for next in asked {
            self.usage.output += Tokens(1);
            match next {
                Next::Extend { path, token } => {
                    self.feeds[path].pending.push_back((token, true));
                }
                Next::Fork { from, length, token } => {
                    let source = self.feeds[from].sequence;
                    let position = match &self.work {
                        Work::Generate(_) => self.feeds[0].position,
                        _ => self.prompt + length,
                    };
                    // Plans count their paths, so a free sequence is always left.
                    let sequence = cache.fork(source, position, context).unwrap_or(source);
                    let pending = VecDeque::from([(token, true)]);
                    self.feeds.push(Feed { sequence, position, pending });
                }
            }
        }
    }

    pub(super) fn done(&self) -> bool {
        let fed = self.feeds.iter().all(|feed| feed.pending.is_empty());
        fed && match &self.work {
            Work::Generate(work) => work.done(),
            Work::Infill(work) => work.done(),
            Work::Score(work) => work.done(),
        }
    }

    pub(super) fn answer(&mut self) -> Answer {
        match &mut self.work {
            Work::Generate(work) => work.answer(),
            Work::Infill(work) => work.answer(),
            Work::Score(work) => work.answer(),
        }
    }

    /// What it has used and written, if that is worth saying again.
    pub(super) fn progress(&mut self) -> Option<Written> {
        let text = match &mut self.work {
            Work::Generate(work) if self.in_pieces => work.piece(),
            _ => String::new(),
        };
        let mark = self.usage.output.0 / PROGRESS_EVERY;
        let is_due = mark > std::mem::replace(&mut self.reported, mark);
        (is_due || !text.is_empty()).then_some(Written { usage: self.usage, text })
    }

    /// Tokens that it holds.
    pub(super) fn held(&self) -> usize {
        self.feeds.iter().map(|feed| feed.position).sum()
    }

    pub(super) fn main_sequence(&self) -> i32 {
        self.feeds[0].sequence
    }

    /// The sequences beside the one that holds the prompt.
    pub(super) fn other_sequences(&self) -> Vec<i32> {
        self.feeds.iter().skip(1).map(|feed| feed.sequence).collect()
    }

    /// How much of its prompt is worth keeping.
    pub(super) fn keep(&self) -> usize {
        self.keep
    }
}
