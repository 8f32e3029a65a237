//! What this machine has and lacks, each lack with what to do about it.

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::tz::TimeZone;
use serde::Serialize;
use tenfold_domain::{Bytes, MakeRoom, Millis, Taken, Timestamp};
use tenfold_engine::{CompactTerms, would_compact};
use tenfold_models::Presence;
use tenfold_sandbox::{ProbeLine, ProbeOptions, Sandbox};
use tenfold_store::{Compacted, EngineLock, Reader, Store, StoreError};
use utoipa::ToSchema;

use crate::defaults::Defaults;
use crate::{DeskError, House, room};

/// The accounts may be so much ahead of the clock, in milliseconds.
const AHEAD_MS: u64 = 3_600_000;
/// Room for a worktree's layers and the journal.
const ROOM_BYTES: u64 = 2_000_000_000;

/// What the program knows of itself and of what it may do, and no folder tells.
#[derive(Debug, Clone)]
pub struct Machine {
    /// This very binary, which is started again for the sandbox's helpers; absolute.
    pub program: PathBuf,
    /// The build features it was built with.
    pub features: Vec<&'static str>,
    /// Whether the weaker sandbox is allowed.
    pub allow_below_a: bool,
    /// How room is made when work has ended; none where as much may be taken as there is.
    pub room: Option<MakeRoom>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DoctorLine {
    /// What it belongs to.
    pub area: String,
    /// What was looked at.
    pub what: String,
    /// Whether it is well.
    pub ok: bool,
    /// What was found.
    pub detail: String,
    /// What to do; empty if there is nothing to do.
    pub fix: String,
    /// Whether Tenfold can't work without it.
    pub needed: bool,
}

impl DoctorLine {
    fn good(area: &str, what: impl Into<String>, detail: impl Into<String>) -> Self {
        let (area, what, detail) = (area.to_owned(), what.into(), detail.into());
        Self { area, what, ok: true, detail, fix: String::new(), needed: false }
    }

    fn bad(
        area: &str,
        what: impl Into<String>,
        detail: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let (what, detail, fix) = (what.into(), detail.into(), fix.into());
        Self { area: area.to_owned(), what, ok: false, detail, fix, needed: true }
    }

