//! How likely a given text is where it stands: one pass over it, nothing generated.

use super::job::{Plan, Work};
use super::model::Model;
use super::probability::{Token, likeliest, normaliser};
use tenfold_domain::{Answer, OtherToken, Prompt, Score, TokenScore};

/// Other tokens that are named at each place.
const OTHERS: usize = 8;
/// Other tokens less likely than this are not named (natural logarithm).
const LEAST: f32 = -9.0;

pub(super) struct Scoring {
    first: usize,
    tokens: Vec<Token>,
    starts: Vec<u32>,
    scores: Vec<TokenScore>,
}

impl Scoring {
    /// Without a suffix the text is computed as the prefix of a gap, where the model can fill
    /// gaps, so that later infills of the same text find it in the cache.
    pub(super) fn plan(model: &Model<'_>, ask: &Score) -> Result<Plan, String> {
        let (lead, context) = if ask.suffix.is_empty() {
            let lead = match model.fill_tokens() {
                Some(fill) => vec![fill.prefix],
                None => model.beginning().into_iter().collect(),
            };
            (lead, ask.prefix.as_str())
        } else {
            let (prefix, suffix) = (ask.prefix.clone(), ask.suffix.clone());
            (model.prompt(&Prompt::Fill { prefix, suffix })?, "")
        };
        let mut at = 0;
        let mut first = None;
        let mut starts = Vec::new();
        let mut prompt = lead;
        for token in model.tokens(&format!("{context}{}", ask.text)) {
            if at >= context.len() {
                first.get_or_insert(prompt.len());
                starts.push((at - context.len()) as u32);
            }
            at += model.bytes(token).len();
            prompt.push(token);
        }
        let Some(first) = first.filter(|first| *first > 0) else {
            return Err("there is no text to score, or nothing before it".to_owned());
        };
        let keep = prompt.len();
        let tokens = prompt[first..].to_vec();
        let work = Work::Score(Self { first, tokens, starts, scores: Vec::new() });
        let following = Vec::new();
        let reusable = first - 1;
        Ok(Plan { prompt, following, reusable, keep, sequences: 0, branches: 0, work })
    }

    pub(super) fn take(&mut self, model: &Model<'_>, position: usize, scores: &[f32]) {
        let Some(index) = (position + 1).checked_sub(self.first) else { return };
        let Some(&token) = self.tokens.get(index) else { return };
        let normaliser = normaliser(scores);
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
        self.scores.len() == self.tokens.len()
    }

    pub(super) fn answer(&mut self) -> Answer {
        Answer::Scored { tokens: std::mem::take(&mut self.scores) }
    }
}
