//! What a request to a model is called in the journal, and how large it is. A conversation grows by
//! a few words from one turn to the next, so that of each thing said both are found out once.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tenfold_domain::{Ask, Said, Tokens, ToolSpec, Turn};
use tenfold_models::Tokenizer;

use crate::effects::named;

/// What the journal calls a request to a model: the same for the same questions, so that whoever
/// was asked can tell which intent that was.
pub fn request_name(asks: &[Ask]) -> Value {
    Asking::default().of(asks, None).name
}

/// What is known of the last request of an attempt.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    said: Vec<Known<Said>>,
    tools: Vec<Known<ToolSpec>>,
}

/// A request as it is told to others.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    /// Its name: the same for the same questions.
    pub(crate) name: Value,
    /// The most tokens that it is: those that the model's tokenizer makes of its JSON, give or take
    /// the commas, or the bytes of that.
    pub(crate) tokens: Tokens,
}

/// A part of a request.
#[derive(Debug)]
struct Known<T> {
    part: Arc<T>,
    written: Written,
}

/// Of its JSON.
#[derive(Debug, Clone, Copy)]
struct Written {
    tokens: Tokens,
    digest: [u8; 32],
}

impl Asking {
    /// What is to be asked next, of a model with this tokenizer. An attempt asks one model.
    pub(crate) fn of(&mut self, asks: &[Ask], tokenizer: Option<Tokenizer>) -> Request {
        match asks {
            [Ask::Turn(turn)] => self.of_turn(turn, tokenizer),
            _ => {
                let written = serde_json::to_vec(asks).unwrap_or_default();
                Request { name: named(&written), tokens: Tokens(written.len() as u64) }
            }
        }
    }

    fn of_turn(&mut self, turn: &Turn, tokenizer: Option<Tokenizer>) -> Request {
        let Turn { instructions, said, tools, max_tokens, temperature, seed } = turn;
        let rest = written(&(instructions, max_tokens, temperature, seed), tokenizer);
        let said = know(&mut self.said, said, tokenizer);
        let parts = [said, know(&mut self.tools, tools, tokenizer), rest];
        let digests: Vec<u8> = parts.iter().flat_map(|part| part.digest).collect();
        Request { name: named(&digests), tokens: parts.iter().map(|part| part.tokens).sum() }
    }
}

/// All of a list, of which the beginning may be known.
fn know<T: Serialize>(
    known: &mut Vec<Known<T>>,
    parts: &[Arc<T>],
    tokenizer: Option<Tokenizer>,
) -> Written {
    let same = known.iter().zip(parts).take_while(|(known, part)| Arc::ptr_eq(&known.part, part));
    known.truncate(same.count());
    for part in &parts[known.len()..] {
        known.push(Known { part: Arc::clone(part), written: written(part, tokenizer) });
    }
    let mut digest = Sha256::new();
    // So that two lists can't be one when they follow one another.
    digest.update((known.len() as u64).to_le_bytes());
    known.iter().for_each(|known| digest.update(known.written.digest));
    let tokens = known.iter().map(|known| known.written.tokens).sum();
    Written { tokens, digest: digest.finalize().into() }
}

fn written(part: &impl Serialize, tokenizer: Option<Tokenizer>) -> Written {
    let json = serde_json::to_vec(part).unwrap_or_default();
    let bytes = Tokens(json.len() as u64);
    let tokens = tokenizer.map_or(bytes, |tokenizer| tokenizer.most(&json));
    Written { tokens, digest: Sha256::digest(&json).into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tenfold_domain::Seed;

    use super::*;

    fn person(text: &str) -> Arc<Said> {
        Arc::new(Said::Person { text: text.to_owned() })
    }

    fn turn(said: Vec<Arc<Said>>) -> Ask {
        let parameters = json!({});
        let tool = ToolSpec { name: "a".to_owned(), about: "b".to_owned(), parameters };
        Ask::Turn(Turn {
            instructions: "Mend it.".to_owned(),
            said,
            tools: vec![Arc::new(tool)],
            max_tokens: 9,
            temperature: 0.5,
            seed: Seed(1),
        })
    }

    #[test]
    fn a_request_is_called_the_same_whatever_was_asked_before() {
        let (mut going, one) = (Asking::default(), person("one"));
        let texts = ["two", "three", "another three", "one"];
        let mut said = vec![one];
        let mut names = Vec::new();
        for (place, text) in texts.into_iter().enumerate() {
            // The third takes the place of the second, as when turns are left out.
            said.truncate(if place == 2 { 1 } else { said.len() });
            said.push(person(text));
            let asked = going.of(&[turn(said.clone())], None);
            let told_anew: Vec<_> = said.iter().map(|said| Arc::new((**said).clone())).collect();
            assert_eq!(asked, Asking::default().of(&[turn(told_anew)], None));
            assert!(!names.contains(&asked.name));
            names.push(asked.name);
        }
    }

    #[test]
    fn it_is_not_smaller_than_what_is_told() {
        let said = vec![person(&"a \"b\" \n".repeat(50)), person("c")];
        let whole = serde_json::to_vec(&turn(said.clone())).unwrap().len() as u64;
        let asked = Asking::default().of(&[turn(said.clone())], None).tokens.0;
        assert!(asked + 120 > whole && asked < whole, "{asked} of {whole}");
        let counted = Asking::default().of(&[turn(said)], Some(Tokenizer::O200k)).tokens.0;
        assert!(counted < asked, "{counted} of {asked}");
    }
}