    fn not_needed(self) -> Self {
        Self { needed: false, ..self }
    }
}

/// Looks at everything. It starts programs and reads the whole store: that takes a moment.
pub fn doctor(house: &House, machine: &Machine, now: Timestamp) -> Vec<DoctorLine> {
    let mut lines = vec![version(machine)];
    lines.extend(sandbox(machine));
    lines.push(network(house));
    lines.extend(models(house));
    lines.push(git());
    lines.push(records(house));
    lines.extend(clock(house, now));
    lines.extend(free(house));
    lines.push(taken_by_kind(house, machine.room));
    lines.push(would_be_free(house, now));
    lines.extend(would_be_taken_out(house, now));
    lines
}

/// Whether something is missing that Tenfold can't work without.
pub fn is_missing(lines: &[DoctorLine]) -> bool {
    lines.iter().any(|line| line.needed && !line.ok)
}

/// Whether commands have a network.
fn network(house: &House) -> DoctorLine {
    const WHAT: &str = "network of commands";
    match house.policy() {
        Ok(policy) if policy.allows_hosts() => DoctorLine::good(
            "policy",
            WHAT,
            "the hosts that it allows, in tier A; checks have none",
        ),
        Ok(_) => DoctorLine::good("policy", WHAT, "none: it allows no host"),
        Err(error) => {
            let fix = "correct it; `tenfold policy test` says when it reads";
            DoctorLine::bad("policy", WHAT, error.to_string(), fix)
        }
    }
}

fn version(machine: &Machine) -> DoctorLine {
    let detail = match machine.features.as_slice() {
        [] => "built without embedded inference".to_owned(),
        features => format!("built with {}", features.join(", ")),
    };
    DoctorLine::good("tenfold", format!("version {}", env!("CARGO_PKG_VERSION")), detail)
}

fn sandbox(machine: &Machine) -> Vec<DoctorLine> {
    let options = ProbeOptions { allow_below_a: machine.allow_below_a, ..ProbeOptions::default() };
    let helper = machine.program.clone();
    let probes = Sandbox::survey(helper.clone(), &options);
    // Without a tier nothing runs; a probe that fails beside a tier that works is only told.
    let tier = match Sandbox::probe(helper, options) {
        Ok(sandbox) => DoctorLine::good("sandbox", "tier", sandbox.tier().to_string()),
        Err(error) => {
            let fix = "see the lines of the sandbox below";
            DoctorLine::bad("sandbox", "tier", error.to_string(), fix)
        }
    };
    let probe = |probe: ProbeLine| DoctorLine {
        area: "sandbox".to_owned(),
        what: probe.what,
        ok: probe.ok,
        detail: probe.detail,
        fix: probe.fix,
        needed: false,
    };
    std::iter::once(tier).chain(probes.into_iter().map(probe)).collect()
}

fn models(house: &House) -> Vec<DoctorLine> {
    let catalogue = match house.catalogue() {
        Ok(catalogue) => catalogue,
        Err(error) => {
            let file = house.model_dirs.user_file().display().to_string();
            return vec![DoctorLine::bad(
                "models",
                "catalogue",
                error.to_string(),
                format!("correct {file}"),
            )];
        }
    };
    let listed = catalogue.list(&house.model_dirs);
    let line = |listed: &tenfold_models::Listed| {
        let name = listed.entry.name.clone();
        let pull = format!("`tenfold models pull {name}`");
        let line = match listed.presence {
            Presence::Present => DoctorLine::good("models", name, "here"),
            Presence::Partly { .. } => DoctorLine::bad("models", name, "partly here", pull),
            Presence::WrongSize { .. } => DoctorLine::bad("models", name, "damaged", pull),
            Presence::Absent => DoctorLine::bad("models", name, "not here", pull),
        };
        // The default model is the one that is needed; the others are a choice.
        if listed.default { line } else { DoctorLine { fix: String::new(), ..line }.not_needed() }
    };
    let hosted = |hosted: &tenfold_models::Hosted| match &hosted.key {
        Some(variable) if tenfold_models::key(variable).is_none() => {
            let fix = format!("`export {variable}=…`, or `tenfold models key {variable}`");
            let what = format!("{variable} is neither set nor in the keyring");
            DoctorLine::bad("models", &hosted.name, what, fix).not_needed()
        }
        _ => DoctorLine::good("models", &hosted.name, "connected"),
    };
    listed.iter().map(line).chain(catalogue.hosted().iter().map(hosted)).collect()
}

fn git() -> DoctorLine {
    let fix = "install git (Debian, Ubuntu: `apt-get install git`)";
    match Command::new("git").arg("--version").output() {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            DoctorLine::good("git", "version", said.trim().trim_start_matches("git version "))
        }
        Ok(output) => DoctorLine::bad("git", "version", output.status.to_string(), fix),
        Err(error) => DoctorLine::bad("git", "version", error.to_string(), fix),
    }
}

/// Whether the accounts are ahead of this machine's clock: it was once, or it is behind now. A
/// little is nothing, since clocks are put right all the time.
fn clock(house: &House, now: Timestamp) -> Option<DoctorLine> {
    const WHAT: &str = "clock of the accounts";
    // What is wrong with the records themselves is said of them.
    let latest = house.ledger().ok()?.latest();
    if latest.0 <= now.0.saturating_add(AHEAD_MS) {
        return Some(DoctorLine::good("records", WHAT, "as this machine's"));
    }
    let ahead = Millis(latest.0 - now.0);
    Some(DoctorLine::bad(
        "records",
        WHAT,
        format!("{ahead} ahead of this machine's: no limit begins anew until then"),
        "put this machine's clock right; if it is right, `tenfold account put-clock-right`",
    ))
}

fn records(house: &House) -> DoctorLine {
    let what = "store";
    let held = match EngineLock::holder(&house.places.data) {
        Ok(None) => String::new(),
        Ok(Some(holder)) => {
            let process = holder.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
            let since = holder.since.map(here).unwrap_or_else(|| "now".to_owned());
            format!("; an engine runs{process} since {since}")
        }
        Err(error) => {
            return DoctorLine::bad("records", what, error.to_string(), "see what it says");
        }
    };
    let path = house.places.store_file();
    let checked = Store::read_only(&path).and_then(|reader| reader.view()?.verify());
    let place = path.display();
    match checked {
        Ok(()) => DoctorLine::good("records", what, format!("sound, at {place}{held}")),
        Err(StoreError::Missing { .. }) => DoctorLine::good(
            "records",
            what,
            format!("none yet; the first task makes it at {place}"),
        ),
        Err(error) => DoctorLine::bad("records", what, error.to_string(), "see what it says"),
    }
}

