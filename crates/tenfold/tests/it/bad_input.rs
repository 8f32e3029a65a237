//! Bad input, each with its message and its exit code, and nothing of the person's touched.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use crate::ground::{BUGGY, CHECK, Ground, Said, git, write_project};

#[test]
fn folders_that_can_not_be_worked_on_are_refused_by_their_reason() {
    let ground = Ground::new();
    git(&ground.repo(), &["init", "-q", "--bare", "../bare.git"]);
    let run = |repo: &str| ground.tenfold(&["run", "--check", CHECK, "--repo", repo]);
    run("../bare.git").expect(2, &["bare repository", "git clone"]);
    run("../nowhere").expect(4, &["no folder"]);
    run("stats.py").expect(2, &["not a folder"]);
    run(".git").expect(2, &["inside a git directory"]);
}

#[test]
fn unusual_folders_are_worked_on() {
    let ground = Ground::new();
    for name in ["plain", "with space"] {
        let dir = ground.path(name);
        write_project(&dir);
        let repo = dir.to_str().unwrap();
        let said = ground.tenfold(&["run", "--check", CHECK, "--repo", repo]);
        said.expect(0, &["to review, verified"]);
    }
    // Without git there is no branch to make, so the files are what accepting changes.
    ground.tenfold(&["accept", "1"]).expect(0, &["accepted into your files"]);
    ground.tenfold(&["undo", "1"]).expect(0, &["put one file back"]);
}

#[test]
fn a_repository_without_a_commit_is_worked_on() {
    let ground = Ground::new();
    let dir = ground.path("empty");
    write_project(&dir);
    git(&dir, &["init", "-q"]);
    let said = ground.tenfold(&["run", "--check", CHECK, "--repo", dir.to_str().unwrap()]);
    said.expect(0, &["to review, verified"]);
}

#[test]
fn a_shallow_clone_and_one_with_a_submodule_are_worked_on() {
    let ground = Ground::new();
    let from = format!("file://{}", ground.repo().display());
    git(&ground.repo(), &["clone", "-q", "--depth", "1", &from, "../shallow"]);
    git(&ground.repo(), &["clone", "-q", &from, "../outer"]);
    let outer = ground.path("outer");
    let add = ["-c", "protocol.file.allow=always", "submodule", "add", "-q", &from, "inner"];
    git(&outer, &add);
    git(&outer, &["commit", "-q", "-m", "two"]);
    for name in ["shallow", "outer"] {
        let repo = ground.path(name);
        let before = git(&repo, &["status", "--porcelain=v2", "--branch"]);
        let repo_name = repo.to_str().unwrap();
        let said = ground.tenfold(&["run", "--check", CHECK, "--repo", repo_name]);
        said.expect(0, &["to review, verified"]);
        assert_eq!(git(&repo, &["status", "--porcelain=v2", "--branch"]), before, "{name}");
    }
    ground.tenfold(&["accept", "2", "--in-place"]).expect(0, &["accepted into your files"]);
    assert_eq!(std::fs::read_to_string(outer.join("inner/stats.py")).unwrap(), BUGGY);
}

#[test]
fn unusual_files_are_carried_along_and_stay_as_they_are() {
    let ground = Ground::new();
    let repo = ground.repo();
    let names: [&[u8]; 4] = [b"two\nlines", b"not \xff UTF-8", b"a b'c\"d", b"-rf"];
    for name in names {
        std::fs::write(repo.join(OsStr::from_bytes(name)), [0, 159, 146, 150, 10]).unwrap();
    }
    let large = std::fs::File::create(repo.join("large.bin")).unwrap();
    large.set_len(50 << 20).unwrap();
    std::os::unix::fs::symlink("nowhere", repo.join("dangling")).unwrap();
    ground.solved();
    ground.tenfold(&["accept", "1", "--in-place"]).expect(0, &["accepted into your files"]);
    for name in names {
        let bytes = std::fs::read(repo.join(OsStr::from_bytes(name))).unwrap();
        assert_eq!(bytes, [0, 159, 146, 150, 10]);
    }
    assert_eq!(repo.join("large.bin").metadata().unwrap().len(), 50 << 20);
    assert_eq!(repo.join("dangling").read_link().unwrap().to_str(), Some("nowhere"));
}

#[test]
fn lines_end_as_they_did() {
    let ground = Ground::new();
    let file = ground.repo().join("stats.py");
    std::fs::write(&file, BUGGY.replace('\n', "\r\n")).unwrap();
    ground.solved();
    ground.tenfold(&["accept", "1", "--in-place"]).expect(0, &["accepted into your files"]);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("middle - 1"), "{text}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
}

