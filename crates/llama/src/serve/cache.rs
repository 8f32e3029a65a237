//! Which sequence holds which tokens: prompts that are computed, or being computed, so that
//! a later prompt that begins alike copies them instead of computing them again.
//!
//! A copy shares the cells of the model's cache; it costs no memory and no time.

use llama_cpp_2::context::LlamaContext;

use super::job::Plan;
use super::probability::Token;

/// Prompts kept after their request has ended.
const KEPT: usize = 12;
/// A prefix shorter than this is not worth waiting for.
const WORTH_WAITING: usize = 32;

/// A prompt in a sequence.
#[derive(Debug)]
struct Entry {
    sequence: i32,
    tokens: Vec<Token>,
    evaluated: usize,
    live: bool,
    cells: usize,
    used: u64,
}

/// Where a job starts.
#[derive(Debug)]
pub(super) struct Start {
    /// The sequence that holds its prompt.
    pub(super) sequence: i32,
    /// How many of its tokens are there already.
    pub(super) held: usize,
}

pub(super) struct Cache {
    entries: Vec<Entry>,
    free: Vec<i32>,
    cells: usize,
    clock: u64,
}

fn common(a: &[Token], b: &[Token]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

impl Cache {
    pub(super) fn new(sequences: usize, cells: usize) -> Self {
        let free = (0..sequences as i32).rev().collect();
        Self { entries: Vec::new(), free, cells, clock: 0 }
    }

    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// Whether a prompt that is being computed will soon share much more with this one than
    /// what is there now.
    pub(super) fn worth_waiting(&self, prompt: &[Token]) -> bool {
        let now = self.longest(prompt).map_or(0, |(_, held)| held);
        self.entries.iter().any(|entry| {
            entry.live
                && entry.evaluated < entry.tokens.len()
                && common(&entry.tokens, prompt) > now + WORTH_WAITING
        })
    }

    fn longest(&self, prompt: &[Token]) -> Option<(usize, usize)> {
        self.entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (index, common(&entry.tokens[..entry.evaluated], prompt)))
            .max_by_key(|(_, held)| *held)
    }

    /// Makes room for a plan and begins its sequence; `None` when there is no room now.
    pub(super) fn begin(&mut self, plan: &Plan, context: &mut LlamaContext<'_>) -> Option<Start> {
        let needed = plan.cells_needed();
        loop {
            let used: usize = self.entries.iter().map(|entry| entry.cells).sum();
            if used + needed <= self.cells && self.free.len() > plan.sequences {
                break;
            }
            self.forget_oldest(&plan.prompt, context)?;
        }
        let sequence = self.free.pop()?;
        let mut held = 0;
        if let Some((index, common)) = self.longest(&plan.prompt) {
            held = common.min(plan.reusable);
            let source = self.entries[index].sequence;
            self.clock += 1;
            self.entries[index].used = self.clock;
            if held > 0 && copy(context, source, sequence, held).is_none() {
                held = 0;
            }
        }
        self.clock += 1;
        self.entries.push(Entry {
            sequence,
            tokens: plan.prompt.clone(),
            evaluated: held,
            live: true,
            cells: needed,
            used: self.clock,
        });
        Some(Start { sequence, held })
    }

    /// Drops the prompt that was not used for longest, but rather one that the new prompt
    /// shares nothing with.
    fn forget_oldest(&mut self, prompt: &[Token], context: &mut LlamaContext<'_>) -> Option<()> {
        let (index, _) =
            self.entries.iter().enumerate().filter(|(_, entry)| !entry.live).min_by_key(
                |(_, entry)| (common(&entry.tokens, prompt) > WORTH_WAITING, entry.used),
            )?;
        let entry = self.entries.swap_remove(index);
        self.clear(entry.sequence, context);
        Some(())
    }

    /// A sequence that continues the first `length` tokens of another.
    pub(super) fn fork(
        &mut self,
        source: i32,
        length: usize,
        context: &mut LlamaContext<'_>,
    ) -> Option<i32> {
        let sequence = self.free.pop()?;
        copy(context, source, sequence, length)?;
        Some(sequence)
    }

    /// Notes how much of a prompt is computed by now.
    pub(super) fn evaluated(&mut self, sequence: i32, position: usize) {
        if let Some(entry) = self.entries.iter_mut().find(|e| e.live && e.sequence == sequence) {
            entry.evaluated = (position + 1).min(entry.tokens.len());
        }
    }

    /// Ends a job's sequences; its prompt stays, cut to its first `keep` tokens.
    pub(super) fn end(
        &mut self,
        main: i32,
        others: &[i32],
        keep: usize,
        context: &mut LlamaContext<'_>,
    ) {
        for sequence in others {
            self.clear(*sequence, context);
        }
        let Some(index) = self.entries.iter().position(|e| e.live && e.sequence == main) else {
            return;
        };
        let mut entry = self.entries.swap_remove(index);
        let keep = keep.min(entry.evaluated);
        let known = self
            .entries
            .iter()
            .any(|other| common(&other.tokens[..other.evaluated], &entry.tokens) >= keep);
        let cut = context.clear_kv_cache_seq(seq(main), Some(keep as u32), None);
        if known || keep < WORTH_WAITING || !matches!(cut, Ok(true)) {
            self.clear(main, context);
            return;
        }
        entry.tokens.truncate(keep);
        entry.evaluated = keep;
        entry.cells = keep;
        entry.live = false;
        self.entries.retain(|other| {
            let covered = !other.live && common(&other.tokens, &entry.tokens) == other.tokens.len();
            if covered {
                self.free.push(other.sequence);
                let _ = context.clear_kv_cache_seq(seq(other.sequence), None, None);
            }
            !covered
        });
        self.entries.push(entry);
        if self.entries.iter().filter(|entry| !entry.live).count() > KEPT {
            self.forget_oldest(&[], context);
        }
    }

    fn clear(&mut self, sequence: i32, context: &mut LlamaContext<'_>) {
        // Removing a whole sequence always succeeds, says llama.cpp.
        let _ = context.clear_kv_cache_seq(seq(sequence), None, None);
        self.free.push(sequence);
    }
}

fn seq(sequence: i32) -> Option<u32> {
    u32::try_from(sequence).ok()
}

fn copy(context: &mut LlamaContext<'_>, from: i32, to: i32, length: usize) -> Option<()> {
    let end = u32::try_from(length).ok()?;
    context.copy_kv_cache_seq(from, to, Some(0), Some(end)).ok()
}
