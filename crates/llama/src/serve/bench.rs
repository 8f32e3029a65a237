//! llama.cpp by itself, without this crate's scheduler: what the scheduler is measured
//! against, on the same model, in the same run.

use std::time::Instant;

use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::token::LlamaToken;

use super::probability::likeliest;
use super::{BATCH_TOKENS, ServeConfig, load};

/// Speeds of one run, in tokens per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speeds {
    /// Sequences that were generated together.
    pub sequences: u32,
    /// Of the prompt, which is computed once.
    pub prompt: f64,
    /// Of the output, all sequences together.
    pub output: f64,
}

/// Measures plain decoding: a prompt of `prompt` tokens computed once and shared by copy,
/// then `output` tokens for each of `sequences`, the likeliest token each time.
///
/// # Errors
/// When the model can't be loaded or fails; for people.
pub fn plain(
    config: &ServeConfig,
    sequences: &[u32],
    prompt: u32,
    output: u32,
) -> Result<Vec<Speeds>, String> {
    let (backend, weights) = load(config)?;
    let mut rows = Vec::new();
    for &count in sequences {
        let mut context = super::context(config, &backend, &weights)?;
        let mut batch = LlamaBatch::new(BATCH_TOKENS, 1);
        // Words of the vocabulary, none of them special: only their number matters.
        let tokens: Vec<i32> = (0..prompt as i32).map(|i| 1_000 + i * 37 % 20_000).collect();
        let began = Instant::now();
        for (chunk_index, chunk) in tokens.chunks(BATCH_TOKENS).enumerate() {
            batch.clear();
            for (index, token) in chunk.iter().enumerate() {
                let position = (chunk_index * BATCH_TOKENS + index) as i32;
                let last = position + 1 == tokens.len() as i32;
                batch.add(LlamaToken(*token), position, &[0], last).map_err(|e| e.to_string())?;
            }
            context.decode(&mut batch).map_err(|e| e.to_string())?;
        }
        let prompt_seconds = began.elapsed().as_secs_f64();
        for sequence in 1..count as i32 {
            context.copy_kv_cache_seq(0, sequence, None, None).map_err(|e| e.to_string())?;
        }
        let last = tokens.len() % BATCH_TOKENS;
        let last = if last == 0 { BATCH_TOKENS } else { last } - 1;
        let mut next =
            vec![likeliest(context.get_logits_ith(last as i32), 0.0, 1)[0].0; count as usize];
        let began = Instant::now();
        for step in 0..output {
            batch.clear();
            for (sequence, token) in next.iter().enumerate() {
                let position = (prompt + step) as i32;
                batch
                    .add(LlamaToken(*token), position, &[sequence as i32], true)
                    .map_err(|e| e.to_string())?;
            }
            context.decode(&mut batch).map_err(|e| e.to_string())?;
            for (sequence, token) in next.iter_mut().enumerate() {
                *token = likeliest(context.get_logits_ith(sequence as i32), 0.0, 1)[0].0;
            }
        }
        let output_seconds = began.elapsed().as_secs_f64();
        rows.push(Speeds {
            sequences: count,
            prompt: f64::from(prompt) / prompt_seconds,
            output: f64::from(count * output) / output_seconds,
        });
    }
    Ok(rows)
}
