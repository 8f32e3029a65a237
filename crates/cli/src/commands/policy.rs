//! `tenfold policy`: what coworkers may do, why, and whether the tests of that pass.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use tenfold_domain::NanoUsd;
use tenfold_policy::{
    Access, Decision, HostTerms, Policy, Request, TestResult, Touch, Unattended, Verdict,
};

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::report::field;
use crate::terminal::{self, BOLD, GREEN, RED, YELLOW, one_line, styled, visible};
use crate::trouble::Trouble;

/// Show, ask and test what coworkers may do
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Show the policy that holds: the built-in one with yours laid over it
    Show(ShowArgs),
    /// Ask the policy about one thing, and why it decides so
    Check(Box<CheckArgs>),
    /// Run the tests that stand in a policy
    Test(TestArgs),
}

/// Which policy.
#[derive(Debug, Args)]
struct Source {
    /// Your policy; `policy.toml` in Tenfold's configuration folder, if not given
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// As it is for a coworker of this role
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
}

#[derive(Debug, Args)]
struct ShowArgs {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
#[group(id = "request", required = true, multiple = true, args = [
    "tool", "command", "read", "write", "create", "host", "cost",
])]
struct CheckArgs {
    /// Calling this tool
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Running this line of shell
    #[arg(long, value_name = "LINE", allow_hyphen_values = true)]
    command: Option<String>,
    /// Reading this path, from the top of the workspace; repeatable
    #[arg(long, value_name = "PATH")]
    read: Vec<String>,
    /// Changing this path, which is there; repeatable
    #[arg(long, value_name = "PATH")]
    write: Vec<String>,
    /// Making this path, which is not there; repeatable
    #[arg(long, value_name = "PATH")]
    create: Vec<String>,
    /// Speaking to this host
    #[arg(long, value_name = "HOST[:PORT]")]
    host: Option<String>,
    /// By this HTTP method
    #[arg(long, requires = "host")]
    method: Option<String>,
    /// Spending this much on one call
    #[arg(long, value_name = "DOLLARS")]
    cost: Option<NanoUsd>,
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Args)]
struct TestArgs {
    /// The policy; your own, or else the built-in one, if not given
    file: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct CheckJson {
    requests: Vec<Request>,
    #[serde(flatten)]
    decision: Decision,
    unattended: Unattended,
    /// How the host is spoken to, if that is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<HostTerms>,
}

#[derive(Debug, Serialize)]
struct TestJson {
    /// None for the built-in policy.
    file: Option<String>,
    passed: usize,
    failed: usize,
    tests: Vec<TestResult>,
}

/// Performs the command.
pub(crate) fn run(context: &Context, args: PolicyArgs) -> Result<Exit, Trouble> {
    match args.command {
        PolicyCommand::Show(args) => show(context, &args),
        PolicyCommand::Check(args) => check(context, &args),
        PolicyCommand::Test(args) => test(context, &args),
    }
}

fn show(context: &Context, args: &ShowArgs) -> Result<Exit, Trouble> {
    let policy = for_role(context, &args.source)?;
    if args.format.json {
        terminal::print_json(&policy)?;
    } else {
        let network = match policy.allows_hosts() {
            true => "# Commands speak to the hosts that it allows, through the broker.",
            false => "# Commands have no network: no host is allowed.",
        };
        terminal::print(&format!("{network}\n\n{}", visible(&policy.to_toml())))?;
    }
    Ok(Exit::Done)
}

fn check(context: &Context, args: &CheckArgs) -> Result<Exit, Trouble> {
    let requests = requests(args)?;
    let policy = for_role(context, &args.source)?;
    let decided = requests.iter().map(|request| policy.decide(request)).reduce(Decision::and);
    let mut decision = decided.ok_or_else(|| Trouble::usage("there is nothing to ask about"))?;
    let mut terms = None;
    for request in &requests {
        if let Request::Host { name, port: Some(port), method } = request {
            let (decided, how) = policy.decide_host(name, *port, method.as_deref());
            (decision, terms) = (decision.and(decided), Some(how));
        }
    }
    let unattended = policy.unattended();
    if args.format.json {
        terminal::print_json(&CheckJson { requests, decision, unattended, terms })?;
    } else {
        terminal::print(&answer(&decision, unattended, terms.as_ref()))?;
    }
    Ok(Exit::Done)
}

fn requests(args: &CheckArgs) -> Result<Vec<Request>, Trouble> {
    let touch = |paths: &[String], access| {
        let touches = paths.iter().map(|path| Touch { path: path.clone(), access });
        touches.collect::<Vec<_>>()
    };
    let paths = [
        touch(&args.read, Access::Read),
        touch(&args.write, Access::Write),
        touch(&args.create, Access::Create),
    ]
    .concat();
    let mut requests = match &args.tool {
        Some(name) => vec![Request::Tool { name: name.clone(), paths }],
        None => paths.into_iter().map(Request::Path).collect(),
    };
    requests.extend(args.command.clone().map(|line| Request::Command { line }));
    if let Some(host) = &args.host {
        let request = Request::host(host, args.method.clone());
        requests.push(request.map_err(|error| Trouble::usage(error.to_string()))?);
    }
    requests.extend(args.cost.map(|amount| Request::Cost { amount }));
    Ok(requests)
}

/// An answer as people read it.
fn answer(decision: &Decision, unattended: Unattended, terms: Option<&HostTerms>) -> String {
    let style = match decision.verdict {
        Verdict::Allow => GREEN,
        Verdict::Ask => YELLOW,
        Verdict::Deny => RED,
    };
    let verdict = styled(style, decision.verdict);
    let mut text = format!("{verdict}: {}\n", visible(&decision.why));
    field(&mut text, "rule", &one_line(decision.rule.as_deref().unwrap_or("none"), 80));
    field(&mut text, "on", &one_line(&decision.on, 200));
    if decision.verdict == Verdict::Ask {
        let else_what = match unattended {
            Unattended::Deny => "denied, where nobody can be asked",
            Unattended::Park => "parked, where nobody can be asked",
        };
        field(&mut text, "else", else_what);
    }
    if decision.verdict == Verdict::Allow
        && let Some(HostTerms { tls: Some(port), credential }) = terms
    {
        field(&mut text, "sent", &format!("encrypted by the broker, to port {port}"));
        let credential = credential.as_ref().map(ToString::to_string).unwrap_or_default();
        field(&mut text, "with", &visible(&credential));
    }
    let matched = decision.matched.iter().map(|matched| {
        let (rule, on) = (one_line(&matched.rule, 80), one_line(&matched.on, 200));
        format!("{}: {} on {on}", styled(BOLD, rule), matched.verdict)
    });
    field(&mut text, "matched", &matched.collect::<Vec<_>>().join("\n"));
    text
}

fn test(context: &Context, args: &TestArgs) -> Result<Exit, Trouble> {
    let (policy, file) = context.house.policy_of(args.file.as_deref())?;
    let tests = policy.run_tests();
    let failed = tests.iter().filter(|test| !test.passed).count();
    let passed = tests.len() - failed;
    let file = file.map(|file| file.to_string_lossy().into_owned());
    let exit = if failed == 0 { Exit::Done } else { Exit::PolicyTest };
    if args.format.json {
        terminal::print_json(&TestJson { file, passed, failed, tests })?;
        return Ok(exit);
    }
    let name = one_line(file.as_deref().unwrap_or("the built-in policy"), 200);
    let failures = tests.iter().filter(|test| !test.passed);
    let mut text: String = failures.map(|test| failure(&name, test)).collect();
    text += &match (passed, failed) {
        (0, 0) => format!("{name} has no tests: add some as [[test]]"),
        (passed, 0) => format!("{name}: {}, all passed", tests_of(passed)),
        (_, failed) => format!("{name}: {failed} of {} failed", tests_of(tests.len())),
    };
    terminal::print(&text)?;
    Ok(exit)
}

fn failure(file: &str, test: &TestResult) -> String {
    let decision = &test.decision;
    let by = |rule: Option<&str>| match rule {
        Some(rule) => format!(" by '{}'", one_line(rule, 80)),
        None => String::new(),
    };
    let role = test.role.as_ref().map(|role| format!(" for {role}")).unwrap_or_default();
    let request = format!("{}{role}", test.request);
    format!(
        "{file}:{}: {}: expected {}{}, got {}{}: {}\n",
        test.line,
        one_line(&request, 120),
        test.expect,
        by(test.expect_rule.as_deref()),
        styled(RED, decision.verdict),
        by(decision.rule.as_deref()),
        one_line(&decision.why, 200)
    )
}

fn tests_of(count: usize) -> String {
    if count == 1 { "1 test".to_owned() } else { format!("{count} tests") }
}

fn for_role(context: &Context, source: &Source) -> Result<Policy, Trouble> {
    let (policy, _) = context.house.policy_of(source.policy.as_deref())?;
    Ok(match &source.role {
        Some(role) => policy.for_role(role),
        None => policy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_who_decided_and_what_comes_of_it_where_nobody_is() {
        let policy = Policy::built_in();
        let request =
            Request::Path(Touch { path: ".env\x1b[2J".to_owned(), access: Access::Create });
        let text = answer(&policy.decide(&request), Unattended::Park, None);
        assert!(text.contains("allow") && text.contains("none") && !text.contains("parked"));
        assert!(text.contains(".env␛[2J"), "{text:?}");
        let request = Request::Path(Touch { path: ".env".to_owned(), access: Access::Create });
        let text = answer(&policy.decide(&request), Unattended::Park, None);
        assert!(text.contains("environment") && text.contains("parked"), "{text}");
    }
}
