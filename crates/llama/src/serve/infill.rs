//! Searching for the likeliest texts between a prefix and a suffix.
//!
//! Sampling wastes most of its draws on the text that stands there already, or on the same
//! few others. This is a best-first search instead, over the tree of all texts: the text
//! that stands there is evaluated first, which gives at each of its tokens the probability
//! of every other; each of these is a branch with a known probability. The likeliest
//! branches are followed, taking the likeliest token each time, and every token passed on
//! the way adds the branches that were not taken. A path that comes back to the text that
//! stands there is not followed further. What comes out are distinct texts, none
//! of them the one that stands there, nearly in the order of their probabilities. (It is
//! "A* with a heuristic of zero" cut short by greedy completion; the branch scores are the
//! exact joint probabilities up to the branch.)

use std::collections::HashSet;

use super::job::{Next, Plan, Work};
use super::model::Model;
use super::probability::{Token, likeliest, normaliser};
use tenfold_domain::{Answer, Infill, Prompt, Sample};

/// Branches noted at each token.
const BRANCHES: usize = 6;
/// Paths that are followed at a time.
const WIDTH: usize = 8;
/// Paths followed for each alternative asked for: some end in the same text as others.
const TRIES: usize = 2;
/// A path that has so many tokens in common with the text that stands there, one after the
/// other, is taken to go on as that does.
const JOINS: usize = 2;
/// Paths join somewhat before or behind the place that they left at, at most so many tokens.
const SHIFT: usize = 4;
/// Branches less likely than this are never followed (natural logarithm).
const LEAST: f64 = -18.0;
/// How much likelier than the model says is a name that is hinted at, once in a text (natural
/// logarithm).
const HINTED: f32 = 3.0;

/// A path through the tree: path 0 is the text that stands there.
struct Path {
    /// Its tokens.
    tokens: Vec<Token>,
    /// The sum of the logarithms up to and with each token.
    logs: Vec<f64>,
    /// How many of its tokens are another path's.
    shared: usize,
    end: bool,
}

/// A branch that has not been followed.
struct Branch {
    path: usize,
    at: usize,
    token: Token,
    log: f64,
}

pub(super) struct Infilling {
    paths: Vec<Path>,
    branches: Vec<Branch>,
    next: Vec<Next>,
    original: Vec<Token>,
    original_log: f64,
    original_text: String,
    /// The tokens with which the names begin that are hinted at.
    hints: HashSet<Token>,
    suffix_line: String,
    found: Vec<Sample>,
    seen: HashSet<String>,
    wanted: usize,
    tries: usize,
    max_tokens: usize,
    max_lines: usize,
    margin: f64,
    original_known: bool,
}

impl Infilling {
    pub(super) fn plan(model: &Model<'_>, ask: &Infill) -> Result<Plan, String> {
        let (prefix, suffix) = (ask.prefix.clone(), ask.suffix.clone());
        let keep = model.tokens(&prefix).len() + 1;
        let prompt = model.prompt(&Prompt::Fill { prefix, suffix })?;
        let original = model.tokens(&ask.original);
        let wanted = ask.alternatives.clamp(1, 32) as usize;
        let tries = wanted * TRIES;
        let max_tokens = ask.max_tokens.max(1) as usize;
        let suffix_line = ask.suffix.lines().map(str::trim).find(|line| line.len() > 3);
        let work = Work::Infill(Self {
            paths: vec![Path { tokens: Vec::new(), logs: Vec::new(), shared: 0, end: false }],
            branches: Vec::new(),
            next: Vec::new(),
            original: original.clone(),
            original_log: 0.0,
            original_text: ask.original.clone(),
            hints: hints(model, &ask.hints),
            suffix_line: suffix_line.unwrap_or_default().to_owned(),
            found: Vec::new(),
            seen: HashSet::from([ask.original.trim_end().to_owned()]),
            wanted,
            tries,
            max_tokens,
            max_lines: ask.max_lines.max(1) as usize,
            margin: ask.margin,
            original_known: false,
        });
        let reusable = prompt.len() - 1;
        let branches = tries * max_tokens;
        Ok(Plan { prompt, following: original, reusable, keep, sequences: tries, branches, work })
    }

