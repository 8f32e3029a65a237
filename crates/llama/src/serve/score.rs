//! How likely a given text is: one pass over it, nothing generated.

use super::job::{Plan, Work};
use super::model::Model;
use super::probability::{Token, likeliest, normaliser};
use tenfold_domain::{Answer, Score, TokenScore};

pub(super) struct Scoring {
    first: usize,
    tokens: Vec<Token>,
    starts: Vec<u32>,
    scores: Vec<TokenScore>,
}

impl Scoring {
    /// The text is computed as the prefix of a gap where the model can fill gaps, so that
    /// later infills of the same text find it in the cache.
    pub(super) fn plan(model: &Model<'_>, ask: &Score) -> Result<Plan, String> {
        let mut prompt: Vec<Token> = match model.fill_tokens() {
            Some(fill) => vec![fill.prefix],
            None => model.beginning().into_iter().collect(),
        };
        let lead = prompt.len();
        let whole = format!("{}{}", ask.context, ask.text);
        prompt.extend(model.tokens(&whole));
        let mut at = 0;
        let mut first = None;
        let mut starts = Vec::new();
        for (index, token) in prompt.iter().enumerate().skip(lead) {
            if at >= ask.context.len() {
                first.get_or_insert(index);
                starts.push((at - ask.context.len()) as u32);
            }
            at += model.bytes(*token).len();
        }
        let first = first.unwrap_or(prompt.len());
        if first == 0 || starts.is_empty() {
            return Err("there is no text to score, or nothing before it".to_owned());
        }
        let tokens = prompt[first..].to_vec();
        let work = Work::Score(Self { first, tokens, starts, scores: Vec::new() });
        let (reusable, keep) = (first - 1, prompt.len());
        let following = Vec::new();
        Ok(Plan { prompt, following, reusable, keep, sequences: 0, branches: 0, work })
    }

    pub(super) fn take(&mut self, position: usize, scores: &[f32]) {
        let Some(index) = (position + 1).checked_sub(self.first) else { return };
        let Some(&token) = self.tokens.get(index) else { return };
        let normaliser = normaliser(scores);
        let best = likeliest(scores, normaliser, 1);
        self.scores.push(TokenScore {
            start: self.starts[index],
            log_probability: scores.get(token as usize).map_or(f32::MIN, |s| s - normaliser),
            best_log_probability: best.first().map_or(0.0, |(_, log)| *log),
        });
    }

    pub(super) fn done(&self) -> bool {
        self.scores.len() == self.tokens.len()
    }

    pub(super) fn answer(&mut self) -> Answer {
        Answer::Scored { tokens: std::mem::take(&mut self.scores) }
    }
}
