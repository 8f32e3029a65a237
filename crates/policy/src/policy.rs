//! The policy: the built-in rules with a person's own laid over them, and how they decide.

use std::collections::HashSet;
use std::fmt::Write;

use serde::Serialize;
use tenfold_domain::Verdict;

use crate::decision::{Decision, Matched, Unattended, kept};
use crate::error::PolicyError;
use crate::raw::{self, RawDefaults, RawPolicy, VERSION};
use crate::request::{Request, Subject, Thing};
use crate::rule::Rule;
use crate::test_case::{TestCase, TestResult};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 256 * 1024;
/// The most rules in one file.
pub const MAX_RULES: usize = 500;
/// The most tests in one file.
pub const MAX_TESTS: usize = 1_000;
/// The most patterns in one list of a rule.
pub const MAX_PATTERNS: usize = 200;
/// The longest pattern, in bytes.
pub(crate) const MAX_PATTERN_BYTES: usize = 500;

const BUILT_IN: &str = include_str!("built_in.toml");

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It ships with Tenfold.
    BuiltIn,
    /// It stands in the person's file.
    Own,
}

/// What holds where no rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Defaults {
    /// Of calling a tool.
    pub tool: Verdict,
    /// Of each part of a command.
    pub command: Verdict,
    /// Of reading a path.
    pub read: Verdict,
    /// Of changing a path, and of making it.
    pub write: Verdict,
    /// Of speaking to a host.
    pub host: Verdict,
    /// Of spending on one call.
    pub cost: Verdict,
}

impl Defaults {
    fn of(&self, subject: Subject) -> Verdict {
        match subject {
            Subject::Tool => self.tool,
            Subject::Command => self.command,
            Subject::Read => self.read,
            Subject::Write | Subject::Create => self.write,
            Subject::Host => self.host,
            Subject::Cost => self.cost,
        }
    }

    /// Of two, those that are given, and else the other's.
    fn overlaid(self, own: RawDefaults) -> Self {
        Self {
            tool: own.tool.unwrap_or(self.tool),
            command: own.command.unwrap_or(self.command),
            read: own.read.unwrap_or(self.read),
            write: own.write.unwrap_or(self.write),
            host: own.host.unwrap_or(self.host),
            cost: own.cost.unwrap_or(self.cost),
        }
    }
}

/// What may be done, what needs a word from a person, and what may not.
#[derive(Debug, Clone)]
pub struct Policy {
    unattended: Unattended,
    defaults: Defaults,
    pub(crate) rules: Vec<Rule>,
    tests: Vec<TestCase>,
    role: Option<String>,
    accept_unseen_over: Option<f64>,
}

impl Policy {
    /// The one that ships with Tenfold.
    pub fn built_in() -> Self {
        // Whatever it does not say is denied, but a test holds that it says everything.
        let nothing = Verdict::Deny;
        let nothing = Defaults {
            tool: nothing,
            command: nothing,
            read: nothing,
            write: nothing,
            host: nothing,
            cost: nothing,
        };
        let empty = Self {
            unattended: Unattended::Deny,
            defaults: nothing,
            rules: Vec::new(),
            tests: Vec::new(),
            role: None,
            accept_unseen_over: None,
        };
        empty.overlaid(BUILT_IN, Origin::BuiltIn).expect("a test reads the built-in policy")
    }

    /// The built-in one with a person's file laid over it. What the file says of defaults
    /// holds; its rules are added, and one with the name of a built-in rule replaces that one.
    /// Its tests replace the built-in ones.
    ///
    /// # Errors
    /// [`PolicyError`] says which line is wrong and what to write there.
    pub fn with_own(file: &[u8]) -> Result<Self, PolicyError> {
        Self::built_in().overlaid(raw::text(file)?, Origin::Own)
    }

