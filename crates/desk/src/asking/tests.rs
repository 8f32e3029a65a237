//! A whole task from what was said, in a repository that asks for something.

use std::fs;
use std::path::Path;

use tenfold_domain::Strategy;
use tenfold_engine::Places;

use super::*;

/// A house without anything in it, and a folder to work in beside it.
fn house() -> (tempfile::TempDir, House, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let places = Places {
        data: at("data"),
        cache: at("cache"),
        models: at("models"),
        config: at("config"),
        runtime: at("runtime"),
    };
    let work = at("work");
    fs::create_dir_all(&work).unwrap();
    let work = work.canonicalize().unwrap();
    (dir, House::new(places), work)
}

fn asks(work: &Path) {
    fs::write(work.join("tenfold.toml"), "[task]\ncheck = \"make test\"\n").unwrap();
    fs::write(work.join("AGENTS.md"), "Use tabs.\n").unwrap();
}

fn in_a_loop(work: &Path) -> NewTask {
    NewTask { text: " mend it\n".into(), strategy: vec![Strategy::Loop], ..NewTask::on(work) }
}

#[test]
fn what_is_not_approved_is_left_out_and_a_proposal_holds_the_task_up() {
    let (_dir, house, work) = house();
    asks(&work);
    let resolved = resolve(&house, in_a_loop(&work), true).unwrap();
    assert_eq!((resolved.spec.text.as_str(), &resolved.spec.check), ("mend it", &None));
    assert_eq!(resolved.spec.instructions, "");
    let files: Vec<&str> = resolved.needs_approval.iter().map(|one| one.file.as_str()).collect();
    assert_eq!(files, ["tenfold.toml", "AGENTS.md"]);
    let problem = resolved.agreed().unwrap_err().problem();
    assert_eq!(problem.kind, ProblemKind::Refused);
}

#[test]
fn what_is_approved_by_its_hash_counts_and_another_text_does_not() {
    let (_dir, house, work) = house();
    asks(&work);
    let hashes = |resolved: &Resolved| {
        resolved.needs_approval.iter().map(|one| one.hash.clone()).collect::<Vec<_>>()
    };
    let approve = hashes(&resolve(&house, in_a_loop(&work), true).unwrap());
    let task = NewTask { approve, ..in_a_loop(&work) };
    let resolved = resolve(&house, task.clone(), true).unwrap();
    assert_eq!((resolved.needs_approval.len(), resolved.approvals.len()), (0, 2));
    let spec = resolved.agreed().unwrap();
    assert_eq!(spec.check.as_deref(), Some("make test"));
    assert_eq!(spec.instructions, "Use tabs.\n");
    fs::write(work.join("tenfold.toml"), "[task]\ncheck = \"rm -r /\"\n").unwrap();
    let resolved = resolve(&house, task, true).unwrap();
    assert_eq!(resolved.spec.check, None);
    assert!(resolved.agreed().is_err());
}

#[test]
fn without_config_nothing_of_the_repository_counts() {
    let (_dir, house, work) = house();
    asks(&work);
    let task = NewTask { no_config: true, ..in_a_loop(&work) };
    let spec = resolve(&house, task, true).unwrap().agreed().unwrap();
    assert_eq!((spec.check, spec.instructions.as_str()), (None, ""));
}

#[test]
fn a_model_that_is_not_here_and_names_that_nothing_has_are_said() {
    let (_dir, house, work) = house();
    let resolved = resolve(&house, NewTask::on(&work), false).unwrap();
    assert_eq!(resolved.models_missing.len(), 1);
    assert_eq!(resolved.agreed().unwrap_err().problem().kind, ProblemKind::Model);
    let kind = |task: NewTask| resolve(&house, task, true).unwrap_err().problem().kind;
    let on = || NewTask::on(&work);
    assert_eq!(kind(NewTask { role: Some("x".into()), ..on() }), ProblemKind::NotFound);
    assert_eq!(kind(NewTask { model: vec!["x".into()], ..on() }), ProblemKind::NotFound);
    assert_eq!(kind(NewTask { account: Some("x".into()), ..on() }), ProblemKind::NotFound);
    assert_eq!(kind(NewTask { mcp: vec!["x".into()], ..on() }), ProblemKind::NotFound);
}
