//! What the built-in policy says of a line of shell, of a path, and of a host.

use std::sync::LazyLock;

use tenfold_policy::{Access, Policy, Request, Touch};

use crate::input;

static POLICY: LazyLock<Policy> = LazyLock::new(Policy::built_in);

/// A decision names its rule among those that matched, and the strictest of these; and what is
/// said on two lines is judged no more mildly than the first of them alone.
pub(super) fn run(bytes: &[u8]) {
    let [line, path, host] = input::texts(bytes);
    let twice = Request::Command { line: format!("true\n{line}") };
    let alone = Request::Command { line };
    assert!(POLICY.decide(&twice).verdict >= POLICY.decide(&alone).verdict, "{alone}");
    let mut requests = vec![alone, twice];
    for access in [Access::Read, Access::Write, Access::Create] {
        requests.push(Request::Path(Touch { path: path.clone(), access }));
    }
    if let Ok(request) = Request::host(&host, None) {
        let again = request.to_string();
        assert!(again.starts_with("host "), "{again}");
        requests.push(request);
    }
    for request in requests {
        let decision = POLICY.decide(&request);
        assert_eq!(decision, POLICY.decide(&request));
        assert!(!decision.why.is_empty());
        if let Some(rule) = &decision.rule {
            let of_rule = |matched: &tenfold_policy::Matched| matched.rule == *rule;
            assert!(decision.matched.iter().any(of_rule), "{decision:?}");
        }
        let strictest = decision.matched.iter().map(|matched| matched.verdict).max();
        assert!(strictest.is_none_or(|strictest| strictest <= decision.verdict), "{decision:?}");
    }
}
