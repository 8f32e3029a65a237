//! The person's own policy file, as it is edited: read, tried before it is kept, and put in place
//! whole. Nothing that does not read, or fails its own tests, is ever put there.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use similar::{ChangeTag, TextDiff};
use tenfold_domain::{Problem, ProblemKind, hex};
use tenfold_engine::POLICY_FILE;
use tenfold_policy::{Policy, TestResult};
use utoipa::ToSchema;

use crate::task::{Change, FileDiff, Hunk, Line, LineKind};
use crate::{DeskError, House, write_whole};

/// So many lines around each change are shown.
const AROUND: usize = 3;

/// The person's own file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnPolicy {
    /// What it says; empty if there is none.
    pub text: String,
    /// What it is known by, to see whether somebody has changed it meanwhile.
    pub hash: String,
}

/// Another text for the file.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewPolicy {
    /// All of it.
    pub text: String,
    /// What the file is known by that it is made of.
    pub hash: String,
}

/// What would come of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TriedPolicy {
    /// Why it can't be used, with the line; none if it can.
    pub problem: Option<String>,
    /// What its own tests say.
    pub tests: Vec<TestedPolicy>,
    /// What it changes of the file.
    pub diff: FileDiff,
}

/// A test that stands in a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TestedPolicy {
    /// The line on which it begins.
    pub line: usize,
    /// What it asks.
    pub request: String,
    /// What it expects.
    pub expected: String,
    /// What the policy says.
    pub got: String,
    /// Whether that is it.
    pub passed: bool,
}

/// What the person's own file says now.
///
/// # Errors
/// If it can't be read.
pub fn own(house: &House) -> Result<OwnPolicy, DeskError> {
    let path = file(house);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(DeskError::usage(format!("could not read {}: {error}", path.display())));
        }
    };
    Ok(OwnPolicy { hash: hash(&text), text })
}

/// What would come of another text. Nothing is changed.
///
/// # Errors
/// As for [`own`].
pub fn tried(house: &House, text: &str) -> Result<TriedPolicy, DeskError> {
    let (problem, tests) = match Policy::with_own(text.as_bytes()) {
        Ok(policy) => (None, policy.run_tests().iter().map(TestedPolicy::of).collect()),
        Err(why) => (Some(why.to_string()), Vec::new()),
    };
    Ok(TriedPolicy { problem, tests, diff: diff(&own(house)?.text, text) })
}

/// Puts another text in the place of the file, if it reads, its own tests pass, and nobody has
/// changed the file meanwhile. An engine at work goes by it from its next call on.
///
/// # Errors
/// If one of that is not so, or it can't be written: then the file is as it was.
pub fn save(house: &House, new: &NewPolicy) -> Result<OwnPolicy, DeskError> {
    if own(house)?.hash != new.hash {
        let what = "somebody has changed the policy since you began: yours is not saved";
        return Err(Problem::new(ProblemKind::Conflict, what).into());
    }
    let tried = tried(house, &new.text)?;
    if let Some(why) = tried.problem {
        return Err(DeskError::usage(format!("this policy can't be used: {why}"))
            .advise("correct it; docs/policy.md has all that it may say"));
    }
    if let Some(failed) = tried.tests.iter().find(|test| !test.passed) {
        let TestedPolicy { line, request, expected, got, .. } = failed;
        let what = format!("line {line}: {request}: expected {expected}, got {got}");
        return Err(DeskError::usage(what).advise("correct the rules, or the test"));
    }
    // Where the file is a link, what it leads to is changed.
    let path = file(house);
    let path = fs::canonicalize(&path).unwrap_or(path);
    write_whole(&path, &new.text).map_err(|error| {
        let what = format!("could not write {}: {error}", path.display());
        DeskError::from(Problem::new(ProblemKind::Store, what))
    })?;
    own(house)
}

fn file(house: &House) -> PathBuf {
    house.places.config.join(POLICY_FILE)
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn diff(old: &str, new: &str) -> FileDiff {
    let diff = TextDiff::from_lines(old, new);
    let hunks: Vec<Hunk> = diff
        .grouped_ops(AROUND)
        .iter()
        .map(|ops| {
            let lines = ops.iter().flat_map(|op| diff.iter_changes(op)).map(|change| Line {
                kind: match change.tag() {
                    ChangeTag::Equal => LineKind::Same,
                    ChangeTag::Insert => LineKind::Added,
                    ChangeTag::Delete => LineKind::Removed,
                },
                old: change.old_index().map(|index| index as u64 + 1),
                new: change.new_index().map(|index| index as u64 + 1),
                text: change.value().trim_end_matches('\n').to_owned(),
                is_unended: change.missing_newline(),
            });
            let lines: Vec<Line> = lines.collect();
            Hunk {
                old_start: lines.iter().find_map(|line| line.old).unwrap_or(0),
                new_start: lines.iter().find_map(|line| line.new).unwrap_or(0),
                header: String::new(),
                lines,
            }
        })
        .collect();
    let count = |kind| {
        let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
        lines.filter(|line| line.kind == kind).count() as u64
    };
    FileDiff {
        path: POLICY_FILE.to_owned(),
        was: None,
        change: if old.is_empty() { Change::Added } else { Change::Modified },
        added: count(LineKind::Added),
        removed: count(LineKind::Removed),
        binary: false,
        cut: false,
        hunks,
    }
}

impl TestedPolicy {
    fn of(test: &TestResult) -> Self {
        let TestResult { line, role, request, expect, expect_rule, decision, passed } = test;
        let by = |rule: &Option<String>| match rule {
            Some(rule) => format!(" by '{rule}'"),
            None => String::new(),
        };
        let role = role.as_ref().map(|role| format!(" for {role}")).unwrap_or_default();
        Self {
            line: *line,
            request: format!("{request}{role}"),
            expected: format!("{expect}{}", by(expect_rule)),
            got: format!("{}{}: {}", decision.verdict, by(&decision.rule), decision.why),
            passed: *passed,
        }
    }
}