/// What takes how much, and whether that is more than it may be.
fn taken_by_kind(house: &House, room: Option<MakeRoom>) -> DoctorLine {
    const WHAT: &str = "taken";
    let taken = tenfold_engine::taken(&house.places);
    let Taken { journal, workspaces, work, setups, other, models } = taken;
    let mut detail = format!(
        "{}: journal {journal}, files of tasks {workspaces}, work in progress {work}, setup layers \
         {setups}, other {other}; models {models} besides",
        taken.total()
    );
    let Some(most) = room.and_then(|room| room.most) else {
        return DoctorLine::good("disk", WHAT, detail);
    };
    detail += &format!("; at most {most}");
    if taken.total() <= most {
        return DoctorLine::good("disk", WHAT, detail);
    }
    let fix = "`tenfold gc`, review tasks, or set TENFOLD_DISK_MAX";
    DoctorLine::bad("disk", WHAT, detail, fix).not_needed()
}

/// What `tenfold gc` would do.
fn would_be_free(house: &House, now: Timestamp) -> DoctorLine {
    const WHAT: &str = "`tenfold gc`";
    let terms = MakeRoom { keep: Defaults::shipped().disk.gc_keep, most: None };
    match room::would_go(house, &terms, now) {
        Ok(made) => {
            let tasks = made.tasks.len();
            let detail = format!(
                "would free about {} ({tasks} reviewed tasks, {} setup layers)",
                made.freed, made.setups
            );
            DoctorLine::good("disk", WHAT, detail)
        }
        Err(error) => {
            let fix = "see what it says";
            DoctorLine::bad("disk", WHAT, error.to_string(), fix).not_needed()
        }
    }
}

/// What `tenfold store compact` would do; nothing where nothing was ever asked for.
fn would_be_taken_out(house: &House, now: Timestamp) -> Option<DoctorLine> {
    const WHAT: &str = "`tenfold store compact`";
    let terms = CompactTerms { older_than: room::COMPACT_KEEP, unfinished: false };
    let would = house.reader().and_then(|reader| {
        let would =
            |reader: Reader| Ok::<_, DeskError>(would_compact(&reader.view()?, terms, now)?);
        reader.map(would).transpose()
    });
    match would.transpose()? {
        Ok(Compacted { attempts, bytes, .. }) => {
            let detail = format!("would take out {bytes}, with the steps of {attempts} attempts");
            Some(DoctorLine::good("disk", WHAT, detail))
        }
        Err(error) => {
            let fix = "see what it says";
            Some(DoctorLine::bad("disk", WHAT, error.to_string(), fix).not_needed())
        }
    }
}

fn free(house: &House) -> Vec<DoctorLine> {
    let folders = [
        ("data", house.places.data.as_path()),
        ("cache", house.places.cache.as_path()),
        ("models", house.model_dirs.cache()),
    ];
    folders.into_iter().map(|(what, folder)| free_in(what, folder)).collect()
}

// The two numbers have other types on other systems.
#[allow(clippy::useless_conversion)]
fn free_in(what: &str, folder: &Path) -> DoctorLine {
    // A folder that is not there yet will lie on the disk of the nearest one above it.
    let there = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("/"));
    let place = folder.display();
    match nix::sys::statvfs::statvfs(there) {
        Err(error) => {
            let fix = "make it readable for this user";
            DoctorLine::bad("disk", what, format!("can't look at {place}: {error}"), fix)
        }
        Ok(found) => {
            let free = u64::from(found.blocks_available())
                .saturating_mul(u64::from(found.fragment_size()));
            let detail = format!("{} free at {place}", Bytes(free));
            if free >= ROOM_BYTES {
                return DoctorLine::good("disk", what, detail);
            }
            let fix = format!("make room: {} are wanted", Bytes(ROOM_BYTES));
            DoctorLine::bad("disk", what, detail, fix).not_needed()
        }
    }
}

/// A moment on this machine's clock.
fn here(at: Timestamp) -> String {
    let at = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(
        || "an unknown time".to_owned(),
        |at| TimeZone::system().to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_missing_only_if_it_is_needed_and_not_well() {
        let good = DoctorLine::good("git", "version", "2");
        let bad = DoctorLine::bad("models", "m", "not here", "get it");
        assert!(!is_missing(&[good.clone(), bad.clone().not_needed()]));
        assert!(is_missing(&[good, bad]));
        assert_eq!(here(Timestamp(u64::MAX)), "an unknown time");
    }
}
