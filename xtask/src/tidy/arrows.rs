//! Which crate may depend on which, as one table, and what the pure crates may not reach.
//!
//! The table is apart from the rules that read it so that ARCHITECTURE.md and a reviewer can
//! be checked against it at a glance. It says what is allowed, never what is there.

use super::Violation;
use super::house::House;

/// For each crate, the crates of the house that it may depend on. Every crate may also
/// depend on `domain`, and in its tests on `test-support`.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    // Pure.
    ("code", &[]),
    ("agent", &["code"]),
    ("ledger", &[]),
    ("people", &[]),
    ("schedule", &[]),
    ("policy", &[]),
    ("redact", &[]),
    ("forecast", &[]),
    // With effects, each with one kind.
    // Whose turn it is, and what the ledger comes to, goes by the rules of who decides it.
    ("store", &["ledger", "schedule"]),
    ("llama", &[]),
    ("models", &["llama"]),
    // What is told of a call is known where models are.
    ("telemetry", &["models"]),
    ("sandbox", &[]),
    ("workspace", &[]),
    ("tools", &["redact", "sandbox", "workspace"]),
    // Where they meet.
    ("engine", ROOMS),
    ("temporal", &["engine", "agent"]),
    ("gateway", &["models", "ledger", "store"]),
    // What people meet.
    ("api", &[]),
    // Reads need no engine: they go to the rooms that hold what is shown.
    (
        "desk",
        &[
            "engine",
            "api",
            "forecast",
            "ledger",
            "models",
            "people",
            "policy",
            "redact",
            "sandbox",
            "store",
            "workspace",
        ],
    ),
    (
        "cli",
        &[
            "engine",
            "api",
            "desk",
            "forecast",
            "ledger",
            "models",
            "people",
            "policy",
            "redact",
            "sandbox",
            "store",
            "telemetry",
            "workspace",
        ],
    ),
    ("server", &["engine", "api", "desk", "ledger", "models", "people", "store"]),
    ("test-support", &["llama", "models"]),
    ("fuzz", &["api", "code", "forecast", "gateway", "models", "policy", "redact", "tools"]),
];

/// What `engine` brings together.
const ROOMS: &[&str] = &[
    "agent",
    "code",
    "ledger",
    "people",
    "schedule",
    "policy",
    "redact",
    "forecast",
    "store",
    "models",
    "llama",
    "sandbox",
    "workspace",
    "tools",
];

/// `tenfold` is where everything is put together: it may depend on any of them.
const ROOF: &str = "tenfold";

const PURE: &[&str] =
    &["domain", "agent", "code", "ledger", "people", "schedule", "policy", "redact", "forecast"];

/// What would make a pure crate impure: a runtime, a database, a network, a model.
const IMPURE: &[&str] = &[
    "async-std",
    "axum",
    "curl",
    "diesel",
    "hyper",
    "libsqlite3-sys",
    "llama-cpp-2",
    "llama-cpp-sys-2",
    "mio",
    "postgres",
    "reqwest",
    "rusqlite",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "tokio-postgres",
    "tower-http",
    "ureq",
];

const SQL: &[&str] =
    &["diesel", "libsqlite3-sys", "postgres", "rusqlite", "sea-orm", "sqlx", "tokio-postgres"];

/// The short name of one of our own crates: `tenfold-agent` is `agent`.
fn short(package: &str) -> Option<&str> {
    package.strip_prefix("tenfold-")
}

/// No crate depends on one that the table does not allow it.
pub(super) fn between_crates(house: &House) -> Vec<Violation> {
    let mut broken = Vec::new();
    for (package, member) in &house.members {
        let Some(name) = short(package) else { continue };
        let place = format!("crates/{name}/Cargo.toml");
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == name) else {
            broken.push(Violation::new(place, "this crate is not in the table of arrows"));
            continue;
        };
        let may = |dep: &str| dep == "domain" || allowed.contains(&dep);
        for dep in member.direct.iter().filter_map(|dep| short(dep)).filter(|dep| !may(dep)) {
            broken.push(Violation::new(&place, format!("{name} may not depend on {dep}")));
        }
        let in_tests = |dep: &&str| !may(dep) && *dep != "test-support" && *dep != name;
        for dep in member.dev.iter().filter_map(|dep| short(dep)).filter(in_tests) {
            let how = format!("{name} may not depend on {dep}, not even in its tests");
            broken.push(Violation::new(&place, how));
        }
        if member.direct.contains(ROOF) || member.dev.contains(ROOF) {
            broken.push(Violation::new(&place, format!("{name} may not depend on {ROOF}")));
        }
    }
    broken
}

