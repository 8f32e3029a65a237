//! Sampling completions: the prompt is computed once, then one path for each sample.

use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;
use tenfold_domain::{Draws, Seed};

use super::job::{Next, Plan, Work};
use super::model::Model;
use super::probability::{Token, draw, normaliser};
use tenfold_domain::{Answer, Generate, Sample};

/// Samples of one request; more are refused.
const MOST_SAMPLES: u32 = 64;

struct Path {
    tokens: Vec<Token>,
    text: Vec<u8>,
    /// Bytes of the text that were told before it is whole.
    told: usize,
    log_probability: f64,
    draws: Draws,
    grammar: Option<LlamaSampler>,
    end: Option<bool>,
}

pub(super) struct Generating {
    paths: Vec<Path>,
    next: Vec<Next>,
    /// Which sample each forked path belongs to, in the order of the forks.
    forked: Vec<usize>,
    temperature: f32,
    top_p: f32,
    max_tokens: usize,
    stop: Vec<String>,
    begun: bool,
}

impl Generating {
    pub(super) fn plan(model: &Model<'_>, ask: &Generate) -> Result<Plan, String> {
        if ask.samples == 0 || ask.samples > MOST_SAMPLES || ask.max_tokens == 0 {
            return Err(format!("a request has 1 to {MOST_SAMPLES} samples of 1 token or more"));
        }
        let prompt = model.prompt(&ask.prompt)?;
        if prompt.is_empty() {
            return Err("the prompt is empty".to_owned());
        }
        let grammar = || {
            ask.grammar
                .as_ref()
                .map(|grammar| LlamaSampler::grammar(model.llama(), grammar, "root"))
                .transpose()
                .map_err(|e| format!("the grammar can't be used: {e}"))
        };
        let paths = (0..ask.samples)
            .map(|index| {
                Ok(Path {
                    tokens: Vec::new(),
                    text: Vec::new(),
                    told: 0,
                    log_probability: 0.0,
                    draws: Seed(ask.seed.0).child(u64::from(index)).draws(),
                    grammar: grammar()?,
                    end: None,
                })
            })
            .collect::<Result<Vec<_>, String>>()?;
        let (reusable, keep) = (prompt.len() - 1, prompt.len());
        let (samples, max_tokens) = (ask.samples as usize, ask.max_tokens as usize);
        let work = Work::Generate(Self {
            paths,
            next: Vec::new(),
            forked: Vec::new(),
            temperature: ask.temperature,
            top_p: ask.top_p,
            max_tokens,
            stop: ask.stop.clone(),
            begun: false,
        });
        Ok(Plan {
            prompt,
            following: Vec::new(),
            reusable,
            keep,
            sequences: samples,
            branches: samples * max_tokens,
            work,
        })
    }

    /// Path 0 of the job is the prompt, from which every sample forks that does not end at
    /// once.
    pub(super) fn take(&mut self, model: &Model<'_>, path: usize, scores: &[f32]) {
        if self.begun {
            let index = self.forked[path - 1];
            if let Some(token) = self.choose(model, index, scores) {
                self.next.push(Next::Extend { path, token });
            }
            return;
        }
        self.begun = true;
        for index in 0..self.paths.len() {
            if let Some(token) = self.choose(model, index, scores) {
                self.forked.push(index);
                self.next.push(Next::Fork { from: 0, length: 0, token });
            }
        }
    }