#[test]
fn what_a_check_leaves_running_is_ended_with_it() {
    let ground = Ground::new();
    let check = "(setsid sleep 600 &) ; sleep 600 & python3 -m unittest -q";
    ground.tenfold(&["run", "--check", check]).expect(0, &["to review, verified"]);
    ground.expect_all_ended();
}

#[test]
fn a_file_that_is_no_whole_model_is_refused() {
    let ground = Ground::new();
    std::fs::write(ground.path("short.gguf"), b"GGUF\x03\0\0\0").unwrap();
    std::fs::write(ground.path("other.gguf"), b"no model at all").unwrap();
    for name in ["short.gguf", "other.gguf"] {
        let path = ground.path(name);
        let said = ground.tenfold(&["models", "add", path.to_str().unwrap()]);
        assert!(!matches!(said.code, Some(0 | 70)), "{}{}", said.out, said.err);
        said.expect(said.code.unwrap(), &[name]);
    }
}

#[test]
fn a_check_that_can_not_judge_is_explained_and_not_repaired() {
    let ground = Ground::new();
    let before = ground.persons();
    ground.tenfold(&["run", "--check", "no-such-runner -q"]).expect(8, &["no-such-runner"]);
    let hangs = ["run", "--check", "sleep 600", "--check-timeout", "1s"];
    ground.tenfold(&hangs).expect(8, &["did not end within", "--check-timeout"]);
    assert_eq!(ground.persons(), before);
    ground.expect_all_ended();
}

#[test]
fn a_check_that_prints_without_end_is_kept_short() {
    let ground = Ground::new();
    let said = ground.tenfold(&["run", "--check", "head -c 300000000 /dev/zero; false"]);
    assert!(said.out.len() + said.err.len() < 100_000);
    assert_eq!(said.code, Some(1), "{}", said.err);
}

#[test]
fn values_that_make_no_sense_are_refused_before_anything_begins() {
    let ground = Ground::new();
    for words in [
        &["run", "--budget", "a lot"][..],
        &["run", "--time-limit", "soon"],
        &["run", "--attempts", "0"],
        &["run", "--strategy", "luck"],
        &["show", "three"],
        &["diff", "1.0"],
        &["list", "--state", "done"],
    ] {
        assert_eq!(ground.tenfold(words).code, Some(2), "{words:?}");
    }
    ground.tenfold(&["run", "--model", "none", "--check", CHECK]).expect(4, &["no model 'none'"]);
    ground.tenfold(&["run", "--task-file", "gone"]).expect(4, &["gone"]);
    assert_eq!(ground.tenfold(&["list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn without_the_model_it_says_how_to_get_it() {
    let ground = Ground::new();
    let mut command = ground.command(&["run", "--check", CHECK]);
    let said = command.env_remove("TENFOLD_MODEL_PROGRAM").output().unwrap();
    Said::of(said).expect(9, &["tenfold models pull"]);
}

/// On file systems of a few sizes, so that it is full at one step or another.
#[test]
fn a_full_disk_is_named_and_nothing_is_lost_by_it() {
    let ground = Ground::new();
    let before = ground.persons();
    let mut was_full = false;
    for kib in [60, 150, 300, 450, 600] {
        let data = ground.path(&format!("data-{kib}"));
        std::fs::create_dir(&data).unwrap();
        let script = format!(
            "mount -t tmpfs -o size={kib}k tmpfs \"$TENFOLD_DATA_DIR\" || exit 99\n\
             \"$0\" run --check '{CHECK}'; echo \"first: $?\"\n\
             mount -o remount,size=64m \"$TENFOLD_DATA_DIR\" || exit 99\n\
             exec \"$0\" run --check '{CHECK}'"
        );
        let own = ground.command(&[]);
        let mut command = Command::new("unshare");
        if !nix::unistd::geteuid().is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.args(["--mount", "sh", "-c", &script]).arg(own.get_program());
        command.current_dir(ground.repo());
        command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let said = Said::of(command.env("TENFOLD_DATA_DIR", &data).output().unwrap());
        said.expect(0, &["to review, verified"]);
        let first_fits = said.out.contains("first: 0");
        was_full |= !first_fits;
        assert!(first_fits || said.out.contains("first: 10"), "{kib}: {}{}", said.out, said.err);
        assert!(first_fits || said.err.contains("the disk is full"), "{kib}: {}", said.err);
        assert_eq!(ground.persons(), before);
    }
    assert!(was_full, "no size was too small, so nothing was tested");
    ground.expect_all_ended();
}