/// The pure crates reach no runtime, no database and no network, however far.
pub(super) fn purity(house: &House) -> Vec<Violation> {
    let mut broken = Vec::new();
    for name in PURE {
        let Some(member) = house.members.get(&format!("tenfold-{name}")) else { continue };
        for dep in IMPURE.iter().filter(|dep| member.reached.contains(**dep)) {
            let how = format!("{name} is pure, and reaches {dep} (cargo tree -i {dep} says how)");
            broken.push(Violation::new(format!("crates/{name}/Cargo.toml"), how));
        }
    }
    broken
}

/// Only `store` names a database library.
pub(super) fn sql_only_in_store(house: &House) -> Vec<Violation> {
    let mut broken = Vec::new();
    for (package, member) in &house.members {
        if package == "tenfold-store" {
            continue;
        }
        let named = member.direct.iter().chain(&member.dev);
        for dep in named.filter(|dep| SQL.contains(&dep.as_str())) {
            broken.push(Violation::new(package, format!("{dep} belongs in store alone")));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_the_wrong_way_is_found() {
        let house = House::of_members(&[
            ("tenfold-domain", &["serde"]),
            ("tenfold-agent", &["tenfold-domain", "tenfold-code"]),
            ("tenfold-store", &["tenfold-domain", "tenfold-engine"]),
            ("tenfold", &["tenfold-cli", "tenfold-engine"]),
        ]);
        let broken = between_crates(&house);
        assert_eq!(
            broken,
            [Violation::new("crates/store/Cargo.toml", "store may not depend on engine")]
        );
    }

    #[test]
    fn tests_may_use_test_support_and_nothing_else_besides() {
        let mut house = House::of_members(&[("tenfold-ledger", &["tenfold-domain"])]);
        let ledger = house.members.get_mut("tenfold-ledger").unwrap();
        ledger.dev = ["tenfold-test-support".to_owned(), "tenfold-store".to_owned()].into();
        let broken = between_crates(&house);
        assert_eq!(broken.len(), 1);
        assert!(broken[0].how.contains("depend on store"));
    }

    #[test]
    fn nobody_stands_on_the_roof_and_every_crate_is_in_the_table() {
        let house =
            House::of_members(&[("tenfold-cli", &["tenfold"]), ("tenfold-cellar", &["serde"])]);
        let broken = between_crates(&house);
        assert_eq!(broken.len(), 2);
        assert!(broken.iter().any(|violation| violation.how.contains("not in the table")));
    }

    #[test]
    fn a_runtime_far_down_below_a_pure_crate_is_found() {
        let mut house = House::of_members(&[("tenfold-agent", &["innocent"])]);
        let agent = house.members.get_mut("tenfold-agent").unwrap();
        agent.reached = ["innocent".to_owned(), "tokio".to_owned()].into();
        assert!(purity(&house)[0].how.contains("reaches tokio"));
    }

    #[test]
    fn a_second_database_is_found_in_tests_too() {
        let mut house = House::of_members(&[
            ("tenfold-store", &["rusqlite"]),
            ("tenfold-engine", &["rusqlite"]),
            ("xtask", &[]),
        ]);
        house.members.get_mut("xtask").unwrap().dev = ["sqlx".to_owned()].into();
        let places: Vec<_> = sql_only_in_store(&house).into_iter().map(|v| v.place).collect();
        assert_eq!(places, ["tenfold-engine", "xtask"]);
    }

    #[test]
    fn every_crate_in_the_table_is_named_once_and_points_at_known_ones() {
        let names: Vec<_> = ARROWS.iter().map(|(name, _)| *name).collect();
        for (i, (name, targets)) in ARROWS.iter().enumerate() {
            assert!(!names[..i].contains(name), "{name} twice");
            assert!(targets.iter().all(|target| names.contains(target)), "{name}");
        }
        assert!(PURE.iter().all(|name| names.contains(name)));
    }
}
