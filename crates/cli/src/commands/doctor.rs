//! `tenfold doctor`: what this machine has and lacks, each lack with what to do about it.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use clap::Args;
use serde::Serialize;
use tenfold_domain::{Bytes, MakeRoom, Taken};
use tenfold_engine::{CompactTerms, would_compact};
use tenfold_models::Presence;
use tenfold_sandbox::{ProbeOptions, Sandbox};
use tenfold_store::{Compacted, EngineLock, Reader, Store, StoreError};

use crate::arguments::Format;
use crate::commands::{gc, store};
use crate::context::Context;
use crate::exit::Exit;
use crate::report;
use crate::terminal::{self, DIM, GREEN, RED, one_line, styled, visible};
use crate::trouble::Trouble;

/// Room for a worktree's layers and the journal.
const ROOM_BYTES: u64 = 2_000_000_000;

/// Say what this machine has and lacks, and what to do about it
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    format: Format,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Line {
    area: &'static str,
    what: String,
    ok: bool,
    detail: String,
    /// What to do; empty if there is nothing to do.
    fix: String,
    /// Whether Tenfold can't work without it.
    needed: bool,
}

impl Line {
    fn good(area: &'static str, what: impl Into<String>, detail: impl Into<String>) -> Self {
        let (what, detail) = (what.into(), detail.into());
        Self { area, what, ok: true, detail, fix: String::new(), needed: false }
    }

    fn bad(
        area: &'static str,
        what: impl Into<String>,
        detail: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let (what, detail, fix) = (what.into(), detail.into(), fix.into());
        Self { area, what, ok: false, detail, fix, needed: true }
    }

    fn not_needed(self) -> Self {
        Self { needed: false, ..self }
    }
}

/// Performs the command. The exit code says whether something needed is missing.
pub(crate) fn run(context: &Context, args: &DoctorArgs) -> Result<Exit, Trouble> {
    let mut lines = vec![version(context)];
    lines.extend(sandbox(context));
    lines.push(network(context));
    lines.extend(models(context));
    lines.push(git());
    lines.push(records(context));
    lines.extend(room(context));
    lines.push(taken_by_kind(context));
    lines.push(would_be_free(context));
    lines.extend(would_be_taken_out(context));
    if args.format.json {
        terminal::print_json(&lines)?;
    } else {
        terminal::print(&lines.iter().map(shown).collect::<String>())?;
    }
    let missing = lines.iter().any(|line| line.needed && !line.ok);
    Ok(if missing { Exit::Missing } else { Exit::Done })
}

fn shown(line: &Line) -> String {
    let mark = if line.ok { styled(GREEN, "ok ") } else { styled(RED, "NO ") };
    let area = styled(DIM, format_args!("{:<8}", line.area));
    let (what, detail) = (one_line(&line.what, 120), one_line(&line.detail, 400));
    let fix = match line.fix.as_str() {
        "" => String::new(),
        fix => format!("             to do: {}\n", visible(fix)),
    };
    format!("{mark} {area} {what}: {detail}\n{fix}")
}

/// Whether commands have a network.
fn network(context: &Context) -> Line {
    const WHAT: &str = "network of commands";
    match context.house.policy() {
        Ok(policy) if policy.allows_hosts() => {
            Line::good("policy", WHAT, "the hosts that it allows, in tier A; checks have none")
        }
        Ok(_) => Line::good("policy", WHAT, "none: it allows no host"),
        Err(trouble) => {
            let fix = "correct it; `tenfold policy test` says when it reads";
            Line::bad("policy", WHAT, trouble.to_string(), fix)
        }
    }
}

fn version(context: &Context) -> Line {
    let detail = match context.program.features.as_slice() {
        [] => "built without embedded inference".to_owned(),
        features => format!("built with {}", features.join(", ")),
    };
    Line::good("tenfold", format!("version {}", env!("CARGO_PKG_VERSION")), detail)
}

fn sandbox(context: &Context) -> Vec<Line> {
    let options = ProbeOptions { allow_below_a: context.allow_tier_b, ..ProbeOptions::default() };
    let helper = context.program.path.clone();
    let probes = Sandbox::survey(helper.clone(), &options);
    // Without a tier nothing runs; a probe that fails beside a tier that works is only told.
    let tier = match Sandbox::probe(helper, options) {
        Ok(sandbox) => Line::good("sandbox", "tier", sandbox.tier().to_string()),
        Err(error) => {
            let fix = "see the lines of the sandbox below";
            Line::bad("sandbox", "tier", error.to_string(), fix)
        }
    };
    let probe = |probe: tenfold_sandbox::ProbeLine| Line {
        area: "sandbox",
        what: probe.what,
        ok: probe.ok,
        detail: probe.detail,
        fix: probe.fix,
        needed: false,
    };
    std::iter::once(tier).chain(probes.into_iter().map(probe)).collect()
}

fn models(context: &Context) -> Vec<Line> {
    let catalogue = match context.catalogue() {
        Ok(catalogue) => catalogue,
        Err(trouble) => {
            let file = context.house.model_dirs.user_file().display().to_string();
            return vec![Line::bad(
                "models",
                "catalogue",
                trouble.to_string(),
                format!("correct {file}"),
            )];
        }
    };
    let listed = catalogue.list(&context.house.model_dirs);
    let line = |listed: &tenfold_models::Listed| {
        let name = listed.entry.name.clone();
        let pull = format!("`tenfold models pull {name}`");
        let line = match listed.presence {
            Presence::Present => Line::good("models", name, "here"),
            Presence::Partly { .. } => Line::bad("models", name, "partly here", pull),
            Presence::WrongSize { .. } => Line::bad("models", name, "damaged", pull),
            Presence::Absent => Line::bad("models", name, "not here", pull),
        };
        // The default model is the one that is needed; the others are a choice.
        if listed.default { line } else { Line { fix: String::new(), ..line }.not_needed() }
    };
    let hosted = |hosted: &tenfold_models::Hosted| match &hosted.key {
        Some(variable) if tenfold_models::key(variable).is_none() => {
            let fix = format!("`export {variable}=…`, or `tenfold models key {variable}`");
            let what = format!("{variable} is neither set nor in the keyring");
            Line::bad("models", &hosted.name, what, fix).not_needed()
        }
        _ => Line::good("models", &hosted.name, "connected"),
    };
    listed.iter().map(line).chain(catalogue.hosted().iter().map(hosted)).collect()
}