    /// Takes the scores of the `at`-th token of a path.
    pub(super) fn take(&mut self, model: &Model<'_>, path: usize, at: usize, scores: &[f32]) {
        let normaliser = normaliser(scores);
        let mut best = likeliest(scores, normaliser, BRANCHES + 1);
        self.hint(path, scores, normaliser, &mut best);
        if path == 0 {
            self.take_original(model, at, scores, normaliser, &best);
        } else {
            self.take_path(model, path, &best);
        }
    }

    /// Raises what is hinted at among what is likeliest, where the path has none of it yet.
    fn hint(&self, path: usize, scores: &[f32], normaliser: f32, best: &mut Vec<(Token, f32)>) {
        let told = |token: &Token| self.hints.contains(token);
        if self.hints.is_empty() || self.paths[path].tokens.iter().any(told) {
            return;
        }
        best.retain(|(token, _)| !told(token));
        best.extend(self.hints.iter().filter_map(|token| {
            let score = scores.get(*token as usize)?;
            Some((*token, score - normaliser + HINTED))
        }));
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        best.truncate(BRANCHES + 1);
    }

    fn take_original(
        &mut self,
        model: &Model<'_>,
        at: usize,
        scores: &[f32],
        normaliser: f32,
        best: &[(Token, f32)],
    ) {
        let sum = self.paths[0].logs.last().copied().unwrap_or(0.0);
        let stands = self.original.get(at).copied();
        for &(token, log) in best {
            let ends = model.ends(token);
            if Some(token) != stands && !(ends && stands.is_none()) {
                self.note(0, at, if ends { model.end() } else { token }, sum + f64::from(log));
            }
        }
        let log = |token: Token| scores.get(token as usize).map_or(f32::MIN, |s| s - normaliser);
        match stands {
            Some(token) => {
                self.paths[0].tokens.push(token);
                self.paths[0].logs.push(sum + f64::from(log(token)));
            }
            None => {
                let end = best.iter().filter(|(token, _)| model.ends(*token)).map(|(_, log)| *log);
                let end = end.fold(log(model.end()), f32::max);
                self.original_log = sum + f64::from(end);
                self.paths[0].end = true;
                self.original_known = true;
            }
        }
    }

    fn take_path(&mut self, model: &Model<'_>, path: usize, best: &[(Token, f32)]) {
        let sum = self.paths[path].logs.last().copied().unwrap_or(0.0);
        let at = self.paths[path].tokens.len();
        for &(token, log) in best.iter().skip(1) {
            let token = if model.ends(token) { model.end() } else { token };
            self.note(path, at, token, sum + f64::from(log));
        }
        let Some(&(token, log)) = best.first() else { return };
        let sum = sum + f64::from(log);
        if model.ends(token) {
            return self.finish(model, path, sum);
        }
        self.paths[path].tokens.push(token);
        self.paths[path].logs.push(sum);
        if let Some(rest) = self.joins(path) {
            return self.go_on(model, path, rest, sum);
        }
        if !self.cut(model, path, sum) {
            self.next.push(Next::Extend { path, token });
        }
    }

    fn note(&mut self, path: usize, at: usize, token: Token, log: f64) {
        if log > LEAST {
            self.branches.push(Branch { path, at, token, log });
        }
    }

    /// Ends a path that is as long as it may be, or that begins to repeat the suffix.
    fn cut(&mut self, model: &Model<'_>, path: usize, sum: f64) -> bool {
        let tokens = &self.paths[path].tokens;
        let text = model.text(tokens);
        if tokens.len() >= self.max_tokens {
            self.paths[path].end = true;
            return true;
        }
        if !text.ends_with('\n') {
            return false;
        }
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.last().copied().unwrap_or_default();
        if !self.suffix_line.is_empty() && last.trim() == self.suffix_line && lines.len() > 1 {
            let kept = text.len() - last.len() - 1;
            let (kept, length) = (text[..kept].to_owned(), tokens.len());
            self.record(kept, sum, length, false);
            self.paths[path].end = true;
            return true;
        }
        if lines.len() >= self.max_lines {
            let length = tokens.len();
            self.record(text, sum, length, false);
            self.paths[path].end = true;
            return true;
        }
        false
    }

    /// From which of its tokens on a path goes on as the text that stands there.
    fn joins(&self, path: usize) -> Option<usize> {
        let path = &self.paths[path];
        let length = path.tokens.len();
        if length <= path.shared + JOINS {
            return None;
        }
        let last = &path.tokens[length - JOINS..];
        let near = length.saturating_sub(SHIFT).max(JOINS)..=length + SHIFT;
        near.filter(|end| self.original.get(end - JOINS..*end) == Some(last))
            .min_by_key(|end| end.abs_diff(length))
    }

