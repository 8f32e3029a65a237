//! How checks are narrowed: the commands as a shell would run them.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn names(tests: &[&str]) -> Vec<TestName> {
    tests.iter().map(|test| TestName((*test).to_owned())).collect()
}

fn narrowed(command: &str, tests: &[&str]) -> String {
    let runner = Runner::detect(command);
    let narrow = runner.and_then(|runner| runner.narrow(command, &names(tests)));
    narrow.unwrap_or_else(|| "(the whole)".to_owned())
}

fn check(commands: &[&str], tests: &[&str], expected: &Expect) {
    let lines: Vec<String> = commands.iter().map(|command| narrowed(command, tests)).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn runners_are_told_from_their_commands() {
    for (command, runner) in [
        ("pytest", Some(Runner::Pytest)),
        (
            "cd sub && PYTHONPATH=src .venv/bin/python3.11 -W error -m pytest -q",
            Some(Runner::Pytest),
        ),
        ("poetry run pytest tests", Some(Runner::Pytest)),
        ("coverage run -m pytest", Some(Runner::Pytest)),
        ("timeout 60 python -m unittest discover", Some(Runner::Unittest)),
        ("python -m doctest lib/core.py", Some(Runner::Python)),
        ("python run_tests.py", Some(Runner::Python)),
        ("cargo +nightly test --workspace", Some(Runner::Cargo)),
        ("cargo nextest run", Some(Runner::Nextest)),
        ("npx jest", Some(Runner::Jest)),
        ("./node_modules/.bin/vitest run", Some(Runner::Vitest)),
        ("npx mocha", Some(Runner::Mocha)),
        ("node --test", Some(Runner::Node)),
        ("go test ./...", Some(Runner::Go)),
        ("./mvnw -q verify", Some(Runner::Maven)),
        ("./gradlew :core:test", Some(Runner::Gradle)),
        ("python -m build && pytest", Some(Runner::Pytest)),
        ("pytest a && pytest b", None),
        ("cargo test && pytest", None),
        ("pytest | tail", None),
        ("make test", None),
        ("npm test", None),
        ("cargo build", None),
        ("node app.js", None),
        ("", None),
    ] {
        assert_eq!(Runner::detect(command), runner, "{command}");
    }
}

#[test]
fn what_stands_on_lines_of_its_own_stays_there() {
    check(
        &[
            "cd sub\npytest -q",
            "# All of them.\ncd sub # there\nexport A=1;\npytest # quick\n",
            "pytest # quick\ncargo build",
            "pytest # quick\ncargo test",
        ],
        &["a.py::b"],
        &expect![[r#"
            cd sub
             pytest -q --no-header -p no:cacheprovider a.py::b
            # All of them.
            cd sub # there
            export A=1;
             pytest -q --no-header -p no:cacheprovider a.py::b
            (the whole)
            (the whole)"#]],
    );
}

#[test]
fn pytest_runs_node_ids() {
    check(
        &[
            "python -m pytest",
            "cd sub && A=1 pytest -xvs tests -k 'not slow' --maxfail 3 -n 4 --cov=lib 2>&1",
            "pytest -c conf.ini --ignore tests/slow tests/test_a.py --lf",
            "pytest $ARGS",
        ],
        &["tests/test_a.py::TestB::test_c", "tests/test_a.py::test_d[a b-$x]"],
        &expect![[r#"
            python -m pytest -q --no-header -p no:cacheprovider tests/test_a.py::TestB::test_c 'tests/test_a.py::test_d[a b-$x]'
            cd sub && A=1 pytest -s -k 'not slow' -q --no-header -p no:cacheprovider tests/test_a.py::TestB::test_c 'tests/test_a.py::test_d[a b-$x]' 2>&1
            pytest -c conf.ini --ignore tests/slow -q --no-header -p no:cacheprovider tests/test_a.py::TestB::test_c 'tests/test_a.py::test_d[a b-$x]'
            (the whole)"#]],
    );
}

#[test]
fn unittest_runs_dotted_names() {
    check(
        &[
            "python -m unittest",
            "python -m unittest discover -s tests -p 'test_*.py' -v",
            "python -m unittest -v tests.test_a tests.test_b",
        ],
        &["tests.test_a.TestA.test_x"],
        &expect![[r#"
            python -m unittest -k tests.test_a.TestA.test_x
            python -m unittest discover -s tests -p 'test_*.py' -v -k tests.test_a.TestA.test_x
            python -m unittest -v tests.test_a.TestA.test_x"#]],
    );
}

#[test]
fn cargo_runs_exact_paths_in_the_targets_that_have_them() {
    let commands = [
        "cargo test -q --no-fail-fast",
        "cargo test -p a --lib --tests some_filter -- --nocapture b",
    ];
    check(
        &commands,
        &["tests::one", "tests::two"],
        &expect![[r#"
            cargo test -q --no-fail-fast --tests -- --exact tests::one tests::two
            cargo test -p a --no-fail-fast --tests -- --exact --nocapture tests::one tests::two"#]],
    );
    check(
        &["cargo test --lib"],
        &["tests::one"],
        &expect![[r#"cargo test --lib -- --exact tests::one"#]],
    );
    check(
        &commands,
        &["whole whole_even"],
        &expect![[r#"
            cargo test -q --no-fail-fast --test whole -- --exact whole_even
            cargo test -p a --no-fail-fast --test whole -- --exact --nocapture whole_even"#]],
    );
    check(
        &commands,
        &["tests::one", "whole whole_even"],
        &expect![[r#"
            cargo test -q --no-fail-fast --tests -- --exact tests::one whole_even
            cargo test -p a --no-fail-fast --tests -- --exact --nocapture tests::one whole_even"#]],
    );
    check(
        &commands,
        &["src/lib.rs - mean (line 12)"],
        &expect![[r#"
        cargo test -q --doc -- 'src/lib.rs - mean'
        cargo test -p a --doc -- --nocapture 'src/lib.rs - mean'"#]],
    );
    check(
        &commands,
        &["tests::one", "src/lib.rs - mean (line 12)"],
        &expect![[r#"
        cargo test -q -- 'src/lib.rs - mean' tests::one
        cargo test -p a -- --nocapture 'src/lib.rs - mean' tests::one"#]],
    );
    check(
        &["cargo nextest run --workspace --no-fail-fast"],
        &["stats tests::one", "stats::whole whole_even"],
        &expect![
            "cargo nextest run --workspace --no-fail-fast -E '(binary_id(=stats) & test(=tests::one)) | (binary_id(=stats::whole) & test(=whole_even))'"
        ],
    );
}

#[test]
fn javascript_runs_titles() {
    check(
        &["npx jest --coverage", "npx vitest test", "npx vitest run --reporter=verbose"],
        &["test/a.test.js > stats > median (even)", "test/a.test.js > stats > it's"],
        &expect![[r#"
            npx jest test/a.test.js -t '^(stats median \(even\)|stats it'\''s)$'
            npx vitest run test/a.test.js -t '^(stats median \(even\)|stats it'\''s)$'
            npx vitest run test/a.test.js --reporter=verbose -t '^(stats median \(even\)|stats it'\''s)$'"#]],
    );
    check(&["npx jest test"], &["test/a.test.js"], &expect!["npx jest test/a.test.js"]);
    check(
        &["npx mocha -R dot spec", "node --test test/", "node --test"],
        &["stats > median of even"],
        &expect![[r#"
            npx mocha -R dot --grep '^(stats median of even)$' spec
            node --test '--test-name-pattern=median of even$' test/
            node --test '--test-name-pattern=median of even$'"#]],
    );
}

#[test]
fn go_and_java_run_their_tests() {
    check(
        &["go test ./...", "cd sub && go test -v -race -run Foo -count=1 ./..."],
        &["example.com/stats TestMedian/even", "example.com/stats TestBox"],
        &expect![[r#"
            go test -run '^(TestBox|TestMedian)$' example.com/stats
            cd sub && go test -v -race -count=1 -run '^(TestBox|TestMedian)$' example.com/stats"#]],
    );
    check(&["go test ./..."], &["TestMedian"], &expect!["go test -run '^(TestMedian)$' ./..."]);
    check(
        &["mvn -q test", "./gradlew :core:test --info"],
        &["stats.StatsTest#even", "stats.StatsTest#odd", "BoxTest#first"],
        &expect![[r#"
            mvn -q test '-Dtest=BoxTest#first,StatsTest#even+odd' -DfailIfNoTests=false -Dsurefire.failIfNoSpecifiedTests=false
            ./gradlew :core:test --tests stats.StatsTest.even --tests stats.StatsTest.odd --tests '*BoxTest.first' --info"#]],
    );
}

#[test]
fn all_tests_are_run_whatever_fails() {
    let all = |command: &str| {
        let runner = Runner::detect(command).unwrap();
        runner.to_the_end(command).unwrap_or_else(|| "(as it is)".to_owned())
    };
    let lines = [
        all("cargo test -q -- --nocapture"),
        all("cargo test --no-fail-fast"),
        all("cargo nextest run --max-fail=1"),
        all("pytest -xq tests --maxfail 3 -k 'not slow'"),
        all("pytest --maxfail=1 tests"),
        all("pytest -q tests"),
        all("npx jest --bail a.test.js"),
        all("go test -failfast ./..."),
        all("python -m unittest -f a.B"),
        all("mvn -q test"),
        all("node --test"),
    ];
    expect![[r#"
        cargo test --no-fail-fast -q -- --nocapture
        (as it is)
        cargo nextest run --no-fail-fast
        pytest -q tests -k 'not slow'
        pytest tests
        (as it is)
        npx jest a.test.js
        go test ./...
        python -m unittest a.B
        mvn -fae -q test
        (as it is)"#]]
    .assert_eq(&lines.join("\n"));
}

#[test]
fn python_is_traced_without_changing_what_it_runs() {
    let place =
        Place { folder: "/t r", root: "/w", test_seconds: 5, total_seconds: 60, whole: true };
    let traced = |command: &str| {
        let runner = Runner::detect(command)?;
        let traced = runner.traced(command, &names(&["tests/a.py::test_b"]), &place)?;
        assert_eq!(traced.trace, "/t r/tenfold-trace");
        assert!(traced.env.iter().any(|(name, value)| {
            name == "TENFOLD_TRACE" && value.contains("tests/a.py::test_b")
        }));
        Some(format!("{} [{}]", traced.command, traced.files.len()))
    };
    let lines: Vec<String> = [
        "python -m pytest -x -n 4 --cov tests",
        "cd a && PYTHONPATH=src pytest",
        "python -m unittest -v",
        "python run.py",
        "python -I run.py",
        "go test",
    ]
    .map(|command| traced(command).unwrap_or_else(|| "(no)".to_owned()))
    .to_vec();
    expect![[r#"
        python -m pytest -p tenfold_tracer -q --no-header -p no:cacheprovider --tb=short tests [1]
        cd a && PYTHONPATH='/t r':src pytest -p tenfold_tracer -q --no-header -p no:cacheprovider --tb=short [1]
        python -m unittest -v [2]
        python run.py [2]
        (no)
        (no)"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn of_a_long_check_only_the_files_of_the_failing_tests_are_traced() {
    let place =
        Place { folder: "/t", root: "/w", test_seconds: 5, total_seconds: 60, whole: false };
    let traced = |tests: &[&str]| {
        Runner::Pytest.traced("pytest tests", &names(tests), &place).unwrap().command
    };
    let front = "pytest -p tenfold_tracer -q --no-header -p no:cacheprovider --tb=short";
    let of_two = traced(&["tests/b c.py::x", "tests/a.py::T::y", "tests/a.py::z[::]"]);
    assert_eq!(of_two, format!("{front} tests/a.py 'tests/b c.py'"));
    assert_eq!(traced(&["tests/a.py::x", "tests/broken.py"]), format!("{front} tests"));
}

#[test]
fn a_cargo_check_runs_to_its_end_on_sources_with_probes() {
    let place =
        Place { folder: "/w/.t", root: "/w", test_seconds: 5, total_seconds: 60, whole: false };
    let traced = |command: &str| {
        let traced = Runner::detect(command)?.traced(command, &names(&["a"]), &place)?;
        assert!(traced.probes && traced.files.is_empty(), "{command}");
        assert!(traced.env.contains(&("TENFOLD_TRACE".to_owned(), traced.trace.clone())));
        Some(traced.command)
    };
    let lines: Vec<String> = ["cd a && cargo test -q -p b -- --nocapture", "cargo nextest run"]
        .map(|command| traced(command).unwrap())
        .to_vec();
    expect![[r#"
        cd a && cargo test --no-fail-fast -q -p b -- --nocapture
        cargo nextest run --no-fail-fast"#]]
    .assert_eq(&lines.join("\n"));
}

proptest! {
    #[test]
    fn names_can_not_break_out_of_their_words(name in "\\PC{1,12}") {
        for command in ["pytest", "npx jest", "go test ./...", "npx mocha", "node --test"] {
            let narrowed = narrowed(command, &[&name]);
            if narrowed != "(the whole)" {
                let line = shell::parse(&narrowed);
                prop_assert!(line.is_some(), "{}", narrowed);
                let line = line.unwrap();
                prop_assert!(line.front.is_empty());
                prop_assert!(line.words.iter().all(|word| word.value.is_some()));
            }
        }
    }

    #[test]
    fn no_command_panics(command in "(pytest|cargo test|cd |&& |-k |-- |'|\\$|\\PC| ){0,12}") {
        if let Some(runner) = Runner::detect(&command) {
            let _ = runner.narrow(&command, &names(&["a"]));
            let _ = runner.to_the_end(&command);
        }
    }
}
