//! Which functions of small repositories come out on top, by each kind of evidence.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::{coverage, failure};

const CORE: Source<'_> = Source {
    path: "lib/core.py",
    text: "LIMIT = 10\n\n\ndef mean(values):\n    return sum(values) / len(values)\n\n\n\
           def middle(ordered, size):\n    half = size // 2\n    return ordered[half]\n\n\n\
           def median(values):\n    ordered = sorted(values)\n    return middle(ordered, len(ordered))\n\n\n\
           class Box:\n    def __init__(self, items):\n        self.items = items\n\n    \
           def first(self):\n        return self.items[1]\n",
};
const TESTS: Source<'_> = Source {
    path: "tests/test_core.py",
    text: "from lib.core import Box, mean, median\n\n\ndef test_mean():\n    assert mean([1, 2]) == 1.5\n\n\n\
           def test_median():\n    assert median([1, 2]) == 1.5\n\n\n\
           def test_box():\n    assert Box([1]).first() == 1\n",
};

fn shown(suspects: &[Suspect]) -> String {
    let line = |suspect: &Suspect| {
        let name = if suspect.qualified.is_empty() { "(file)" } else { &suspect.qualified };
        let lines: Vec<u32> = suspect.lines.iter().map(|(line, _)| *line).collect();
        format!("{:.2} {}:{name} {lines:?} {}", suspect.score, suspect.path, suspect.why)
    };
    suspects.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn check(output: &str, trace: Option<&str>, task: &str, expected: &Expect) {
    let spectrum = trace.map(|trace| coverage::read(trace, &[]).unwrap());
    let suspects = rank(&Question {
        files: &[CORE, TESTS],
        editable_tests: &[],
        failure: &failure::read(output, Some(1)),
        spectrum: spectrum.as_ref(),
        task,
    });
    expected.assert_eq(&shown(&suspects));
}

const MEDIAN_FAILED: &str = "FAILED tests/test_core.py::test_median - assert 2 == 1.5\n\
                             1 failed, 2 passed in 0.01s\n";

#[test]
fn without_a_trace_the_names_in_the_failing_test_lead() {
    check(
        MEDIAN_FAILED,
        None,
        "",
        &expect![[r#"
        1.00 lib/core.py:median [14, 13] used by the failing tests; spoken of in the task or in a test's name
        0.55 lib/core.py:middle [8, 9] used by the failing tests"#]],
    );
}

#[test]
fn a_trace_leads_to_its_innermost_function() {
    let output = "Traceback (most recent call last):\n  File \"/w/tests/test_core.py\", line 13, in test_box\n    \
                  x\n  File \"/w/lib/core.py\", line 23, in first\n    x\nIndexError: list index out of range\n";
    check(
        output,
        None,
        "",
        &expect![[r#"
        1.00 lib/core.py:Box.first [22] where the trace ends; used by the failing tests
        0.46 lib/core.py:Box.__init__ [19] used by the failing tests"#]],
    );
}

#[test]
fn coverage_leads_to_what_only_failing_tests_execute() {
    let trace = r#"{"version":1,"files":["lib/core.py"],"sets":["5","9-10,14-15","20,23","1,4,8,13,18-19,22"],
        "tests":[["tests/test_core.py::test_mean","passed",[[0,0]],[],0.1],
        ["tests/test_core.py::test_median","failed",[[0,1]],[],0.1],
        ["tests/test_core.py::test_box","passed",[[0,2]],[],0.1]],"outside":[[0,3]],"whole":true}"#;
    check(
        MEDIAN_FAILED,
        Some(trace),
        "",
        &expect![[r#"
            1.00 lib/core.py:median [14, 13] executed by 1 of 1 failing and 0 of 2 passing tests; used by the failing tests; spoken of in the task or in a test's name
            0.95 lib/core.py:middle [8, 9] executed by 1 of 1 failing and 0 of 2 passing tests; used by the failing tests
            0.25 lib/core.py:(file) [0, 17] executed when the file is imported"#]],
    );
}

#[test]
fn the_task_names_a_function() {
    check(
        "",
        None,
        "`Box.first` gives the second item",
        &expect!["1.00 lib/core.py:Box.first [22] spoken of in the task or in a test's name"],
    );
}

#[test]
fn a_missing_name_leads_to_the_module_that_lacks_it() {
    let output = "ERROR collecting tests/test_core.py\nE   ImportError: cannot import name 'mode' \
                  from 'lib.core' (/w/lib/core.py)\n";
    let output = format!(
        "==== ERRORS ====\n____ {}=== short test summary info ===\nERROR tests/test_core.py\n1 error in 0.1s\n",
        output.replacen('\n', " ____\n", 1)
    );
    check(&output, None, "", &expect!["1.00 lib/core.py:(file) [] where a missing name belongs"]);
}

#[test]
fn what_is_not_written_yet_leads_if_it_is_used() {
    let files = [
        Source {
            path: "src/lib.rs",
            text: "pub fn mean(v: &[f64]) -> f64 {\n    v[0]\n}\n\npub fn mode(v: &[f64]) -> f64 {\n    \
                   todo!()\n}\n\npub fn unused() {\n    todo!()\n}\n\n#[cfg(test)]\nmod tests {\n    \
                   use super::*;\n\n    fn helper() -> f64 {\n        mode(&[1.0])\n    }\n\n    #[test]\n    \
                   fn modes() {\n        assert_eq!(helper(), mean(&[1.0]));\n    }\n}\n",
        },
        Source { path: "README.md", text: "# x" },
    ];
    let output =
        "test tests::modes ... FAILED\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored;";
    let failure = failure::read(output, Some(101));
    let suspects = rank(&Question {
        files: &files,
        editable_tests: &[],
        failure: &failure,
        spectrum: None,
        task: "mode",
    });
    expect![[r#"
        1.00 src/lib.rs:mode [5] not written yet; used by the failing tests; spoken of in the task or in a test's name
        0.30 src/lib.rs:mean [1] used by the failing tests"#]]
    .assert_eq(&shown(&suspects));
}

#[test]
fn tests_are_suspects_only_where_they_may_be_edited() {
    let failure = failure::read(MEDIAN_FAILED, Some(1));
    let question = Question {
        files: &[CORE, TESTS],
        editable_tests: &["tests/test_core.py"],
        failure: &failure,
        spectrum: None,
        task: "test_median",
    };
    let is_test = |suspect: &Suspect| suspect.path == TESTS.path;
    assert!(rank(&question).iter().any(is_test));
    assert!(!rank(&Question { editable_tests: &[], ..question }).iter().any(is_test));
}

#[test]
fn nothing_known_is_nobody_suspect() {
    check("", None, "", &expect![""]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_evidence_panics(text in "(def f\\(\\):|    return g\\(\\)|\n|class A:|\\PC){0,20}", output in "(/w/a\\.py:3: in f|\n|FAILED |a\\.py|::f|\\PC){0,12}") {
        rank(&Question {
            files: &[Source { path: "a.py", text: &text }, Source { path: "test_a.py", text: &text }],
            editable_tests: &[],
            failure: &failure::read(&output, None),
            spectrum: None,
            task: &output,
        });
    }
}
