//! The tracer in a real interpreter: what it writes is read back, and leads to the fault.
//!
//! Every interpreter that is installed by the usual names is tried, for the tracer has two ways
//! of working, by release. With no interpreter at all there is nothing to try.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tenfold_code::runner::{Place, Traced};
use tenfold_code::suspects::{Question, Source, rank};
use tenfold_code::{Runner, Spectrum, coverage, failure};

const CORE: &str = "LIMIT = 3\n\n\ndef mean(values):\n    return sum(values) / len(values)\n\n\n\
                    def median(values):\n    ordered = sorted(values)\n    \
                    return ordered[len(ordered) // 2]\n\n\n\
                    def wait(values):\n    while True:\n        values = [mean(values)]\n";
const TESTS: &str = "import unittest\n\nfrom core import mean, median, wait\n\n\n\
                     class TestCore(unittest.TestCase):\n    def test_mean(self):\n        \
                     self.assertEqual(mean([1, 2]), 1.5)\n\n    def test_median(self):\n        \
                     self.assertEqual(median([1, 2]), 1.5)\n\n    def test_odd(self):\n        \
                     self.assertEqual(mean([1, 2, 3]), 2)\n";
const ENDLESS: &str = "\n    def test_wait(self):\n        wait([1])\n";

fn interpreters() -> Vec<String> {
    let names =
        ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"].map(|v| format!("python{v}"));
    let runs = |name: &String| {
        let version = Command::new(name).arg("--version").stderr(Stdio::null()).output();
        version.is_ok_and(|output| output.status.success())
    };
    names.into_iter().chain(["python3".to_owned()]).filter(runs).collect()
}

/// Runs a traced command in a folder with the two files, and gives its output and its trace.
fn run(command: &str, tests: &str) -> (String, Spectrum) {
    let folder = tempfile::tempdir().unwrap();
    let (root, beside) = (folder.path().join("work"), folder.path().join("trace"));
    fs::create_dir_all(&root).unwrap();
    fs::create_dir_all(&beside).unwrap();
    fs::write(root.join("core.py"), CORE).unwrap();
    fs::write(root.join("test_core.py"), tests).unwrap();
    let place = Place {
        folder: beside.to_str().unwrap(),
        root: root.to_str().unwrap(),
        test_seconds: 1,
        total_seconds: 60,
        whole: true,
    };
    let runner = Runner::detect(command).unwrap();
    let traced = runner.traced(command, &[], &place).unwrap();
    let output = shell(&traced, &root, &beside);
    let spectrum = coverage::read(&fs::read_to_string(&traced.trace).unwrap(), &[]).unwrap();
    (output, spectrum)
}

fn shell(traced: &Traced, root: &Path, beside: &Path) -> String {
    for (name, text) in &traced.files {
        fs::write(beside.join(name), text).unwrap();
    }
    let output = Command::new("sh")
        .args(["-c", &format!("{} 2>&1", traced.command)])
        .current_dir(root)
        .envs(traced.env.iter().cloned())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn best(output: &str, spectrum: &Spectrum) -> String {
    let files =
        [Source { path: "core.py", text: CORE }, Source { path: "test_core.py", text: TESTS }];
    let suspects = rank(&Question {
        files: &files,
        editable_tests: &[],
        failure: &failure::read(output, Some(1)),
        spectrum: Some(spectrum),
        task: "",
    });
    suspects[0].qualified.clone()
}

#[test]
fn unittest_says_which_lines_each_test_executes() {
    for python in interpreters() {
        let (output, spectrum) = run(&format!("{python} -m unittest"), TESTS);
        assert_eq!(spectrum.outcomes(), (1, 2), "{python}: {output}");
        let suspicion = spectrum.suspicion();
        assert_eq!(suspicion, [("core.py", 9, 1.0), ("core.py", 10, 1.0)], "{python}");
        assert!(spectrum.outside().any(|line| line == ("core.py", 1)), "{python}");
        assert_eq!(best(&output, &spectrum), "median", "{python}");
    }
}

#[test]
fn a_test_without_end_is_cut_off_and_its_place_recorded() {
    if let Some(python) = interpreters().last() {
        let (output, spectrum) =
            run(&format!("{python} -m unittest"), &format!("{TESTS}{ENDLESS}"));
        assert_eq!(spectrum.outcomes(), (2, 2), "{output}");
        let cut = spectrum.cut();
        assert_eq!(cut.len(), 1);
        assert!(cut[0].iter().any(|frame| matches!(frame.line, 14 | 15)), "{cut:?}");
    }
}

#[test]
fn a_plain_program_is_one_test() {
    if let Some(python) = interpreters().last() {
        let program = format!("{python} -c 'import core; assert core.median([1, 2]) == 1.5'");
        let (_, spectrum) = run(&program, TESTS);
        assert_eq!(spectrum.outcomes(), (1, 0));
        assert!(
            spectrum.suspicion().iter().any(|(path, line, _)| (*path, *line) == ("core.py", 9))
        );
    }
}

#[test]
fn pytest_says_which_lines_each_test_executes() {
    let has_pytest = |python: &String| {
        let import = Command::new(python).args(["-c", "import pytest"]).output();
        import.is_ok_and(|output| output.status.success())
    };
    for python in interpreters().into_iter().filter(has_pytest) {
        let (output, spectrum) = run(&format!("{python} -m pytest -x"), TESTS);
        assert_eq!(spectrum.outcomes(), (1, 2), "{python}: {output}");
        assert_eq!(best(&output, &spectrum), "median", "{python}");
    }
}
