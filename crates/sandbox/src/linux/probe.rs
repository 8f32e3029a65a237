//! Finds the strongest tier by using it: a real command runs in it and tries to break out.
//! Flags of the kernel and versions of programs are read only to say how to mend what failed.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tenfold_domain::{Bytes, Millis};

use super::stage::INNER_HELPER;
use super::{Sandbox, attack, cgroup, engine_side, tree};
use crate::spec::{Place, View};
use crate::{End, Job, Limits, Part, ProbeLine, ProbeOptions, SandboxError, Tier, Toolchains};

/// The user that commands run as where the engine is root. Below 65,536, so that it exists in
/// a container's range of users; in a gap that neither systemd nor the distributions hand out.
const USER: u32 = 65_525;

const INSTALL: &str = "install bubblewrap: apt-get install bubblewrap (Debian, Ubuntu), dnf \
                       install bubblewrap (Fedora), pacman -S bubblewrap (Arch)";

const NEWER_KERNEL: &str = "use a kernel with Landlock (5.13, 2021)";
const OTHER_USER: &str = "start Tenfold as a user who is not root";

/// Tries the tiers from the strongest down.
pub(super) fn find(
    helper: &Path,
    options: &ProbeOptions,
) -> (Vec<ProbeLine>, Result<Sandbox, SandboxError>) {
    let work = options.work.clone().unwrap_or_else(std::env::temp_dir);
    let drop_to = nix::unistd::geteuid().is_root().then_some(USER);
    let bwrap = bubblewrap();
    let mut lines = vec![bubblewrap_line(bwrap.as_deref())];
    let has = |part| !options.without.contains(&part);
    let cgroups = if has(Part::Cgroups) { cgroup::find() } else { None };
    if let Some(place) = &cgroups {
        cgroup::sweep(place);
    }
    lines.push(match &cgroups {
        Some(place) if place.unified => ProbeLine::good("limits", "control groups, version 2"),
        Some(_) => ProbeLine::good("limits", "control groups, version 1"),
        None => ProbeLine::good("limits", "a watchdog: no control group can be made here"),
    });
    let place = |tier, view| Place {
        tier,
        helper: helper.to_owned(),
        bwrap: bwrap.clone(),
        drop_to,
        view,
        cgroups: cgroups.clone(),
    };
    let best = if has(Part::Overlay) { View::Overlay } else { View::Copy };
    let reasons = if has(Part::TierA) {
        match tier_a(&place(Tier::A, best), &work) {
            Ok((place, tried)) => return found(place, lines, tried),
            Err(why) => why,
        }
    } else {
        "tier A was passed over as asked".to_owned()
    };
    let fix = mend_a(bwrap.is_some());
    lines.push(ProbeLine::bad("tier A", &reasons, &fix));
    match tier_b(&place(Tier::B, View::Copy), &work) {
        Ok(tried) if options.allow_below_a => found(place(Tier::B, View::Copy), lines, tried),
        Ok(tried) => {
            lines.extend(tried);
            lines.push(ProbeLine::bad("tier B", "works, and nobody has allowed it", &fix));
            (lines, Err(SandboxError::BelowA { reasons, fix }))
        }
        Err(why) => {
            let mend_b = if drop_to.is_some() { OTHER_USER } else { NEWER_KERNEL };
            lines.push(ProbeLine::bad("tier B", &why, mend_b));
            let reasons = format!("tier A: {reasons}; tier B: {why}");
            let fix = if drop_to.is_some() { format!("{fix}; or {OTHER_USER}") } else { fix };
            (lines, Err(SandboxError::Refused { reasons, fix }))
        }
    }
}

fn found(
    place: Place,
    mut lines: Vec<ProbeLine>,
    tried: Vec<ProbeLine>,
) -> (Vec<ProbeLine>, Result<Sandbox, SandboxError>) {
    lines.extend(tried);
    lines.push(ProbeLine::good(
        "view",
        match place.view {
            View::Overlay => "an overlay: nothing is copied",
            View::Copy => "a copy of the files for each run",
        },
    ));
    lines.push(ProbeLine::good(
        "user",
        match place.drop_to {
            Some(user) => format!("commands run as user {user}, since this is root"),
            None => "commands run as you, in a user namespace".to_owned(),
        },
    ));
    lines.push(match place.tier {
        Tier::A => ProbeLine::good("tier", "A"),
        Tier::B => ProbeLine::bad(
            "tier",
            "B: weaker, allowed by the operator",
            mend_a(place.bwrap.is_some()),
        ),
    });
    let report = Arc::from(lines.clone());
    (lines, Ok(Sandbox { place: Arc::new(place), spares: Arc::default(), report, stand_in: None }))
}

/// Tier A with as much comfort as works: with an overlay or with copies, with control groups
/// or with the watchdog.
fn tier_a(best: &Place, work: &Path) -> Result<(Place, Vec<ProbeLine>), String> {
    if best.bwrap.is_none() {
        return Err("bubblewrap is not installed".to_owned());
    }
    let without_groups = Place { cgroups: None, ..best.clone() };
    let mut ways = vec![best.clone(), without_groups];
    ways.extend(ways.clone().into_iter().map(|place| Place { view: View::Copy, ..place }));
    let mut first_failure = None;
    for place in ways {
        match try_place(&place, work) {
            Ok(tried) => return Ok((place, tried)),
            Err(why) => first_failure.get_or_insert(why),
        };
    }
    Err(first_failure.unwrap_or_default())
}

