//! The child's end: load the model, take requests, keep every sequence busy in one batch.
//!
//! One thread computes; another reads lines, and counts tokens for who only asks that. Requests are jobs, each a small
//! machine that says which tokens it wants evaluated and takes the probabilities that come
//! back. The loop here fills one batch from all of them, again and again, which is what is
//! called continuous batching (Yu et al., "Orca", OSDI 2022).

pub mod bench;
mod cache;
mod chat;
mod generate;
mod infill;
mod job;
mod model;
mod probability;
mod score;

use std::collections::VecDeque;
use std::io::{BufRead, Write};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError};

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use tenfold_domain::Bytes;

use crate::protocol::{FromChild, ModelInfo, RequestId, ToChild};
use cache::Cache;
use job::{Job, Wanted};
use model::Model;
use tenfold_domain::Ask;

/// Tokens evaluated in one call of the model; bounds how long a cancel can take.
const BATCH_TOKENS: usize = 256;
/// Sequences that may exist at a time, those kept for their prefix included.
const SEQUENCES: u32 = 200;
/// A request that has waited for sequences or cells is tried again when others end.
const MAX_WAITING: usize = 4_096;

/// How to serve a model.
#[derive(Debug, Clone)]
pub struct ServeConfig {
    /// The GGUF file.
    pub model: PathBuf,
    /// Tokens that all sequences together may hold.
    pub context: NonZeroU32,
    /// Threads to compute with.
    pub threads: NonZeroU32,
    /// Where the backends of a portable binary lie.
    pub backends: Option<PathBuf>,
}

/// Serves requests from standard input until it ends. Returns the process's exit code.
pub fn run(config: &ServeConfig) -> u8 {
    match serve(config) {
        Ok(()) => 0,
        Err(why) => {
            say(&FromChild::Unusable { why });
            1
        }
    }
}

/// Writes one line to the engine. If the engine is gone there is no one to tell, and the
/// end of standard input stops the child a moment later.
fn say(line: &FromChild) {
    if let Ok(mut text) = serde_json::to_vec(line) {
        text.push(b'\n');
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(&text).and_then(|()| out.flush());
    }
}

/// Loads the model's weights.
fn load(config: &ServeConfig) -> Result<(LlamaBackend, LlamaModel), String> {
    #[cfg(feature = "portable")]
    if let Some(dir) = &config.backends {
        llama_cpp_2::llama_backend::load_backends_from_path(dir);
    }
    llama_cpp_2::send_logs_to_tracing(llama_cpp_2::LogOptions::default().with_logs_enabled(false));
    let backend =
        LlamaBackend::init().map_err(|e| format!("llama.cpp could not be started: {e}"))?;
    let file = config.model.display();
    let params = LlamaModelParams::default().with_n_gpu_layers(u32::from(u16::MAX));
    let weights = LlamaModel::load_from_file(&backend, &config.model, &params).map_err(|e| {
        format!("the model file {file} can't be loaded ({e}); pull or add the model again")
    })?;
    Ok((backend, weights))
}

/// A context whose sequences share one cache, so that a copy of a prompt costs nothing.
fn context<'m>(
    config: &ServeConfig,
    backend: &LlamaBackend,
    weights: &'m LlamaModel,
) -> Result<LlamaContext<'m>, String> {
    let threads = i32::try_from(config.threads.get()).unwrap_or(1);
    let params = LlamaContextParams::default()
        .with_n_ctx(Some(config.context))
        .with_n_batch(BATCH_TOKENS as u32)
        .with_n_ubatch(BATCH_TOKENS as u32)
        .with_n_seq_max(SEQUENCES)
        .with_kv_unified(true)
        .with_type_k(KvCacheType::F16)
        .with_type_v(KvCacheType::F16)
        .with_n_threads(threads)
        .with_n_threads_batch(threads);
    weights.new_context(backend, params).map_err(|e| {
        format!("no context for {}: {e}; is there enough memory?", config.model.display())
    })
}

fn serve(config: &ServeConfig) -> Result<(), String> {
    let (backend, weights) = load(config)?;
    // They last as long as the process, and both of its threads read them.
    let weights: &'static LlamaModel = Box::leak(Box::new(weights));
    let context = context(config, &backend, weights)?;
    let model: &'static Model<'static> = Box::leak(Box::new(Model::new(weights)));
    say(&FromChild::Ready(info(config, model)));
    let mut server = Server {
        model,
        context,
        cache: Cache::new(SEQUENCES as usize, config.context.get() as usize),
        batch: LlamaBatch::new(BATCH_TOKENS, 1),
        jobs: Vec::new(),
        waiting: VecDeque::new(),
    };
    server.run(&requests(model))
}

fn info(config: &ServeConfig, model: &Model<'_>) -> ModelInfo {
    let cells = u64::from(config.context.get());
    let working = cells * 2 * u64::from(BATCH_TOKENS as u32)
        + BATCH_TOKENS as u64 * model.vocabulary() as u64 * 4;
    ModelInfo {
        name: model.name(),
        weights: model.weights(),
        context: config.context.get(),
        threads: config.threads.get(),
        memory_bound: Bytes(model.file_bytes() + cells * model.cell_bytes() + working),
        chat: model.has_chat(),
        infill: model.fill_tokens().is_some(),
    }
}

/// A thread of its own reads lines, so that a cancel is seen while the model computes, and tokens
/// are counted.
fn requests(model: &'static Model<'static>) -> Receiver<ToChild> {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            match serde_json::from_str(&line) {
                Ok(ToChild::Count { id, ask }) => say(&match job::plan(model, &ask) {
                    Ok(plan) => FromChild::Counted { id, tokens: plan.tokens_read() },
                    Err(why) => FromChild::Refused { id, why },
                }),
                Ok(request) => {
                    if send.send(request).is_err() {
                        break;
                    }
                }
                Err(e) => tracing::warn!("a line that is no request was left out: {e}"),
            }
        }
    });
    receive
}

