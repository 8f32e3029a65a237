//! How a tier is found, and what the weaker one still holds.

use std::path::PathBuf;

use tenfold_sandbox::{End, ProbeOptions, Sandbox, SandboxError, Tier};
use tokio::sync::watch;

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

fn below_a() -> Option<Sandbox> {
    let options = ProbeOptions { allow_below_a: true, skip_tier_a: true, work: None };
    match Sandbox::probe(helper(), options) {
        Ok(sandbox) => Some(sandbox),
        Err(error) => {
            eprintln!("SKIPPED: tier B does not work here: {error}");
            None
        }
    }
}

#[test]
fn the_weaker_tier_needs_a_word() {
    if below_a().is_none() {
        return;
    }
    let options = ProbeOptions { skip_tier_a: true, ..ProbeOptions::default() };
    let error = Sandbox::probe(helper(), options).unwrap_err();
    assert!(matches!(error, SandboxError::BelowA { .. }), "{error}");
}

#[tokio::test]
async fn the_weaker_tier_holds_files_and_network_and_ends_daemons() {
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
