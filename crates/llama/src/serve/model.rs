//! The loaded model: from text to tokens and back, chat template, infill tokens.

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

use super::chat;
use super::probability::Token;
use tenfold_domain::{Message, Prompt};

/// The three tokens around a gap.
#[derive(Debug, Clone, Copy)]
pub(super) struct FillTokens {
    pub(super) prefix: Token,
    pub(super) suffix: Token,
    pub(super) middle: Token,
}

pub(super) struct Model<'m> {
    weights: &'m LlamaModel,
    fill: Option<FillTokens>,
    end: Token,
}

impl<'m> Model<'m> {
    pub(super) fn new(weights: &'m LlamaModel) -> Self {
        let vocab = weights.vocab();
        let [prefix, suffix, middle] = [vocab.fim_pre().0, vocab.fim_suf().0, vocab.fim_mid().0];
        let fill = (prefix >= 0 && suffix >= 0 && middle >= 0).then_some(FillTokens {
            prefix,
            suffix,
            middle,
        });
        Self { weights, fill, end: vocab.eos().0 }
    }

    pub(super) fn llama(&self) -> &'m LlamaModel {
        self.weights
    }

    pub(super) fn name(&self) -> String {
        self.weights.meta_val_str("general.name").unwrap_or_default()
    }

    pub(super) fn weights(&self) -> u64 {
        self.weights.n_params()
    }

    pub(super) fn file_bytes(&self) -> u64 {
        self.weights.size()
    }

    /// Bytes of cache for one token: a key and a value of 16 bits for each layer.
    pub(super) fn cell_bytes(&self) -> u64 {
        let heads = u64::from(self.weights.n_head()).max(1);
        let width = u64::try_from(self.weights.n_embd()).unwrap_or(0) / heads;
        u64::from(self.weights.n_layer()) * u64::from(self.weights.n_head_kv()) * width * 2 * 2
    }

    pub(super) fn vocabulary(&self) -> usize {
        usize::try_from(self.weights.n_vocab()).unwrap_or(0)
    }

    pub(super) fn has_chat(&self) -> bool {
        self.weights.chat_template(None).is_ok()
    }

    pub(super) fn fill_tokens(&self) -> Option<FillTokens> {
        self.fill
    }

    /// The token that stands for "nothing more" in a search.
    pub(super) fn end(&self) -> Token {
        self.end
    }

    /// Whether a token ends a text: end of generation, or any token that is not text.
    pub(super) fn ends(&self, token: Token) -> bool {
        let vocab = self.weights.vocab();
        vocab.is_eog(LlamaToken(token)) || vocab.is_control(LlamaToken(token))
    }

    pub(super) fn tokens(&self, text: &str) -> Vec<Token> {
        self.tokenize(text, false)
    }

    fn tokenize(&self, text: &str, special: bool) -> Vec<Token> {
        self.weights
            .vocab()
            .tokenize(text.as_bytes(), false, special)
            .into_iter()
            .map(|token| token.0)
            .collect()
    }

    pub(super) fn bytes(&self, token: Token) -> Vec<u8> {
        self.weights.vocab().token_to_piece(LlamaToken(token), false, None)
    }

    pub(super) fn text(&self, tokens: &[Token]) -> String {
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| self.bytes(*token)).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The first token of a text that begins by itself, where the model wants one.
    pub(super) fn beginning(&self) -> Option<Token> {
        let vocab = self.weights.vocab();
        vocab.should_add_bos().then(|| vocab.bos().0)
    }

    /// The tokens of a prompt; an error is for people.
    pub(super) fn prompt(&self, prompt: &Prompt) -> Result<Vec<Token>, String> {
        match prompt {
            Prompt::Text { text } => {
                let mut tokens: Vec<Token> = self.beginning().into_iter().collect();
                tokens.extend(self.tokens(text));
                Ok(tokens)
            }
            Prompt::Fill { prefix, suffix } => {
                let Some(fill) = self.fill else {
                    return Err("the model has no fill-in-the-middle tokens".to_owned());
                };
                let mut tokens = vec![fill.prefix];
                tokens.extend(self.tokens(prefix));
                tokens.push(fill.suffix);
                tokens.extend(self.tokens(suffix));
                tokens.push(fill.middle);
                Ok(tokens)
            }
            Prompt::Chat { messages, opening } => {
                let mut tokens = self.chat(messages)?;
                // Most templates begin with that token, some leave it to the reader.
                if let Some(beginning) = self.beginning().filter(|t| tokens.first() != Some(t)) {
                    tokens.insert(0, beginning);
                }
                tokens.extend(self.tokens(opening));
                Ok(tokens)
            }
        }
    }

    /// The tokens of a conversation by the template that the model's file brings. What is said
    /// stays text, even where it is spelt like a token of the template.
    fn chat(&self, messages: &[Message]) -> Result<Vec<Token>, String> {
        let template = self.weights.chat_template(None);
        let template = template.map_err(|e| format!("the model brings no chat template: {e}"))?;
        let vocab = self.weights.vocab();
        let spelt = |token: LlamaToken| {
            String::from_utf8_lossy(&vocab.token_to_piece(token, true, None)).into_owned()
        };
        let pieces = template
            .to_string()
            .map_err(|e| e.to_string())
            .and_then(|text| {
                chat::pieces(&text, messages, &spelt(vocab.bos()), &spelt(vocab.eos()))
            })
            .map_err(|why| format!("the model's chat template can't be used: {why}"))?;
        Ok(pieces.iter().flat_map(|piece| self.tokenize(&piece.text, piece.special)).collect())
    }
}