    fn overlaid(mut self, text: &str, origin: Origin) -> Result<Self, PolicyError> {
        let RawPolicy { unattended, accept_unseen_over, default, rule, test, .. } =
            raw::read(text)?;
        if let Some(over) = accept_unseen_over {
            let line = raw::line_of(text, over.span().start);
            if !(0.5..1.0).contains(over.get_ref()) {
                let why =
                    "accept-unseen-over is a share from 0.5 to below 1, as in 0.98".to_owned();
                return Err(PolicyError::Line { line, why });
            }
            self.accept_unseen_over = Some(over.into_inner());
        }
        self.unattended = unattended.unwrap_or(self.unattended);
        self.defaults = self.defaults.overlaid(default);
        let mut names = HashSet::new();
        for spanned in &rule {
            let line = raw::line_of(text, spanned.span().start);
            let said = |why| PolicyError::Line { line, why };
            let rule = Rule::new(spanned.get_ref(), origin).map_err(said)?;
            if !names.insert(rule.raw.name.clone()) {
                let why = format!("a second rule '{}'; give it another name", rule.raw.name);
                return Err(said(why));
            }
            match self.rules.iter_mut().find(|known| known.raw.name == rule.raw.name) {
                Some(replaced) => *replaced = rule,
                None => self.rules.push(rule),
            }
        }
        let case = |test: &toml::Spanned<_>| {
            TestCase::new(test.get_ref(), raw::line_of(text, test.span().start))
        };
        self.tests = test.iter().map(case).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// The policy for a coworker of this role: rules for other roles do not count, those for
    /// this one do. Without it, no rule that is for certain roles counts.
    #[must_use]
    pub fn for_role(self, role: &str) -> Self {
        Self { role: Some(role.to_owned()), ..self }
    }

    /// Over which lower 95 % bound of being right, by the track record, work whose check passed is
    /// accepted though no person has seen it; `None`, unless the person says otherwise: never.
    pub fn accept_unseen_over(&self) -> Option<f64> {
        self.accept_unseen_over
    }

    /// What an [`Verdict::Ask`] becomes where nobody can be asked.
    pub fn unattended(&self) -> Unattended {
        self.unattended
    }

    /// May this be done?
    ///
    /// A request is about one or more things: each path that a tool touches, each part of a
    /// command. Each is decided by the strictest rule that matches it, or else by the default,
    /// and the strictest of these decisions is the answer.
    pub fn decide(&self, request: &Request) -> Decision {
        let decided = Thing::all_of(request).into_iter().map(|thing| self.decide_on(&thing));
        decided.reduce(Decision::and).expect("a request is about something")
    }

    fn decide_on(&self, thing: &Thing) -> Decision {
        let on = kept(&thing.to_string());
        let rules: Vec<&Rule> = self.in_force().filter(|rule| rule.matches(thing)).collect();
        let matched = |rule: &&Rule| Matched {
            rule: rule.raw.name.clone(),
            verdict: rule.raw.decide,
            on: on.clone(),
        };
        let matched: Vec<Matched> = rules.iter().map(matched).collect();
        // Of equally strict ones the first.
        let strictest = rules.iter().rev().max_by_key(|rule| rule.raw.decide);
        let Some(rule) = strictest else {
            let subject = thing.subject();
            let verdict = self.defaults.of(subject);
            let why = format!("no rule is about it; the default for {subject} is {verdict}");
            return Decision { verdict, rule: None, on, why, matched };
        };
        let why = match rule.raw.why.trim() {
            "" => format!("the rule '{}' says so", rule.raw.name),
            why => why.to_owned(),
        };
        Decision { verdict: rule.raw.decide, rule: Some(rule.raw.name.clone()), on, why, matched }
    }

    pub(crate) fn default_for_hosts(&self) -> Verdict {
        self.defaults.host
    }

    pub(crate) fn in_force(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(|rule| rule.is_for(self.role.as_deref()))
    }

    /// Runs the tests of the person's file, or the built-in ones if there is no such file.
    pub fn run_tests(&self) -> Vec<TestResult> {
        self.tests.iter().map(|test| test.run(self)).collect()
    }

    /// The whole policy as a file that says the same, with where each rule comes from.
    pub fn to_toml(&self) -> String {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Head {
            version: i64,
            unattended: Unattended,
            #[serde(skip_serializing_if = "Option::is_none")]
            accept_unseen_over: Option<f64>,
            default: Defaults,
        }
        let Self { unattended, accept_unseen_over, defaults: default, .. } = *self;
        let head = Head { version: VERSION, unattended, accept_unseen_over, default };
        let mut text = toml::to_string(&head).expect("plain words can be written");
        for rule in self.in_force() {
            let origin = match rule.origin {
                Origin::BuiltIn => "built in",
                Origin::Own => "yours",
            };
            let rule = toml::to_string(&rule.raw).expect("plain words can be written");
            let _ = write!(text, "\n[[rule]]  # {origin}\n{rule}");
        }
        text
    }
}

/// As the file, with the origin of each rule and without its tests.
impl Serialize for Policy {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "kebab-case")]
        struct Shown<'a> {
            version: i64,
            unattended: Unattended,
            #[serde(skip_serializing_if = "Option::is_none")]
            accept_unseen_over: Option<f64>,
            default: Defaults,
            rules: Vec<ShownRule<'a>>,
        }
        #[derive(Serialize)]
        struct ShownRule<'a> {
            origin: Origin,
            #[serde(flatten)]
            rule: &'a raw::RawRule,
        }
        let rules = self.in_force().map(|rule| ShownRule { origin: rule.origin, rule: &rule.raw });
        let rules = rules.collect();
        let Self { unattended, accept_unseen_over, defaults: default, .. } = *self;
        Shown { version: VERSION, unattended, accept_unseen_over, default, rules }.serialize(to)
    }
}

#[cfg(test)]
mod tests;
