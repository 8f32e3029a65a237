//! What is read of the output of runners. The files in `outputs/` were written by the runners
//! that they are named after (those of Go, surefire and Gradle are after their formats), with
//! the folders shortened.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn shown(failure: &Failure) -> String {
    let mut text = format!("passed {:?}, failed {:?}\n", failure.passed, failure.failed);
    let trace = |frames: &[Frame]| {
        let frames = frames.iter().map(|frame| {
            let function = frame.function.as_deref().map_or(String::new(), |f| format!(" {f}"));
            format!("{}:{}{function}", frame.path, frame.line)
        });
        frames.collect::<Vec<_>>().join(" → ")
    };
    let first = |message: &str| message.lines().next().unwrap_or("").to_owned();
    for test in &failure.tests {
        writeln!(text, "{}\n    {}", test.name, first(&test.message)).unwrap();
        writeln!(text, "    [{}]", trace(&test.frames)).unwrap();
        if let Some((expected, actual)) = &test.expected_actual {
            writeln!(text, "    expected {expected:?}, was {actual:?}").unwrap();
        }
    }
    for problem in &failure.problems {
        writeln!(text, "! {}\n    [{}]", first(&problem.message), trace(&problem.frames)).unwrap();
    }
    if !failure.missing.is_empty() {
        let told = failure.missing.iter().map(|missing| match missing.kind {
            MissingKind::Name => missing.name.clone(),
            MissingKind::Attribute => format!("attribute {}", missing.name),
            MissingKind::Local => format!("local {}", missing.name),
            MissingKind::Module => format!("module {}", missing.name),
        });
        writeln!(text, "missing {}", told.collect::<Vec<_>>().join(", ")).unwrap();
    }
    if let Some(trouble) = &failure.trouble {
        writeln!(text, "trouble {:?}: {}", trouble.kind, trouble.what).unwrap();
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn check(output: &str, expected: &Expect) {
    expected.assert_eq(&shown(&read(output, Some(1))));
}

macro_rules! outputs {
    ($($name:ident: $file:literal, $expected:expr;)+) => {
        $(#[test]
        fn $name() {
            check(include_str!(concat!("outputs/", $file, ".txt")), &$expected);
        })+
    };
}

outputs! {
    cargo: "cargo", expect![[r#"
        passed Some(1), failed Some(5)
        tests::laters
            not yet implemented
            [src/lib.rs:50 stats::tests::laters → src/lib.rs:26 stats::later]
        tests::panics
            test did not panic as expected
            [src/lib.rs:60]
        tests::picks
            index out of bounds: the len is 1 but the index is 1
            [src/lib.rs:45 stats::tests::picks → src/lib.rs:6 stats::order::pick]
        tests::median_even
            assertion `left == right` failed: even 2
            [src/lib.rs:40 stats::tests::median_even]
            expected "1.5", was "2.0"
        tests::returns_err
            Error: "bad"
            []"#]];
    cargo_err: "cargo-err", expect![[r#"
        passed None, failed None
        ! unresolved import `nothere`
            [src/lib.rs:65]
        ! cannot find value `missing_var` in this scope
            [src/lib.rs:66]
        ! mismatched types
            [src/lib.rs:63]
        ! cannot find function `unknown` in this scope
            [src/lib.rs:64]
        missing nothere, missing_var, unknown"#]];
    cargo_err_short: "cargo-err-short", expect![[r#"
        passed None, failed None
        ! unresolved import `nothere`: use of unresolved module or unlinked crate `nothere`
            [src/lib.rs:65]
        ! cannot find value `missing_var` in this scope: not found in this scope
            [src/lib.rs:66]
        ! mismatched types: expected `u32`, found `&str`
            [src/lib.rs:63]
        ! cannot find function `unknown` in this scope: not found in this scope
            [src/lib.rs:64]
        missing nothere, missing_var, unknown"#]];
    cargo_nofail: "cargo-nofail", expect![[r#"
        passed Some(1), failed Some(7)
        tests::laters
            not yet implemented
            [src/lib.rs:26]
        tests::median_even
            assertion `left == right` failed: even 2
            [src/lib.rs:40]
            expected "1.5", was "2.0"
        tests::panics
            test did not panic as expected
            [src/lib.rs:60]
        tests::picks
            index out of bounds: the len is 1 but the index is 1
            [src/lib.rs:6]
        tests::returns_err
            Error: "bad"
            []
        whole whole_even
            assertion `left == right` failed
            [tests/whole.rs:4]
            expected "2.5", was "4.0"
        src/lib.rs - mean (line 12)
            assertion `left == right` failed
            [src/lib.rs:5]
            expected "3.0", was "2.0""#]];
    cargo_q: "cargo-q", expect![[r#"
        passed Some(1), failed Some(5)
        tests::laters
            not yet implemented
            [src/lib.rs:50 stats::tests::laters → src/lib.rs:26 stats::later]
        tests::median_even
            assertion `left == right` failed: even 2
            [src/lib.rs:40 stats::tests::median_even]
            expected "1.5", was "2.0"
        tests::panics
            test did not panic as expected
            [src/lib.rs:60]
        tests::returns_err
            Error: "bad"
            []
        tests::picks
            index out of bounds: the len is 1 but the index is 1
            [src/lib.rs:45 stats::tests::picks → src/lib.rs:6 stats::order::pick]"#]];
    cargo_syn: "cargo-syn", expect![[r#"
        passed None, failed None
        ! this file contains an unclosed delimiter
            [src/lib.rs:62]"#]];
    doctest: "doctest", expect![[r#"
        passed None, failed Some(1)
        core.mean
            Expected:
            [/home/ada/stats/lib/core.py:7 core.mean]
            expected "2.5", was "2.0""#]];
    go: "go", expect![[r#"
        passed None, failed Some(2)
        example.com/stats TestMedian/even
            Median([1 2]) = 2, want 1.5
            [stats_test.go:15]
        example.com/stats TestBox
            runtime error: index out of range [1] with length 1 [recovered]
            [/home/ada/stats/box_test.go:7 example.com/stats.TestBox → /home/ada/stats/box.go:9 example.com/stats.(*Box).First]"#]];
    go_compile: "go-compile", expect![[r#"
        passed None, failed None
        ! undefined: Variance
            [stats_test.go:9]
        ! cannot use "a" (untyped string constant) as float64 value in return statement
            [stats.go:4]
        missing Variance"#]];
    go_json: "go-json", expect![[r#"
        passed Some(1), failed Some(1)
        example.com/stats TestEven
            got 2, want 1.5
            [stats_test.go:15]
            expected "1.5", was "2""#]];
    go_verbose: "go-verbose", expect![[r#"
        passed Some(1), failed Some(1)
        example.com/stats TestMedian/even
            Error Trace:	/home/ada/stats/stats_test.go:15
            [stats_test.go:15]"#]];
    gradle: "gradle", expect![[r#"
        passed Some(1), failed Some(2)
        StatsTest#even
            org.opentest4j.AssertionFailedError: even ==> expected: <1.5> but was: <2.0>
            [stats/StatsTest.java:14 StatsTest.even]
            expected "1.5", was "2.0"
        StatsTest#empty
            java.lang.IllegalArgumentException at StatsTest.java:19
            [StatsTest.java:19]"#]];
    java: "java", expect![[r#"
        passed None, failed None
        ! java.lang.ArithmeticException: / by zero
            [A.java:4 A.main → A.java:2 A.f]"#]];
    javac: "javac", expect![[r#"
        passed None, failed None
        ! cannot find symbol
            [B.java:1]
        missing nope"#]];
    jest: "jest", expect![[r#"
        passed Some(1), failed Some(5)
        test/stats.test.js > stats > median of even
            expect(received).toBe(expected) // Object.is equality
            [test/stats.test.js:5 Object.toBe]
            expected "1.5", was "2"
        test/stats.test.js > stats > box > gives the first
            TypeError: Cannot read properties of undefined (reading '0')
            [test/stats.test.js:8 Object.first → src/stats.js:12 Box.first]
        test/stats.test.js > stats > box > equal objects
            expect(received).toEqual(expected) // deep equality
            [test/stats.test.js:9 Object.toEqual]
        test/stats.test.js > stats > variance
            TypeError: variance is not a function
            [test/stats.test.js:11 Object.variance]
        test/stats.test.js > stats > undefined name
            ReferenceError: nothere is not defined
            [test/stats.test.js:12 Object.nothere]
        missing variance, nothere"#]];
    jest_missing: "jest-missing", expect![[r#"
        passed Some(0), failed Some(1)
        jest_missing.test.js
            Cannot find module './src/nothere' from 'jest_missing.test.js'
            [jest_missing.test.js:1 Object.require]
        missing module ./src/nothere"#]];
    jest_none: "jest-none", expect![[r#"
        passed None, failed None
        trouble NoTests: No tests found, exiting with code 1"#]];
    maven_compile: "maven-compile", expect![[r#"
        passed None, failed None
        ! cannot find symbol
            [/home/ada/stats/src/main/java/stats/Stats.java:9]
        missing pick"#]];
    maven_network: "maven-network", expect![[r#"
        passed None, failed None
        trouble Network: repo.example.org"#]];
    mocha: "mocha", expect![[r#"
        passed Some(1), failed Some(3)
        stats > median of even
            AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
            [mocha_stats.js:5]
            expected "1.5", was "2"
        stats > variance
            TypeError: variance is not a function
            [mocha_stats.js:9]
        stats > box > gives the first
            TypeError: Cannot read properties of undefined (reading '0')
            [mocha_stats.js:7 → src/stats.js:12 Box.first]
        missing variance"#]];
    nextest: "nextest", expect![[r#"
        passed Some(1), failed Some(6)
        stats tests::laters
            not yet implemented
            [src/lib.rs:50 stats::tests::laters → src/lib.rs:26 stats::later]
        stats tests::median_even
            assertion `left == right` failed: even 2
            [src/lib.rs:40 stats::tests::median_even]
            expected "1.5", was "2.0"
        stats tests::panics
            test did not panic as expected
            [src/lib.rs:60]
        stats tests::returns_err
            Error: "bad"
            []
        stats::whole whole_even
            assertion `left == right` failed
            [tests/whole.rs:4 whole::whole_even]
            expected "2.5", was "4.0"
        stats tests::picks
            index out of bounds: the len is 1 but the index is 1
            [src/lib.rs:45 stats::tests::picks → src/lib.rs:6 stats::order::pick]"#]];
    node_missing: "node-missing", expect![[r#"
        passed None, failed None
        ! Error: Cannot find module '/home/ada/stats/nothere.js'
            []
        trouble Usage: /home/ada/stats/nothere.js"#]];
    node_spec: "node-spec", expect![[r#"
        passed Some(1), failed Some(4)
        median of even
            AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
            [/home/ada/stats/node_stats.test.js:6]
            expected "1.5", was "2"
        box > gives the first
            TypeError [Error]: Cannot read properties of undefined (reading '0')
            [/home/ada/stats/node_stats.test.js:8 → /home/ada/stats/src/stats.js:12 Box.first]
        box > deep
            AssertionError [ERR_ASSERTION]: Expected values to be strictly deep-equal:
            [/home/ada/stats/node_stats.test.js:9]
        variance
            TypeError [Error]: variance is not a function
            [/home/ada/stats/node_stats.test.js:11]"#]];
    node_tap: "node-tap", expect![[r#"
        passed Some(1), failed Some(4)
        median of even
            Expected values to be strictly equal:
            [/home/ada/stats/node_stats.test.js:6]
            expected "1.5", was "2"
        box > gives the first
            Cannot read properties of undefined (reading '0')
            [/home/ada/stats/node_stats.test.js:8 → /home/ada/stats/src/stats.js:12 Box.first]
        box > deep
            Expected values to be strictly deep-equal:
            [/home/ada/stats/node_stats.test.js:9]
        variance
            variance is not a function
            [/home/ada/stats/node_stats.test.js:11]"#]];
    node_throw: "node-throw", expect![[r#"
        passed None, failed None
        ! TypeError: Cannot read properties of undefined (reading '0')
            [/home/ada/stats/src/stats.js:12 Box.first]"#]];
    nopytest: "nopytest", expect![[r#"
        passed None, failed None
        trouble NoRunner: pytest"#]];
    notfound: "notfound", expect![[r#"
        passed None, failed None
        trouble NoCommand: pytesst"#]];
    plain: "plain", expect![[r#"
        passed None, failed None
        ! AssertionError: even
            [/home/ada/stats/plain.py:2]"#]];
    plain_313: "plain-313", expect![[r#"
        passed None, failed None
        ! AttributeError: 'Box' object has no attribute 'itms'. Did you mean: 'items'?
            [/home/ada/stats/lib/core.py:27 first]
        missing attribute itms"#]];
    pytest_auto: "pytest-auto", expect![[r#"
        passed Some(1), failed Some(1)
        t2/test_core.py::test_median[values0-1.5]
            assert 2 == 1.5
            [t2/test_core.py:17 test_median]
            expected "1.5", was "2""#]];
    pytest_collect: "pytest-collect", expect![[r#"
        passed Some(0), failed Some(2)
        tests/test_import.py
            ImportError: cannot import name 'quantile' from 'lib.core' (/home/ada/stats/lib/core.py)
            [tests/test_import.py:1]
        tests/test_module.py
            ModuleNotFoundError: No module named 'numpyy'
            [tests/test_module.py:1]
        missing quantile, module numpyy"#]];
    pytest_doctest_fail: "pytest-doctest-fail", expect![[r#"
        passed Some(0), failed Some(1)
        lib/core.py::lib.core.mean
            Expected:
            [/home/ada/stats/lib/core.py:7]
            expected "2.5", was "2.0""#]];
    pytest_line: "pytest-line", expect![[r#"
        passed Some(3), failed Some(11)
        t2/test_core.py::test_median[values0-1.5]
            assert 2 == 1.5
            [/home/ada/stats/t2/test_core.py:17]
            expected "1.5", was "2"
        t2/test_core.py::test_median[values2-2.5]
            assert 3 == 2.5
            [/home/ada/stats/t2/test_core.py:17]
            expected "2.5", was "3"
        t2/test_core.py::test_box
            AttributeError: 'Box' object has no attribute 'itms'
            [/home/ada/stats/lib/core.py:27]
        t2/test_core.py::test_missing
            AttributeError: module 'lib.core' has no attribute 'variance'
            [/home/ada/stats/t2/test_core.py:25]
        t2/test_core.py::test_multi
            AssertionError: assert {'a': [1, 2, ...xxxxxxxxxxxx'} == {'a': [1, 2, ...xxxxxxxxxxxy'}
            [/home/ada/stats/t2/test_core.py:30]
            expected "{'a': [1, 2, ...xxxxxxxxxxxy'}", was "{'a': [1, 2, ...xxxxxxxxxxxx'}"
        t2/test_core.py::TestCase::test_eq
            AssertionError: 3 != 2.5
            []
            expected "2.5", was "3"
        t2/test_core.py::TestCase::test_error
            AttributeError: 'Box' object has no attribute 'itms'
            [/home/ada/stats/lib/core.py:27]
        t2/test_core.py::TestCase::test_sub
            AssertionError: 1 != 0.5
            []
            expected "0.5", was "1"
        t2/test_core.py::test_raises
            Failed: DID NOT RAISE ValueError
            [/home/ada/stats/t2/test_core.py:59]
        t2/test_core.py::test_fixture
            ValueError: no fixture
            []
        missing attribute itms, variance"#]];
    pytest_native: "pytest-native", expect![[r#"
        passed Some(3), failed Some(11)
        t2/test_core.py::test_median[values0-1.5]
            AssertionError: assert 2 == 1.5
            [/home/ada/stats/t2/test_core.py:17 test_median]
            expected "1.5", was "2"
        t2/test_core.py::test_median[values2-2.5]
            AssertionError: assert 3 == 2.5
            [/home/ada/stats/t2/test_core.py:17 test_median]
            expected "2.5", was "3"
        t2/test_core.py::test_box
            AttributeError: 'Box' object has no attribute 'itms'
            [/home/ada/stats/t2/test_core.py:21 test_box → /home/ada/stats/lib/core.py:27 first]
        t2/test_core.py::test_missing
            AttributeError: module 'lib.core' has no attribute 'variance'
            [/home/ada/stats/t2/test_core.py:25 test_missing]
        t2/test_core.py::test_multi
            AssertionError: assert {'a': [1, 2, ...xxxxxxxxxxxx'} == {'a': [1, 2, ...xxxxxxxxxxxy'}
            [/home/ada/stats/t2/test_core.py:30 test_multi]
            expected "{'a': [1, 2, ...xxxxxxxxxxxy'}", was "{'a': [1, 2, ...xxxxxxxxxxxx'}"
        t2/test_core.py::TestCase::test_eq
            AssertionError: 3 != 2.5
            [/home/ada/stats/t2/test_core.py:38 test_eq]
            expected "2.5", was "3"
        t2/test_core.py::TestCase::test_error
            AttributeError: 'Box' object has no attribute 'itms'
            [/home/ada/stats/t2/test_core.py:46 test_error → /home/ada/stats/lib/core.py:27 first]
        t2/test_core.py::TestCase::test_sub
            AssertionError: 1 != 0.5
            [/home/ada/stats/t2/test_core.py:43 test_sub]
            expected "0.5", was "1"
        t2/test_core.py::test_raises

            [/home/ada/stats/t2/test_core.py:59 test_raises]
        t2/test_core.py::test_fixture
            ValueError: no fixture
            [/home/ada/stats/t2/test_core.py:51 broken]
        missing attribute itms, variance"#]];
    pytest_no: "pytest-no", expect![[r#"
        passed Some(3), failed Some(11)
        t2/test_core.py::test_median[values0-1.5]
            assert 2 == 1.5
            []
            expected "1.5", was "2"
        t2/test_core.py::test_median[values2-2.5]
            assert 3 == 2.5
            []
            expected "2.5", was "3"
        t2/test_core.py::test_box
            AttributeError: 'Box' object has no attrib...
            []
        t2/test_core.py::test_missing
            AttributeError: module 'lib.core' has ...
            []
        t2/test_core.py::test_multi
            AssertionError: assert {'a': [1, 2, ...x...
            []
        t2/test_core.py::TestCase::test_eq
            AssertionError: 3 != 2.5
            []
            expected "2.5", was "3"
        t2/test_core.py::TestCase::test_error
            AttributeError: 'Box' object h...
            []
        t2/test_core.py::TestCase::test_sub
            AssertionError: 1 != 0.5
            []
            expected "0.5", was "1"
        t2/test_core.py::test_raises
            Failed: DID NOT RAISE ValueError
            []
        t2/test_core.py::test_fixture
            ValueError: no fixture
            []"#]];
    pytest_nofile: "pytest-nofile", expect![[r#"
        passed Some(0), failed Some(0)
        trouble Usage: file or directory not found: nothere.py"#]];
    pytest_noqq: "pytest-noqq", expect![[r#"
        passed None, failed Some(10)
        t2/test_core.py::test_median[values0-1.5]
            assert 2 == 1.5
            []
            expected "1.5", was "2"
        t2/test_core.py::test_median[values2-2.5]
            assert 3 == 2.5
            []
            expected "2.5", was "3"
        t2/test_core.py::test_box
            AttributeError: 'Box' object has no attrib...
            []
        t2/test_core.py::test_missing
            AttributeError: module 'lib.core' has ...
            []
        t2/test_core.py::test_multi
            AssertionError: assert {'a': [1, 2, ...x...
            []
        t2/test_core.py::TestCase::test_eq
            AssertionError: 3 != 2.5
            []
            expected "2.5", was "3"
        t2/test_core.py::TestCase::test_error
            AttributeError: 'Box' object h...
            []
        t2/test_core.py::TestCase::test_sub
            AssertionError: 1 != 0.5
            []
            expected "0.5", was "1"
        t2/test_core.py::test_raises
            Failed: DID NOT RAISE ValueError
            []
        t2/test_core.py::test_fixture
            ValueError: no fixture
            []"#]];
    pytest_q: "pytest-q", expect![[r#"
        passed Some(3), failed Some(11)
        t2/test_core.py::test_median[values0-1.5]
            assert 2 == 1.5
            [t2/test_core.py:17 test_median]
            expected "1.5", was "2"
        t2/test_core.py::test_median[values2-2.5]
            assert 3 == 2.5
            [t2/test_core.py:17 test_median]
            expected "2.5", was "3"
        t2/test_core.py::test_box
            AttributeError: 'Box' object has no attribute 'itms'
            [t2/test_core.py:21 test_box → lib/core.py:27 first]
        t2/test_core.py::test_missing
            AttributeError: module 'lib.core' has no attribute 'variance'
            [t2/test_core.py:25 test_missing]
        t2/test_core.py::test_multi
            AssertionError: assert {'a': [1, 2, ...xxxxxxxxxxxx'} == {'a': [1, 2, ...xxxxxxxxxxxy'}
            [t2/test_core.py:30 test_multi]
            expected "{'a': [1, 2, ...xxxxxxxxxxxy'}", was "{'a': [1, 2, ...xxxxxxxxxxxx'}"
        t2/test_core.py::TestCase::test_eq
            AssertionError: 3 != 2.5
            [t2/test_core.py:38 test_eq]
            expected "2.5", was "3"
        t2/test_core.py::TestCase::test_error
            AttributeError: 'Box' object has no attribute 'itms'
            [t2/test_core.py:46 test_error → lib/core.py:27 first]
        t2/test_core.py::TestCase::test_sub
            AssertionError: 1 != 0.5
            [t2/test_core.py:43 test_sub]
            expected "0.5", was "1"
        t2/test_core.py::test_raises
            Failed: DID NOT RAISE ValueError
            [t2/test_core.py:59 test_raises]
        t2/test_core.py::test_fixture
            ValueError: no fixture
            [t2/test_core.py:51 broken]
        missing attribute itms, variance"#]];
    pytest_short: "pytest-short", expect![[r#"
        passed Some(3), failed Some(11)
        t2/test_core.py::test_median[values0-1.5]
            assert 2 == 1.5
            [t2/test_core.py:17 test_median]
            expected "1.5", was "2"
        t2/test_core.py::test_median[values2-2.5]
            assert 3 == 2.5
            [t2/test_core.py:17 test_median]
            expected "2.5", was "3"
        t2/test_core.py::test_box
            AttributeError: 'Box' object has no attribute 'itms'
            [t2/test_core.py:21 test_box → lib/core.py:27 first]
        t2/test_core.py::test_missing
            AttributeError: module 'lib.core' has no attribute 'variance'
            [t2/test_core.py:25 test_missing]
        t2/test_core.py::test_multi
            AssertionError: assert {'a': [1, 2, ...xxxxxxxxxxxx'} == {'a': [1, 2, ...xxxxxxxxxxxy'}
            [t2/test_core.py:30 test_multi]
            expected "{'a': [1, 2, ...xxxxxxxxxxxy'}", was "{'a': [1, 2, ...xxxxxxxxxxxx'}"
        t2/test_core.py::TestCase::test_eq
            AssertionError: 3 != 2.5
            [t2/test_core.py:38 test_eq]
            expected "2.5", was "3"
        t2/test_core.py::TestCase::test_error
            AttributeError: 'Box' object has no attribute 'itms'
            [t2/test_core.py:46 test_error → lib/core.py:27 first]
        t2/test_core.py::TestCase::test_sub
            AssertionError: 1 != 0.5
            [t2/test_core.py:43 test_sub]
            expected "0.5", was "1"
        t2/test_core.py::test_raises
            Failed: DID NOT RAISE ValueError
            [t2/test_core.py:59 test_raises]
        t2/test_core.py::test_fixture
            ValueError: no fixture
            [t2/test_core.py:51 broken]
        missing attribute itms, variance"#]];
    pytest_showlocals: "pytest-showlocals", expect![[r#"
        passed Some(3), failed Some(11)
        t2/test_core.py::test_median[values0-1.5]
            assert 2 == 1.5
            [t2/test_core.py:17 test_median]
            expected "1.5", was "2"
        t2/test_core.py::test_median[values2-2.5]
            assert 3 == 2.5
            [t2/test_core.py:17 test_median]
            expected "2.5", was "3"
        t2/test_core.py::test_box
            AttributeError: 'Box' object has no attribute 'itms'
            [t2/test_core.py:21 test_box → lib/core.py:27 first]
        t2/test_core.py::test_missing
            AttributeError: module 'lib.core' has no attribute 'variance'
            [t2/test_core.py:25 test_missing]
        t2/test_core.py::test_multi
            AssertionError: assert {'a': [1, 2, ...xxxxxxxxxxxx'} == {'a': [1, 2, ...xxxxxxxxxxxy'}
            [t2/test_core.py:30 test_multi]
            expected "{'a': [1, 2, ...xxxxxxxxxxxy'}", was "{'a': [1, 2, ...xxxxxxxxxxxx'}"
        t2/test_core.py::TestCase::test_eq
            AssertionError: 3 != 2.5
            [t2/test_core.py:38 test_eq]
            expected "2.5", was "3"
        t2/test_core.py::TestCase::test_error
            AttributeError: 'Box' object has no attribute 'itms'
            [t2/test_core.py:46 test_error → lib/core.py:27 first]
        t2/test_core.py::TestCase::test_sub
            AssertionError: 1 != 0.5
            [t2/test_core.py:43 test_sub]
            expected "0.5", was "1"
        t2/test_core.py::test_raises
            Failed: DID NOT RAISE ValueError
            [t2/test_core.py:59 test_raises]
        t2/test_core.py::test_fixture
            ValueError: no fixture
            [t2/test_core.py:51 broken]
        missing attribute itms, variance"#]];
    pytest_syntax: "pytest-syntax", expect![[r#"
        passed Some(0), failed Some(1)
        test_broken.py
            File "/home/ada/stats/broken.py", line 1
            [test_broken.py:1 → /home/ada/stats/broken.py:1]"#]];
    pytest_usage: "pytest-usage", expect![[r#"
        passed None, failed None
        trouble Usage: unrecognized arguments: --nope"#]];
    pytest_v: "pytest-v", expect![[r#"
        passed Some(3), failed Some(11)
        t2/test_core.py::test_median[values0-1.5]
            assert 2 == 1.5
            [t2/test_core.py:17 test_median]
            expected "1.5", was "2"
        t2/test_core.py::test_median[values2-2.5]
            assert 3 == 2.5
            [t2/test_core.py:17 test_median]
            expected "2.5", was "3"
        t2/test_core.py::test_box
            AttributeError: 'Box' object has no attribute 'itms'
            [t2/test_core.py:21 test_box → lib/core.py:27 first]
        t2/test_core.py::test_missing
            AttributeError: module 'lib.core' has no attribute 'variance'
            [t2/test_core.py:25 test_missing]
        t2/test_core.py::test_multi
            AssertionError: assert {'a': [1, 2, ...xxxxxxxxxxxx'} == {'a': [1, 2, ...xxxxxxxxxxxy'}
            [t2/test_core.py:30 test_multi]
            expected "{'a': [1, 2, ...xxxxxxxxxxxy'}", was "{'a': [1, 2, ...xxxxxxxxxxxx'}"
        t2/test_core.py::TestCase::test_eq
            AssertionError: 3 != 2.5
            [t2/test_core.py:38 test_eq]
            expected "2.5", was "3"
        t2/test_core.py::TestCase::test_error
            AttributeError: 'Box' object has no attribute 'itms'
            [t2/test_core.py:46 test_error → lib/core.py:27 first]
        t2/test_core.py::test_fixture
            ValueError: no fixture
            [t2/test_core.py:51 broken]
        t2/test_core.py::test_raises
            Failed: DID NOT RAISE ValueError
            [t2/test_core.py:59 test_raises]
        t2/test_core.py::TestCase::test_sub
            AssertionError: 1 != 0.5
            [t2/test_core.py:43 test_sub]
            expected "0.5", was "1"
        missing attribute itms, variance"#]];
    surefire: "surefire", expect![[r#"
        passed Some(1), failed Some(2)
        stats.StatsTest#even
            org.opentest4j.AssertionFailedError: even ==> expected: <1.5> but was: <2.0>
            [stats/StatsTest.java:14 StatsTest.even]
            expected "1.5", was "2.0"
        stats.StatsTest#empty
            java.lang.IllegalArgumentException: empty
            [stats/StatsTest.java:19 StatsTest.empty → stats/Stats.java:9 Stats.median → stats/Stats.java:14 Stats.pick]"#]];
    surefire_old: "surefire-old", expect![[r#"
        passed Some(1), failed Some(1)
        stats.StatsTest#even
            java.lang.AssertionError: expected:<1.5> but was:<2.0>
            [stats/StatsTest.java:14 StatsTest.even]
            expected "1.5", was "2.0""#]];
    syntax: "syntax", expect![[r#"
        passed None, failed None
        ! SyntaxError: invalid syntax
            [/home/ada/stats/broken.py:1]"#]];
    tsc: "tsc", expect![[r#"
        passed None, failed None
        ! TS2322: Type 'number' is not assignable to type 'string'.
            [bad.ts:2]
        ! TS2304: Cannot find name 'g'.
            [bad.ts:4]
        missing g"#]];
    tsc_pretty: "tsc-pretty", expect![[r#"
        passed None, failed None
        ! TS2322: Type 'number' is not assignable to type 'string'.
            [bad.ts:2]
        ! TS2304: Cannot find name 'g'.
            [bad.ts:4]
        missing g"#]];
    tsx: "tsx", expect![[r#"
        passed None, failed None
        ! ReferenceError: nothere is not defined
            []
        missing nothere"#]];
    unittest: "unittest", expect![[r#"
        passed Some(0), failed Some(6)
        t2.test_unit.TestSetup
            RuntimeError: cannot set up
            [/home/ada/stats/t2/test_unit.py:18 setUpClass]
        t2.test_unit.TestUnit.test_error
            AttributeError: 'Box' object has no attribute 'itms'
            [/home/ada/stats/t2/test_unit.py:10 test_error → /home/ada/stats/lib/core.py:27 first]
        t2.test_unit.TestUnit.test_eq
            AssertionError: 2 != 1.5
            [/home/ada/stats/t2/test_unit.py:6 test_eq]
            expected "1.5", was "2"
        t2.test_unit.TestUnit.test_sub
            AssertionError: 1 != 0.5
            [/home/ada/stats/t2/test_unit.py:14 test_sub]
            expected "0.5", was "1"
        t2.test_unit.TestUnit.test_text
            AssertionError: 'a\nb\n' != 'a\nc\n'
            [/home/ada/stats/t2/test_unit.py:8 test_text]
            expected "'a\\nc\\n'", was "'a\\nb\\n'"
        missing attribute itms"#]];
    unittest_313: "unittest-313", expect![[r#"
        passed Some(0), failed Some(6)
        t2.test_unit.TestSetup
            RuntimeError: cannot set up
            [/home/ada/stats/t2/test_unit.py:18 setUpClass]
        t2.test_unit.TestUnit.test_error
            AttributeError: 'Box' object has no attribute 'itms'. Did you mean: 'items'?
            [/home/ada/stats/t2/test_unit.py:10 test_error → /home/ada/stats/lib/core.py:27 first]
        t2.test_unit.TestUnit.test_eq
            AssertionError: 2 != 1.5
            [/home/ada/stats/t2/test_unit.py:6 test_eq]
            expected "1.5", was "2"
        t2.test_unit.TestUnit.test_sub
            AssertionError: 1 != 0.5
            [/home/ada/stats/t2/test_unit.py:14 test_sub]
            expected "0.5", was "1"
        t2.test_unit.TestUnit.test_text
            AssertionError: 'a\nb\n' != 'a\nc\n'
            [/home/ada/stats/t2/test_unit.py:8 test_text]
            expected "'a\\nc\\n'", was "'a\\nb\\n'"
        missing attribute itms"#]];
    unittest_v: "unittest-v", expect![[r#"
        passed Some(0), failed Some(7)
        t2.test_unit.TestSetup
            RuntimeError: cannot set up
            [/home/ada/stats/t2/test_unit.py:18 setUpClass]
        t2.test_unit.TestUnit.test_error
            AttributeError: 'Box' object has no attribute 'itms'
            [/home/ada/stats/t2/test_unit.py:10 test_error → /home/ada/stats/lib/core.py:27 first]
        test_import
            ImportError: cannot import name 'quantile' from 'lib.core' (/home/ada/stats/lib/core.py)
            [/home/ada/stats/tests/test_import.py:1]
        t2.test_unit.TestUnit.test_eq
            AssertionError: 2 != 1.5
            [/home/ada/stats/t2/test_unit.py:6 test_eq]
            expected "1.5", was "2"
        t2.test_unit.TestUnit.test_sub
            AssertionError: 1 != 0.5
            [/home/ada/stats/t2/test_unit.py:14 test_sub]
            expected "0.5", was "1"
        t2.test_unit.TestUnit.test_text
            AssertionError: 'a\nb\n' != 'a\nc\n'
            [/home/ada/stats/t2/test_unit.py:8 test_text]
            expected "'a\\nc\\n'", was "'a\\nb\\n'"
        missing attribute itms, quantile"#]];
    vitest: "vitest", expect![[r#"
        passed Some(1), failed Some(5)
        vt/stats.test.mjs > stats > median of even
            AssertionError: expected 2 to be 1.5 // Object.is equality
            [vt/stats.test.mjs:6]
            expected "1.5", was "2"
        vt/stats.test.mjs > stats > box > gives the first
            TypeError: Cannot read properties of undefined (reading '0')
            [vt/stats.test.mjs:9 → src/stats.js:12 Box.first]
        vt/stats.test.mjs > stats > box > equal objects
            AssertionError: expected { a: 1, b: [ 1, 2 ] } to deeply equal { a: 1, b: [ 1, 3 ] }
            [vt/stats.test.mjs:10]
        vt/stats.test.mjs > stats > variance
            TypeError: variance is not a function
            [vt/stats.test.mjs:12]
        vt/stats.test.mjs > stats > undefined name
            ReferenceError: nothere is not defined
            [vt/stats.test.mjs:13]
        missing variance, nothere"#]];
    vitest_verbose: "vitest-verbose", expect![[r#"
        passed Some(1), failed Some(5)
        vt/stats.test.mjs > stats > median of even
            AssertionError: expected 2 to be 1.5 // Object.is equality
            [vt/stats.test.mjs:6]
            expected "1.5", was "2"
        vt/stats.test.mjs > stats > box > gives the first
            TypeError: Cannot read properties of undefined (reading '0')
            [vt/stats.test.mjs:9 → src/stats.js:12 Box.first]
        vt/stats.test.mjs > stats > box > equal objects
            AssertionError: expected { a: 1, b: [ 1, 2 ] } to deeply equal { a: 1, b: [ 1, 3 ] }
            [vt/stats.test.mjs:10]
        vt/stats.test.mjs > stats > variance
            TypeError: variance is not a function
            [vt/stats.test.mjs:12]
        vt/stats.test.mjs > stats > undefined name
            ReferenceError: nothere is not defined
            [vt/stats.test.mjs:13]
        missing variance, nothere"#]];
}

fn check_excerpt(output: &str, expected: &Expect) {
    let excerpt = read(output, Some(1)).excerpt;
    assert!(excerpt.lines().count() <= 40);
    expected.assert_eq(&excerpt);
}

#[test]
fn of_pytest_the_code_and_the_message() {
    check_excerpt(
        include_str!("outputs/pytest-q.txt"),
        &expect![[r#"
        t2/test_core.py::test_median[values0-1.5]:
        values = [1, 2], want = 1.5
            @pytest.mark.parametrize("values,want", [([1, 2], 1.5), ([3], 3), ([4, 1, 3, 2], 2.5)])
            def test_median(values, want):
        >       assert helper(values) == want
        E       assert 2 == 1.5
        E        +  where 2 = helper([1, 2])
        t2/test_core.py:17: AssertionError
        t2/test_core.py::test_median[values2-2.5]:
        values = [4, 1, 3, 2], want = 2.5
            @pytest.mark.parametrize("values,want", [([1, 2], 1.5), ([3], 3), ([4, 1, 3, 2], 2.5)])
            def test_median(values, want):
        >       assert helper(values) == want
        E       assert 3 == 2.5
        E        +  where 3 = helper([4, 1, 3, 2])
        t2/test_core.py:17: AssertionError
        t2/test_core.py::test_box:
            def test_box():
        >       assert Box([1]).first() == 1
        t2/test_core.py:21:
            def first(self):
        >       return self.itms[0]
        E       AttributeError: 'Box' object has no attribute 'itms'
        lib/core.py:27: AttributeError"#]],
    );
}

#[test]
fn of_cargo_the_panic_and_its_place() {
    check_excerpt(
        include_str!("outputs/cargo.txt"),
        &expect![[r#"
        tests::laters:
        thread 'tests::laters' (13437) panicked at src/lib.rs:26:5:
        not yet implemented
           3: stats::later
                     at ./src/lib.rs:26:5
           4: stats::tests::laters
                     at ./src/lib.rs:50:17
                     at ./src/lib.rs:49:16
        tests::panics:
        note: test did not panic as expected at src/lib.rs:60:8
        tests::picks:
        thread 'tests::picks' (13441) panicked at src/lib.rs:6:9:
        index out of bounds: the len is 1 but the index is 1
           3: stats::order::pick
                     at ./src/lib.rs:6:9
           4: stats::tests::picks
                     at ./src/lib.rs:45:20
                     at ./src/lib.rs:44:15"#]],
    );
}

#[test]
fn of_node_the_assertion_and_its_place() {
    check_excerpt(
        include_str!("outputs/node-spec.txt"),
        &expect![[r#"
        median of even:
          AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
          2 !== 1.5
              at TestContext.<anonymous> (/home/ada/stats/node_stats.test.js:6:39)
            actual: 2,
            expected: 1.5,
          }
        box > gives the first:
            TypeError [Error]: Cannot read properties of undefined (reading '0')
                at Box.first (/home/ada/stats/src/stats.js:12:29)
                at TestContext.<anonymous> (/home/ada/stats/node_stats.test.js:8:59)
        box > deep:
            AssertionError [ERR_ASSERTION]: Expected values to be strictly deep-equal:
            + actual - expected
              {
            +   a: 1
            -   a: 2
              }
                at TestContext.<anonymous> (/home/ada/stats/node_stats.test.js:9:29)
              actual: { a: 1 },
              expected: { a: 2 },
            }"#]],
    );
}

#[test]
fn of_rustc_the_errors_and_their_places() {
    check_excerpt(
        include_str!("outputs/cargo-err.txt"),
        &expect![[r#"
        error[E0432]: unresolved import `nothere`
          --> src/lib.rs:65:9
        65 |     use nothere::thing;
           |         ^^^^^^^ use of unresolved module or unlinked crate `nothere`
           = help: if you wanted to use a crate named `nothere`, use `cargo add nothere` to add it to your `Cargo.toml`
        error[E0425]: cannot find value `missing_var` in this scope
          --> src/lib.rs:66:5
        66 |     missing_var
           |     ^^^^^^^^^^^ not found in this scope
        error[E0308]: mismatched types
          --> src/lib.rs:63:18
        63 |     let x: u32 = "a";
           |            ---   ^^^ expected `u32`, found `&str`
           |            expected due to this"#]],
    );
}

#[test]
fn of_an_unknown_program_the_end() {
    check_excerpt(
        "checking\nall is well\nwidget 7 is not straight\n",
        &expect![[r#"
        checking
        all is well
        widget 7 is not straight"#]],
    );
}

#[test]
fn what_no_repair_explains_is_trouble() {
    for (output, exit_code, kind) in [
        ("bash: line 1: pytest: command not found", 127, Some(TroubleKind::NoCommand)),
        ("/bin/sh: 1: ./run.sh: Permission denied", 126, Some(TroubleKind::Permission)),
        ("", 127, Some(TroubleKind::NoCommand)),
        ("/usr/bin/python: No module named pytest", 1, Some(TroubleKind::NoRunner)),
        ("error: no such command: `nextest`", 101, Some(TroubleKind::NoRunner)),
        ("no tests ran in 0.01s", 5, Some(TroubleKind::NoTests)),
        ("Ran 0 tests in 0.000s\n\nNO TESTS RAN", 5, Some(TroubleKind::NoTests)),
        ("error: linker `cc` not found\n  |\n", 101, Some(TroubleKind::NoLinker)),
        (
            "error: the lock file /w/Cargo.lock needs to be updated but --locked was passed",
            101,
            Some(TroubleKind::LockFile),
        ),
        ("curl: (6) Could not resolve host: example.com", 6, Some(TroubleKind::Network)),
        ("npm error code ENOTFOUND\ngetaddrinfo ENOTFOUND host", 1, Some(TroubleKind::Network)),
        ("OSError: [Errno 28] No space left on device", 1, Some(TroubleKind::DiskFull)),
        ("error: could not find `Cargo.toml` in `/w`", 101, Some(TroubleKind::Usage)),
        ("FATAL ERROR: JavaScript heap out of memory", 134, Some(TroubleKind::Memory)),
        (
            "Traceback (most recent call last):\n  File \"/w/a.py\", line 1, in <module>\n    \
             import numpyy\nModuleNotFoundError: No module named 'numpyy'",
            1,
            Some(TroubleKind::NoPackage),
        ),
        // A test may print anything: what it prints is no trouble.
        ("FAILED a.py::test_b - PermissionError: x\n1 failed in 0.1s", 1, None),
        ("FAILED a.py::test_b - x\nsh: foo: not found\n1 failed in 0.1s", 1, None),
        ("3 passed, 1 error in 0.1s\nNetwork is unreachable", 1, None),
        ("widget 7 is not straight", 1, None),
    ] {
        let trouble = read(output, Some(exit_code)).trouble;
        assert_eq!(trouble.as_ref().map(|trouble| trouble.kind), kind, "{output}");
        assert!(trouble.is_none_or(|trouble| !trouble.fix.is_empty() && !trouble.what.is_empty()));
    }
}

#[test]
fn an_endless_output_is_read_in_bounds() {
    let long = format!("{}\nE   x\n", "a".repeat(300_000));
    assert!(read(&long, None).excerpt.len() < 10_000);
    let many = "FAILED a.py::test_b - x\n".repeat(20_000);
    assert_eq!(read(&many, None).tests.len(), 1);
    let different: String = (0..3_000).map(|n| format!("FAILED a.py::test_{n} - x\n")).collect();
    assert_eq!(read(&different, None).tests.len(), 2_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_output_panics(output in "(\\PC|[\n=_-]|\n  at |FAILED|ERROR|: |::|panicked at |\\.py|:1|---- a stdout ----|Traceback|not ok 1 - |\x1b\\[1m){0,60}") {
        read(&output, None);
    }
}