struct Server<'m> {
    model: &'m Model<'m>,
    context: LlamaContext<'m>,
    cache: Cache,
    batch: LlamaBatch<'m>,
    jobs: Vec<Job>,
    waiting: VecDeque<Request>,
}

/// A request that has yet to begin.
struct Request {
    id: RequestId,
    ask: Ask,
    in_pieces: bool,
}

impl Server<'_> {
    fn run(&mut self, requests: &Receiver<ToChild>) -> Result<(), String> {
        loop {
            loop {
                let idle = self.jobs.is_empty() && self.waiting.is_empty();
                let next = if idle {
                    requests.recv().map_err(|_| TryRecvError::Disconnected)
                } else {
                    requests.try_recv()
                };
                match next {
                    Ok(request) => self.take(request),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
            self.admit();
            self.step()?;
            self.finish();
        }
    }

    fn take(&mut self, request: ToChild) {
        match request {
            ToChild::Ask { id, ask, in_pieces } if self.waiting.len() < MAX_WAITING => {
                self.waiting.push_back(Request { id, ask, in_pieces });
            }
            // The thread that reads has answered it.
            ToChild::Count { .. } => {}
            ToChild::Ask { id, .. } => {
                let why = format!("{MAX_WAITING} requests wait already; ask again later");
                say(&FromChild::Refused { id, why });
            }
            ToChild::Cancel { id } => {
                self.waiting.retain(|waiting| waiting.id != id);
                let (gone, kept) =
                    std::mem::take(&mut self.jobs).into_iter().partition(|job: &Job| job.id == id);
                self.jobs = kept;
                for job in &gone {
                    self.release(job);
                }
            }
        }
    }

    /// Starts waiting requests, in order, as long as there is room. One whose prompt begins
    /// like a prompt that is being computed waits for it, so that no prefix is paid twice.
    fn admit(&mut self) {
        let mut later = VecDeque::new();
        while let Some(request) = self.waiting.pop_front() {
            let id = request.id;
            let plan = match job::plan(self.model, &request.ask) {
                Ok(plan) => plan,
                Err(why) => {
                    say(&FromChild::Refused { id, why });
                    continue;
                }
            };
            if plan.cells_needed() > self.cache.cells() {
                let why = format!(
                    "the request needs {} tokens at a time, the model was started with {}",
                    plan.cells_needed(),
                    self.cache.cells()
                );
                say(&FromChild::Refused { id, why });
            } else if self.cache.worth_waiting(&plan.prompt) {
                later.push_back(request);
            } else if let Some(start) = self.cache.begin(&plan, &mut self.context) {
                self.jobs.push(Job::start((id, request.in_pieces), plan, start));
            } else {
                later.push_back(request);
                break;
            }
        }
        later.append(&mut self.waiting);
        self.waiting = later;
    }

    /// Evaluates one batch, filled from all jobs: those that generate first, since each
    /// needs but one token a sequence, then prompts.
    fn step(&mut self) -> Result<(), String> {
        self.batch.clear();
        let mut asked: Vec<(usize, Wanted)> = Vec::new();
        for prompts in [false, true] {
            for (index, job) in self.jobs.iter_mut().enumerate() {
                if job.in_prompt() != prompts {
                    continue;
                }
                let room = BATCH_TOKENS - asked.len();
                for wanted in job.wants(room) {
                    let position = wanted.position as i32;
                    self.batch
                        .add(
                            LlamaToken(wanted.token),
                            position,
                            &[wanted.sequence],
                            wanted.probabilities,
                        )
                        .map_err(|e| format!("the batch is full: {e}"))?;
                    asked.push((index, wanted));
                }
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        if let Err(e) = self.context.decode(&mut self.batch) {
            return self.give_up_on_largest(&e.to_string());
        }
        for (place, (index, wanted)) in asked.into_iter().enumerate() {
            let job = &mut self.jobs[index];
            if wanted.path == 0 {
                self.cache.evaluated(wanted.sequence, wanted.position);
            }
            if wanted.probabilities {
                let logits = self.context.get_logits_ith(place as i32);
                job.take(self.model, &wanted, logits);
            }
        }
        for job in &mut self.jobs {
            job.branch(self.model, &mut self.cache, &mut self.context);
        }
        Ok(())
    }

    /// The cache was full although room was counted: the job that holds most is refused, and
    /// the others go on.
    fn give_up_on_largest(&mut self, why: &str) -> Result<(), String> {
        let largest = (0..self.jobs.len()).max_by_key(|index| self.jobs[*index].held());
        let Some(index) = largest else {
            return Err(format!("the model failed: {why}"));
        };
        let job = self.jobs.swap_remove(index);
        say(&FromChild::Refused { id: job.id, why: format!("the model failed: {why}") });
        self.release(&job);
        Ok(())
    }

    fn finish(&mut self) {
        let mut index = 0;
        while index < self.jobs.len() {
            if !self.jobs[index].done() {
                if let Some(written) = self.jobs[index].progress() {
                    say(&FromChild::Progress { id: self.jobs[index].id, written });
                }
                index += 1;
                continue;
            }
            let mut job = self.jobs.remove(index);
            let answer = job.answer();
            say(&FromChild::Answer { id: job.id, answer, usage: job.usage });
            self.release(&job);
        }
    }

    /// Ends a job; its prompt stays in the cache for the next that begins like it.
    fn release(&mut self, job: &Job) {
        let others = job.other_sequences();
        self.cache.end(job.main_sequence(), &others, job.keep(), &mut self.context);
    }
}
