//! How likely a given text is where it stands: one pass over it, nothing generated.

use super::job::{Plan, Work};
use super::model::Model;
use super::probability::{Token, likeliest, normaliser};
use tenfold_domain::{Answer, OtherToken, Prompt, Score, TokenScore};

/// Other tokens that are named at each place.
const OTHERS: usize = 24;
/// Other tokens less likely than this are not named (natural logarithm).
const LEAST: f32 = -9.0;

pub(super) struct Scoring {
    first: usize,
    tokens: Vec<Token>,
    starts: Vec<u32>,
    scores: Vec<TokenScore>,
    more: Option<f32>,
}

impl Scoring {
    pub(super) fn plan(model: &Model<'_>, ask: &Score) -> Result<Plan, String> {
        let (prefix, suffix) = (ask.prefix.clone(), ask.suffix.clone());
        let mut prompt = model.prompt(&Prompt::Fill { prefix, suffix })?;
        let first = prompt.len();
        let tokens = model.tokens(&ask.text);
        if tokens.is_empty() {
            return Err("there is no text to score".to_owned());
        }
        let mut at = 0;
        let mut starts = Vec::with_capacity(tokens.len());
        for token in &tokens {
            starts.push(at);
            at += model.bytes(*token).len() as u32;
        }
        prompt.extend(&tokens);
        let keep = prompt.len();
        let work = Work::Score(Self { first, tokens, starts, scores: Vec::new(), more: None });
        let following = Vec::new();
        let reusable = first - 1;
        Ok(Plan { prompt, following, reusable, keep, sequences: 0, branches: 0, work })
    }

    pub(super) fn take(&mut self, model: &Model<'_>, position: usize, scores: &[f32]) {
        let Some(index) = (position + 1).checked_sub(self.first) else { return };
        let normaliser = normaliser(scores);
        let Some(&token) = self.tokens.get(index) else {
            self.more = Some(odds_of_more(model, scores, normaliser));
            return;
        };
        let others = likeliest(scores, normaliser, OTHERS + 1)
            .into_iter()
            .filter(|(other, log)| *other != token && *log > LEAST && !model.ends(*other))
            // A token may be a part of a character, which is no text.
            .filter_map(|(other, log_probability)| {
                let text = String::from_utf8(model.bytes(other)).ok()?;
                Some(OtherToken { text, log_probability })
            })
            .take(OTHERS)
            .collect();
        self.scores.push(TokenScore {
            start: self.starts[index],
            log_probability: scores.get(token as usize).map_or(f32::MIN, |s| s - normaliser),
            others,
        });
    }

    pub(super) fn done(&self) -> bool {
        self.more.is_some()
    }

    pub(super) fn answer(&mut self) -> Answer {
        Answer::Scored { tokens: std::mem::take(&mut self.scores), more: self.more }
    }
}

/// The odds that the text goes on, against that it ends here; a natural logarithm.
fn odds_of_more(model: &Model<'_>, scores: &[f32], normaliser: f32) -> f32 {
    let ends = |(token, _): &(Token, f32)| model.ends(*token);
    let likeliest = likeliest(scores, normaliser, OTHERS).into_iter().filter(ends);
    let end: f32 = likeliest.map(|(_, log)| log.exp()).sum();
    let end = end.clamp(1e-9, 1.0 - 1e-6);
    ((1.0 - end) / end).ln()
}