fn git() -> Line {
    let fix = "install git (Debian, Ubuntu: `apt-get install git`)";
    match Command::new("git").arg("--version").output() {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout);
            Line::good("git", "version", said.trim().trim_start_matches("git version "))
        }
        Ok(output) => Line::bad("git", "version", output.status.to_string(), fix),
        Err(error) => Line::bad("git", "version", error.to_string(), fix),
    }
}

fn records(context: &Context) -> Line {
    let what = "store";
    let held = match EngineLock::holder(&context.house.places.data) {
        Ok(None) => String::new(),
        Ok(Some(holder)) => {
            let process = holder.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default();
            let since = holder.since.map(report::moment).unwrap_or_else(|| "now".to_owned());
            format!("; an engine runs{process} since {since}")
        }
        Err(error) => return Line::bad("records", what, error.to_string(), "see what it says"),
    };
    let path = context.house.places.store_file();
    let checked = Store::read_only(&path).and_then(|reader| reader.view()?.verify());
    let place = path.display();
    match checked {
        Ok(()) => Line::good("records", what, format!("sound, at {place}{held}")),
        Err(StoreError::Missing { .. }) => {
            Line::good("records", what, format!("none yet; the first task makes it at {place}"))
        }
        Err(error) => Line::bad("records", what, error.to_string(), "see what it says"),
    }
}

/// What takes how much, and whether that is more than it may be.
fn taken_by_kind(context: &Context) -> Line {
    const WHAT: &str = "taken";
    let taken = tenfold_engine::taken(&context.house.places);
    let Taken { journal, workspaces, work, setups, other, models } = taken;
    let mut detail = format!(
        "{}: journal {journal}, files of tasks {workspaces}, work in progress {work}, setup layers \
         {setups}, other {other}; models {models} besides",
        taken.total()
    );
    let Some(most) = context.room.and_then(|room| room.most) else {
        return Line::good("disk", WHAT, detail);
    };
    detail += &format!("; at most {most}");
    if taken.total() <= most {
        return Line::good("disk", WHAT, detail);
    }
    let fix = "`tenfold gc`, review tasks, or set TENFOLD_DISK_MAX";
    Line::bad("disk", WHAT, detail, fix).not_needed()
}

/// What `tenfold gc` would do.
fn would_be_free(context: &Context) -> Line {
    const WHAT: &str = "`tenfold gc`";
    let terms = MakeRoom { keep: context.defaults.disk.gc_keep, most: None };
    match gc::would_be(context, &terms) {
        Ok(made) => {
            let tasks = made.tasks.len();
            let detail = format!(
                "would free about {} ({tasks} reviewed tasks, {} setup layers)",
                made.freed, made.setups
            );
            Line::good("disk", WHAT, detail)
        }
        Err(trouble) => {
            let fix = "see what it says";
            Line::bad("disk", WHAT, trouble.to_string(), fix).not_needed()
        }
    }
}

/// What `tenfold store compact` would do; nothing where nothing was ever asked for.
fn would_be_taken_out(context: &Context) -> Option<Line> {
    const WHAT: &str = "`tenfold store compact`";
    let terms = CompactTerms { older_than: store::KEEP, unfinished: false };
    let would = context.reader().and_then(|reader| {
        let would = |reader: Reader| {
            Ok::<_, Trouble>(would_compact(&reader.view()?, terms, SystemTime::now().into())?)
        };
        reader.map(would).transpose()
    });
    match would.transpose()? {
        Ok(Compacted { attempts, bytes, .. }) => {
            let detail = format!("would take out {bytes}, with the steps of {attempts} attempts");
            Some(Line::good("disk", WHAT, detail))
        }
        Err(trouble) => {
            let fix = "see what it says";
            Some(Line::bad("disk", WHAT, trouble.to_string(), fix).not_needed())
        }
    }
}

fn room(context: &Context) -> Vec<Line> {
    let folders = [
        ("data", context.house.places.data.as_path()),
        ("cache", context.house.places.cache.as_path()),
        ("models", context.house.model_dirs.cache()),
    ];
    folders.into_iter().map(|(what, folder)| room_in(what, folder)).collect()
}

// The two numbers have other types on other systems.
#[allow(clippy::useless_conversion)]
fn room_in(what: &str, folder: &Path) -> Line {
    // A folder that is not there yet will lie on the disk of the nearest one above it.
    let there = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("/"));
    let place = folder.display();
    match nix::sys::statvfs::statvfs(there) {
        Err(error) => {
            let fix = "make it readable for this user";
            Line::bad("disk", what, format!("can't look at {place}: {error}"), fix)
        }
        Ok(found) => {
            let free = u64::from(found.blocks_available())
                .saturating_mul(u64::from(found.fragment_size()));
            let detail = format!("{} free at {place}", Bytes(free));
            if free >= ROOM_BYTES {
                return Line::good("disk", what, detail);
            }
            let fix = format!("make room: {} are wanted", Bytes(ROOM_BYTES));
            Line::bad("disk", what, detail, fix).not_needed()
        }
    }
}