/// Tier B has no mounts. As root it would run commands as a user who can't look into root's
/// own folders, where the view and the rest of it lie.
fn tier_b(place: &Place, work: &Path) -> Result<Vec<ProbeLine>, String> {
    match place.drop_to {
        Some(user) => {
            Err(format!("commands would run as user {user}, who can't reach root's files"))
        }
        None => try_place(place, work),
    }
}

/// Runs the attacks; the lines if all walls held, else the first that did not.
fn try_place(place: &Place, work: &Path) -> Result<Vec<ProbeLine>, String> {
    let dir = private_dir(work).map_err(|error| {
        format!("could not make a directory for the probes in {}: {error}", work.display())
    })?;
    let result = try_in(place, &dir);
    let _ = fs::remove_dir_all(&dir);
    result
}

fn try_in(place: &Place, dir: &Path) -> Result<Vec<ProbeLine>, String> {
    let failed = |error: io::Error| format!("could not prepare the probe: {error}");
    let path = |name: &str| dir.join(name);
    for name in ["layer", "upper"] {
        fs::create_dir(path(name)).map_err(failed)?;
    }
    fs::write(path("layer/seen"), "x").map_err(failed)?;
    fs::write(path("secret"), "x").map_err(failed)?;
    if let Some(user) = place.drop_to {
        tree::give(&path("layer"), user).map_err(failed)?;
    }
    let helper = match place.tier {
        Tier::A => Path::new(INNER_HELPER),
        Tier::B => &place.helper,
    };
    let job = Job {
        command: format!(
            "exec {} sandbox-inner attack {}",
            quote(helper)?,
            quote(&path("secret"))?
        ),
        at: path("at"),
        workdir: path("at"),
        layers: vec![path("layer")],
        upper: path("upper"),
        binds: Toolchains::system().binds,
        env: Vec::new(),
        limits: Limits { wall: Millis(10_000), output: Bytes(65_536), ..Limits::default() },
        scratch: path("scratch"),
        log: None,
        record: None,
    };
    let exit = engine_side::run_blocking(place, &job).map_err(|error| error.to_string())?;
    let output = String::from_utf8_lossy(&exit.output).into_owned();
    if exit.end != End::Code(0) {
        return Err(format!("the probe in it failed ({}): {}", exit.end, output.trim()));
    }
    let tried: Vec<_> = output.lines().filter_map(attack::parse_line).collect();
    if let Some((_, what, detail)) = tried.iter().find(|(held, _, _)| !held) {
        return Err(format!("{what}: {detail}"));
    }
    if tried.is_empty() || path("written-from-inside").exists() || path("layer/mark").exists() {
        return Err("a file was written where none may be".to_owned());
    }
    if !path("upper/mark").exists() {
        return Err("what was written to the view is not in its upper directory".to_owned());
    }
    let arrived = ProbeLine::good("write a file on the host", "nothing arrives there");
    let held = tried.into_iter().map(|(_, what, detail)| ProbeLine::good(what, detail));
    Ok(held.chain([arrived]).collect())
}

/// For the shell: between single quotes.
fn quote(path: &Path) -> Result<String, String> {
    let text = path.to_str().ok_or_else(|| format!("{} is no text", path.display()))?;
    Ok(format!("'{}'", text.replace('\'', "'\\''")))
}

/// A directory that nobody else can have made or look into.
fn private_dir(work: &Path) -> io::Result<PathBuf> {
    let mut number = 0;
    loop {
        let dir = work.join(format!("tenfold-probe-{}-{number}", std::process::id()));
        match fs::DirBuilder::new().mode(0o700).create(&dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1_000 => {
                number += 1;
            }
            result => return result.and_then(|()| dir.canonicalize()),
        }
    }
}

fn bubblewrap() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/bin"), PathBuf::from("/usr/local/bin")])
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join("bwrap"))
        .find(|file| fs::metadata(file).is_ok_and(|meta| meta.permissions().mode() & 0o111 != 0))
}

fn bubblewrap_line(bwrap: Option<&Path>) -> ProbeLine {
    let Some(bwrap) = bwrap else {
        return ProbeLine::bad("bubblewrap", "is not installed", INSTALL);
    };
    match Command::new(bwrap).arg("--version").env_clear().output() {
        Ok(output) => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            ProbeLine::good("bubblewrap", format!("{version}, {}", bwrap.display()))
        }
        Err(error) => ProbeLine::bad("bubblewrap", format!("does not start: {error}"), INSTALL),
    }
}

/// What to do where tier A fails, by what the kernel says of itself.
fn mend_a(installed: bool) -> String {
    if !installed {
        return INSTALL.to_owned();
    }
    let setting = |name: &str| {
        let text = fs::read_to_string(Path::new("/proc/sys").join(name)).unwrap_or_default();
        text.trim().parse::<i64>().ok()
    };
    if setting("kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
        return "this distribution restricts user namespaces: sysctl -w \
                kernel.apparmor_restrict_unprivileged_userns=0, or install its AppArmor \
                profile for bwrap"
            .to_owned();
    }
    if setting("kernel/unprivileged_userns_clone") == Some(0) {
        return "allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1".to_owned();
    }
    if setting("user/max_user_namespaces") == Some(0) {
        return "allow user namespaces: sysctl -w user.max_user_namespaces=15000".to_owned();
    }
    "see the reason above; in a container, allow user namespaces (docker run \
     --security-opt seccomp=unconfined --security-opt apparmor=unconfined)"
        .to_owned()
}
