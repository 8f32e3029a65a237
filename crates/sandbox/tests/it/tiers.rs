//! How a tier is found, and what the weaker one still holds.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use tenfold_domain::{Bytes, Millis};
use tenfold_sandbox::{Bind, End, Part, ProbeOptions, Sandbox, SandboxError, Tier};
use tokio::sync::watch;

use crate::escape::{USER, again, is_root};
use crate::setup::{Scene, helper, sandbox, text};

#[test]
fn tier_a_is_found_and_reported() {
    assert_eq!(sandbox().tier(), Tier::A);
    let report = sandbox().report();
    assert!(report.iter().all(|line| line.ok), "{report:?}");
    for what in ["read a file of the host", "mount a file system", "reach the network by UDP"] {
        assert!(report.iter().any(|line| line.what == what), "{report:?}");
    }
}

#[test]
fn without_a_working_helper_everything_is_refused() {
    let error = Sandbox::probe(PathBuf::from("/bin/true"), ProbeOptions::default()).unwrap_err();
    assert!(matches!(error, SandboxError::Refused { .. }), "{error}");
    let lines = Sandbox::survey(PathBuf::from("/bin/true"), &ProbeOptions::default());
    assert!(lines.iter().any(|line| !line.ok && !line.fix.is_empty()), "{lines:?}");
}

fn without_tier_a(allow_below_a: bool) -> Result<Sandbox, SandboxError> {
    let without = vec![Part::TierA];
    Sandbox::probe(helper(), ProbeOptions { allow_below_a, without, ..Default::default() })
}

#[test]
fn as_root_there_is_no_weaker_tier_and_what_to_do_is_said() {
    if !is_root() {
        return;
    }
    let error = without_tier_a(true).unwrap_err();
    assert!(matches!(error, SandboxError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("a user who is not root"), "{error}");
}

/// Tier B is for people, and tests may be run by root: then this one runs once more, as
/// somebody. Returns whether that is done, or can't be.
fn is_done_as_a_person(test: &str) -> bool {
    if !is_root() {
        return false;
    }
    let as_a_person = |mut command: Command| command.uid(USER).gid(USER).current_dir("/").output();
    let mut looks = Command::new("/bin/sh");
    looks.args(["-c", "test -x \"$0\""]).arg(helper());
    if !as_a_person(looks).unwrap().status.success() {
        eprintln!("SKIPPED: nobody but root can reach {}", helper().display());
        return true;
    }
    again(test, &|command| as_a_person(command).unwrap())
}

fn below_a() -> Option<Sandbox> {
    match without_tier_a(true) {
        Ok(sandbox) => Some(sandbox),
        Err(error) => {
            eprintln!("SKIPPED: tier B does not work here: {error}");
            None
        }
    }
}

#[test]
fn the_weaker_tier_needs_a_word() {
    if is_done_as_a_person("tiers::the_weaker_tier_needs_a_word") || below_a().is_none() {
        return;
    }
    let error = without_tier_a(false).unwrap_err();
    assert!(matches!(error, SandboxError::BelowA { .. }), "{error}");
}

#[tokio::test]
async fn the_weaker_tier_holds_files_and_network_and_ends_daemons() {
    if is_done_as_a_person("tiers::the_weaker_tier_holds_files_and_network_and_ends_daemons") {
        return;
    }
    let Some(weaker) = below_a() else { return };
    assert_eq!(weaker.tier(), Tier::B);
    let mut scene = Scene::new();
    let mark = crate::setup::mark();
    let secret = scene.path("secret");
    let job = scene.job_for(
        &weaker,
        &format!(
            "cat below; echo x > made; cat '{0}'; echo x > '{0}'; \
             bash -c 'echo x > /dev/udp/192.0.2.1/9' 2>/dev/null && echo reached; \
             setsid sleep {mark} >/dev/null 2>&1 & exit 3",
            secret.display()
        ),
    );
    let (_stay, cancel) = watch::channel(false);
    let exit = weaker.run(&job, &cancel).await.unwrap();
    assert_eq!((exit.end, exit.tier), (End::Code(3), Tier::B), "{}", text(&exit));
    assert!(text(&exit).starts_with("as it was"), "{}", text(&exit));
    assert!(!text(&exit).contains("canary") && !text(&exit).contains("reached"));
    assert_eq!(std::fs::read_to_string(secret).unwrap(), "canary");
    assert!(scene.upper().join("made").exists());
    assert_eq!(crate::setup::alive(&mark), 0);
}

/// The ways around what another machine lacks, on a machine that lacks nothing.
#[tokio::test]
async fn without_overlay_and_control_groups_everything_still_holds() {
    for without in [vec![Part::Overlay], vec![Part::Cgroups], vec![Part::Overlay, Part::Cgroups]] {
        let options = ProbeOptions { without: without.clone(), ..ProbeOptions::default() };
        let plain = Sandbox::probe(helper(), options).unwrap();
        assert_eq!(plain.tier(), Tier::A);
        let mut scene = Scene::new();
        let (_stay, cancel) = watch::channel(false);

        let modules = scene.path("modules");
        std::fs::create_dir(&modules).unwrap();
        std::fs::write(modules.join("m"), "module").unwrap();
        let mut job = scene.job_for(&plain, "cat below node_modules/m; echo x > made");
        job.binds.push(Bind { source: modules, dest: scene.at().join("node_modules") });
        let exit = plain.run(&job, &cancel).await.unwrap();
        assert_eq!(text(&exit), "as it wasmodule", "{without:?}");
        assert!(scene.upper().join("made").exists(), "{without:?}");
        assert!(!scene.path("layer/made").exists(), "{without:?}");

        if without.contains(&Part::Cgroups) {
            scene.limits.wall = Millis(60_000);
            scene.limits.processes = 40;
            let job = scene.job_for(&plain, "for i in $(seq 100); do sleep 60 & done; wait");
            let exit = plain.run(&job, &cancel).await.unwrap();
            assert_eq!(exit.end, End::TooManyProcesses, "{}", text(&exit));
            scene.limits.memory = Bytes(64 << 20);
            let hog = "head -c 300000000 /dev/zero | tail -c 299999999 | sleep 60";
            let job = scene.job_for(&plain, hog);
            let exit = plain.run(&job, &cancel).await.unwrap();
            assert_eq!(exit.end, End::OutOfMemory, "{}", text(&exit));
        }
    }
}