    /// Ends a path with the rest of the text that stands there, as likely as it is there.
    fn go_on(&mut self, model: &Model<'_>, path: usize, rest: usize, sum: f64) {
        self.paths[path].end = true;
        let until = rest.checked_sub(1).and_then(|last| self.paths[0].logs.get(last));
        let log_probability = sum + self.original_log - until.copied().unwrap_or(0.0);
        let tokens = [&self.paths[path].tokens, &self.original[rest..]].concat();
        self.record(model.text(&tokens), log_probability, tokens.len(), true);
    }

    fn finish(&mut self, model: &Model<'_>, path: usize, sum: f64) {
        self.paths[path].end = true;
        let tokens = &self.paths[path].tokens;
        let (text, length) = (model.text(tokens), tokens.len());
        self.record(text, sum, length, true);
    }

    fn record(&mut self, mut text: String, log_probability: f64, tokens: usize, ended: bool) {
        // What stands there ends its line; so must what takes its place.
        if self.original_text.ends_with('\n') && !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        if self.seen.insert(text.trim_end().to_owned()) {
            self.found.push(Sample { text, log_probability, tokens: tokens as u32, ended });
        }
    }

    /// Follows the likeliest branches, as long as what comes of one may be among the texts that
    /// are wanted: a step of many paths takes little longer than one of few.
    pub(super) fn next(&mut self, model: &Model<'_>) -> Vec<Next> {
        if !self.original_known {
            return Vec::new();
        }
        let open = self.paths.iter().filter(|path| !path.end).count();
        let mut room = WIDTH.saturating_sub(open).min(self.tries);
        while room > 0 {
            let best = (0..self.branches.len())
                .max_by(|a, b| self.branches[*a].log.total_cmp(&self.branches[*b].log));
            let Some(index) = best else { break };
            let log = self.branches[index].log;
            if log < self.original_log + self.margin || self.likelier(log) >= self.wanted {
                break;
            }
            let branch = self.branches.swap_remove(index);
            if self.follow(model, &branch) {
                room -= 1;
                self.tries -= 1;
            }
        }
        std::mem::take(&mut self.next)
    }

    /// How many texts are known, or may still come of an open path, that are likelier than this.
    fn likelier(&self, log: f64) -> usize {
        let found = self.found.iter().filter(|text| text.log_probability > log).count();
        let sum = |path: &Path| path.logs.last().copied().unwrap_or(0.0);
        let open = self.paths.iter().skip(1).filter(|path| !path.end && sum(path) > log).count();
        found + open
    }

    /// Begins a path with a branch; false if that ended it at once.
    fn follow(&mut self, model: &Model<'_>, branch: &Branch) -> bool {
        let from = &self.paths[branch.path];
        let mut tokens = from.tokens[..branch.at].to_vec();
        let mut logs = from.logs[..branch.at].to_vec();
        if branch.token == model.end() {
            let text = model.text(&tokens);
            self.record(text, branch.log, tokens.len(), true);
            return false;
        }
        tokens.push(branch.token);
        logs.push(branch.log);
        self.paths.push(Path { tokens, logs, shared: branch.at, end: false });
        let path = self.paths.len() - 1;
        if self.cut(model, path, branch.log) {
            self.paths.pop();
            return false;
        }
        self.next.push(Next::Fork { from: branch.path, length: branch.at, token: branch.token });
        true
    }

    pub(super) fn done(&self) -> bool {
        self.original_known && self.next.is_empty() && self.paths.iter().all(|path| path.end)
    }

    pub(super) fn answer(&mut self) -> Answer {
        let mut alternatives = std::mem::take(&mut self.found);
        alternatives.sort_by(|a, b| b.log_probability.total_cmp(&a.log_probability));
        alternatives.truncate(self.wanted);
        Answer::Infilled { original_log_probability: self.original_log, alternatives }
    }
}

/// The first token of each name, where it stands after a blank and where it does not.
fn hints(model: &Model<'_>, names: &[String]) -> HashSet<Token> {
    let forms = names.iter().flat_map(|name| [name.clone(), format!(" {name}")]);
    forms.filter_map(|form| model.tokens(&form).first().copied()).collect()
}