    /// Draws the next token of a sample; `None` when the sample has come to its end.
    fn choose(&mut self, model: &Model<'_>, index: usize, scores: &[f32]) -> Option<Token> {
        let path = &mut self.paths[index];
        let (token, log) = match &mut path.grammar {
            None => draw(scores, self.temperature, self.top_p, &mut path.draws),
            Some(grammar) => {
                let allowed = constrained(grammar, scores);
                let (token, _) = draw(&allowed, self.temperature, self.top_p, &mut path.draws);
                grammar.accept(LlamaToken(token));
                (token, scores[token as usize] - normaliser(scores))
            }
        };
        path.log_probability += f64::from(log);
        if model.ends(token) {
            path.end = Some(true);
            return None;
        }
        path.tokens.push(token);
        path.text.extend(model.bytes(token));
        let longest = self.stop.iter().map(String::len).max().unwrap_or(0);
        let from = path.text.len().saturating_sub(longest + model.bytes(token).len());
        for stop in &self.stop {
            if let Some(at) = find(&path.text[from..], stop.as_bytes()) {
                path.text.truncate(from + at);
                path.end = Some(false);
                return None;
            }
        }
        if path.tokens.len() >= self.max_tokens {
            path.end = Some(false);
            return None;
        }
        Some(token)
    }

    pub(super) fn next(&mut self) -> Vec<Next> {
        std::mem::take(&mut self.next)
    }

    pub(super) fn done(&self) -> bool {
        self.begun && self.next.is_empty() && self.paths.iter().all(|path| path.end.is_some())
    }

    /// What was written since this was asked last, in whole characters: of a single sample, and
    /// only where no text that was told can be cut off at a stop.
    pub(super) fn piece(&mut self) -> String {
        let ([path], true) = (&mut self.paths[..], self.stop.is_empty()) else {
            return String::new();
        };
        let rest = &path.text[path.told..];
        let rest = &rest[..in_characters(rest)];
        path.told += rest.len();
        String::from_utf8_lossy(rest).into_owned()
    }

    pub(super) fn answer(&mut self) -> Answer {
        let samples = self
            .paths
            .iter()
            .map(|path| Sample {
                text: String::from_utf8_lossy(&path.text).into_owned(),
                log_probability: path.log_probability,
                tokens: path.tokens.len() as u32,
                ended: path.end == Some(true),
            })
            .collect();
        Answer::Generated { samples }
    }
}

/// The scores with those of tokens that the grammar does not allow taken down to nothing.
fn constrained(grammar: &mut LlamaSampler, scores: &[f32]) -> Vec<f32> {
    let data = scores
        .iter()
        .enumerate()
        .map(|(token, score)| LlamaTokenData::new(LlamaToken(token as i32), *score, 0.0));
    let mut array = LlamaTokenDataArray::from_iter(data, false);
    grammar.apply(&mut array);
    let mut allowed = vec![f32::NEG_INFINITY; scores.len()];
    for data in &array.data {
        allowed[data.id().0 as usize] = data.logit();
    }
    allowed
}

/// How many bytes of a text make whole characters, those that never will be one counted in; its
/// last bytes may be the beginning of one.
fn in_characters(text: &[u8]) -> usize {
    let last = text.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    // What is broken in the middle is nothing that more bytes could mend.
    let can_grow = std::str::from_utf8(last).is_err_and(|error| error.error_len().is_none());
    if can_grow { text.len() - last.len() } else { text.len() }
}

fn find(text: &[u8], stop: &[u8]) -> Option<usize> {
    if stop.is_empty() {
        return None;
    }
    text.windows(stop.len()).position(|window| window == stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of a text that comes byte by byte.
    fn told(text: &[u8]) -> Vec<String> {
        let mut told = 0;
        let pieces = (1..=text.len()).map(|end| {
            let rest = &text[told..end];
            let rest = &rest[..in_characters(rest)];
            told += rest.len();
            String::from_utf8_lossy(rest).into_owned()
        });
        pieces.filter(|piece| !piece.is_empty()).collect()
    }

    #[test]
    fn a_character_is_told_when_it_is_whole() {
        assert_eq!(told("aé€🦀b".as_bytes()), ["a", "é", "€", "🦀", "b"]);
        // What breaks a character is no end of it, and what is broken is told as in the whole.
        for broken in [&b"a\xe2\x82b"[..], b"\xff\xe2\x28", b"\xf0\x9f\xf0\x9f\xa6\x80", b"a\x80"] {
            assert_eq!(told(broken).concat(), String::from_utf8_lossy(broken));
        }
        assert_eq!(told(b"a\xe2\x82"), ["a"], "more may come");
    }
}
