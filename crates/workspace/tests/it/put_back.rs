//! Files that the check depends on go back as they were.

use std::path::{Path, PathBuf};

use tenfold_workspace::Patterns;

use crate::fixture::{Fixture, delete, edit, paths};

#[test]
fn what_is_protected_goes_back_and_the_rest_of_the_work_stays() {
    let f = Fixture::with(&[
        ("src/a.py", "1\n"),
        ("tests/test_a.py", "1\n"),
        ("tests/test_b.py", "1\n"),
        ("pytest.ini", "1\n"),
        ("tests/run.sh", "1\n"),
    ]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let work = [
        edit("src/a.py", "2\n"),
        edit("src/new.py", "1\n"),
        edit("tests/test_a.py", "pass\n"),
        delete("tests/test_b.py"),
        edit("conftest.py", "import os\n"),
        delete("pytest.ini"),
    ];
    let work = workspace.commit(&base, &work, "the work").unwrap();
    let protected = Patterns::check_files();
    let is_protected = |path: &Path| protected.matches(path);
    let (clean, put_back) = workspace.put_back(&base, &work, is_protected).unwrap();
    let names = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
    assert_eq!(
        put_back,
        names(&["conftest.py", "pytest.ini", "tests/test_a.py", "tests/test_b.py"])
    );
    let changed: Vec<_> =
        workspace.changed(&base, &clean).unwrap().into_iter().map(|file| file.path).collect();
    assert_eq!(changed, names(&["src/a.py", "src/new.py"]));
    assert_eq!(workspace.read(&clean, Path::new("tests/test_a.py")).unwrap(), b"1\n");

    // What the task lets the agent edit stays edited.
    let may_edit = Patterns::new(["tests/test_a.py", "/conftest.py"]).unwrap();
    let but_for = |path: &Path| is_protected(path) && !may_edit.matches(path);
    let (clean, put_back) = workspace.put_back(&base, &work, but_for).unwrap();
    assert_eq!(put_back, names(&["pytest.ini", "tests/test_b.py"]));
    assert_eq!(workspace.read(&clean, Path::new("tests/test_a.py")).unwrap(), b"pass\n");

    // Nothing to put back: the work itself.
    let only = workspace.commit(&base, &[edit("src/a.py", "2\n")], "m").unwrap();
    let (same, put_back) = workspace.put_back(&base, &only, is_protected).unwrap();
    assert_eq!((same, put_back), (only, Vec::new()));
}

#[test]
fn a_folder_that_took_a_protected_files_place_goes() {
    let f = Fixture::with(&[("conftest.py", "1\n"), ("a/tests/t.py", "1\n")]);
    let workspace = f.open();
    let base = workspace.snapshot().unwrap().commit;
    let work = [
        delete("conftest.py"),
        edit("conftest.py/__init__.py", "1\n"),
        delete("a/tests/t.py"),
        edit("a", "a file now\n"),
        edit("b", "1\n"),
    ];
    let work = workspace.commit(&base, &work, "m").unwrap();
    assert_eq!(paths(&workspace, &work), ["a", "b", "conftest.py/__init__.py"], "the control");
    let protected = Patterns::check_files();
    let (clean, _) = workspace.put_back(&base, &work, |path| protected.matches(path)).unwrap();
    assert_eq!(paths(&workspace, &clean), ["a/tests/t.py", "b", "conftest.py"]);
}
