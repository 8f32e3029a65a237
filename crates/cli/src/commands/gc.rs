//! `tenfold gc`: makes room on the disk, with what nobody will miss.

use std::time::SystemTime;

use clap::Args;
use serde::Serialize;
use tenfold_desk::{duration, room, size};
use tenfold_domain::{Bytes, MakeRoom, Millis, RoomMade, Taken};

use crate::arguments::Format;
use crate::context::Context;
use crate::exit::Exit;
use crate::report::field;
use crate::terminal::{self, visible};
use crate::trouble::Trouble;

/// Make room on the disk: files of reviewed tasks, and what is not used any more
///
/// Goes: the files of tasks that you have accepted or rejected, from those that they began with to
/// those that they proposed; layers of setup commands that were not used; and what nothing refers
/// to. Stays: all that is not reviewed, the records of all tasks, and whatever is in your own
/// repository.
#[derive(Debug, Args)]
pub(crate) struct GcArgs {
    /// Leave what was reviewed, or used last, less long ago than this (14d; with --to, 1d)
    #[arg(long, value_name = "TIME", value_parser = duration::parse, conflicts_with = "all")]
    older_than: Option<Millis>,
    /// Leave nothing that was reviewed or is not in use, however lately
    #[arg(long)]
    all: bool,
    /// Only until Tenfold's files take no more than this, models apart; the oldest go first
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    to: Option<Bytes>,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: Format,
}

/// What went, for programs.
#[derive(Serialize)]
struct GcJson<'m> {
    dry_run: bool,
    tasks: &'m [tenfold_domain::TaskId],
    setup_layers: u64,
    freed_bytes: Bytes,
    taken_bytes: TakenJson,
    failed: &'m [String],
}

/// What takes how much, in bytes.
#[derive(Serialize)]
pub(crate) struct TakenJson {
    #[serde(flatten)]
    kinds: Taken,
    /// All but the models.
    total: Bytes,
}

impl From<Taken> for TakenJson {
    fn from(kinds: Taken) -> Self {
        Self { kinds, total: kinds.total() }
    }
}

/// Performs the command.
pub(crate) async fn run(context: &Context, args: &GcArgs) -> Result<Exit, Trouble> {
    let terms = args.terms(context);
    let made = match args.dry_run {
        true => room::would_go(&context.house, &terms, SystemTime::now().into())?,
        false => context.engine().await?.say(&terms).await?,
    };
    if args.format.json {
        terminal::print_json(&GcJson {
            dry_run: args.dry_run,
            tasks: &made.tasks,
            setup_layers: made.setups,
            freed_bytes: made.freed,
            taken_bytes: made.taken.into(),
            failed: &made.failed,
        })?;
    } else {
        terminal::print(&shown(&made, args.dry_run, args.to))?;
    }
    Ok(Exit::Done)
}

impl GcArgs {
    fn terms(&self, context: &Context) -> MakeRoom {
        let disk = context.defaults.disk;
        let usual = if self.to.is_some() { disk.keep } else { disk.gc_keep };
        let keep = if self.all { Millis(0) } else { self.older_than.unwrap_or(usual) };
        MakeRoom { keep, most: self.to }
    }
}

fn shown(made: &RoomMade, is_dry: bool, to: Option<Bytes>) -> String {
    let mut text = match is_dry {
        true => format!("about {} would be free\n", made.freed),
        false => format!("{} are free\n", made.freed),
    };
    let tasks: Vec<String> = made.tasks.iter().map(ToString::to_string).collect();
    let tasks = match tasks.as_slice() {
        [] => "none".to_owned(),
        tasks => format!("of {} reviewed tasks: {}", tasks.len(), tasks.join(", ")),
    };
    field(&mut text, "files", &tasks);
    field(&mut text, "setup", &format!("{} layers", made.setups));
    let left = made.taken.total().saturating_sub(if is_dry { made.freed } else { Bytes(0) });
    field(&mut text, "taken", &format!("{left}, models apart"));
    for failed in &made.failed {
        field(&mut text, "FAILED", &visible(failed));
    }
    if let Some(to) = to.filter(|to| left > *to) {
        let why = format!(
            "more than {to}, and no more can go: what is left is the journal (`tenfold store compact`), work that is not \
             reviewed, and what was used or reviewed lately (--all takes that, too)"
        );
        field(&mut text, "still", &why);
    }
    text
}
