//! Tests that stand in a policy file: a request, and what the policy should say to it.

use serde::Serialize;
use tenfold_domain::Verdict;

use crate::decision::Decision;
use crate::error::PolicyError;
use crate::policy::Policy;
use crate::raw::RawTest;
use crate::request::{Access, Request, Touch};

/// A test that is in order.
#[derive(Debug, Clone)]
pub(crate) struct TestCase {
    line: usize,
    role: Option<String>,
    request: Request,
    expect: Verdict,
    rule: Option<String>,
}

/// What came of one test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestResult {
    /// Where it stands in its file, from 1.
    pub line: usize,
    /// For which role it asked; none for any.
    pub role: Option<String>,
    /// What it asked.
    pub request: Request,
    /// What it expected.
    pub expect: Verdict,
    /// Which rule it expected to decide; none if it does not matter.
    pub expect_rule: Option<String>,
    /// What the policy says.
    pub decision: Decision,
    /// Whether that is what was expected.
    pub passed: bool,
}

impl TestCase {
    pub(crate) fn new(raw: &RawTest, line: usize) -> Result<Self, PolicyError> {
        let why = |why: String| PolicyError::Line { line, why: format!("this test: {why}") };
        let request = request(raw).map_err(why)?;
        let (role, rule) = (raw.role.clone(), raw.rule.clone());
        Ok(Self { line, role, request, expect: raw.expect, rule })
    }

    pub(crate) fn run(&self, policy: &Policy) -> TestResult {
        let decision = match &self.role {
            Some(role) => policy.clone().for_role(role).decide(&self.request),
            None => policy.decide(&self.request),
        };
        let passed =
            decision.verdict == self.expect && (self.rule.is_none() || self.rule == decision.rule);
        TestResult {
            line: self.line,
            role: self.role.clone(),
            request: self.request.clone(),
            expect: self.expect,
            expect_rule: self.rule.clone(),
            decision,
            passed,
        }
    }
}

fn request(raw: &RawTest) -> Result<Request, String> {
    let path = |path: &Option<String>, access| {
        path.clone().map(|path| Request::Path(Touch { path, access }))
    };
    let host = match &raw.host {
        Some(host) => {
            Some(Request::host(host, raw.method.clone()).map_err(|error| error.to_string())?)
        }
        None if raw.method.is_some() => return Err("a method belongs to a host".to_owned()),
        None => None,
    };
    let tool = |name: String| Request::Tool { name, paths: Vec::new() };
    let mut given = [
        raw.tool.clone().map(tool),
        raw.command.clone().map(|line| Request::Command { line }),
        path(&raw.read, Access::Read),
        path(&raw.write, Access::Write),
        path(&raw.create, Access::Create),
        host,
        raw.cost.map(|amount| Request::Cost { amount: amount.0 }),
    ]
    .into_iter()
    .flatten();
    match (given.next(), given.next()) {
        (Some(request), None) => Ok(request),
        _ => Err("it has to ask one thing: one of tool, command, read, write, create, host, cost"
            .to_owned()),
    }
}
