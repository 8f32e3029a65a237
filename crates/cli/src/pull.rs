//! Getting a model's file, with a bar for whoever waits. Shared by `run`, which needs the
//! model, and `models pull`.

use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tenfold_domain::Bytes;
use tenfold_models::{
    Cancel, Depth, Entry, Model, ModelDirs, ModelsError, Presence, Progress, PullOptions, presence,
    verify,
};

use crate::context::Context;
use crate::exit::Exit;
use crate::person;
use crate::stop::Stop;
use crate::terminal::{self, visible};
use crate::trouble::Trouble;

/// Sees to it that the model's file is here: gets it if the person agrees. One at a provider
/// has none.
pub(crate) async fn ensure(
    context: &Context,
    model: &Model,
    yes: bool,
    stop: &Stop,
) -> Result<(), Trouble> {
    let Model::Embedded(entry) = model else { return Ok(()) };
    if presence(entry, &context.house.model_dirs) == Presence::Present {
        return check(context, entry, stop).await;
    }
    let name = &entry.name;
    let megabytes = entry.bytes.0 / 1_000_000;
    let question = format!("The model {name} ({megabytes} MB) is not here. Get it now?");
    if yes || (terminal::can_ask() && person::agrees(&question, stop).await?) {
        return pull(context, entry, stop).await.map(drop);
    }
    Err(Trouble::new(Exit::Model, format!("the model {name} ({megabytes} MB) is not here"))
        .advise(format!("`tenfold models pull {name}` gets it, and so does --yes")))
}

/// Hashes the file unless that was done before; takes seconds the first time.
async fn check(context: &Context, entry: &Entry, stop: &Stop) -> Result<(), Trouble> {
    let entry = entry.clone();
    let work = move |dirs: &ModelDirs, show: &mut dyn FnMut(Progress), cancel: &Cancel| {
        verify(&entry, dirs, Depth::Remembered, show, cancel)
    };
    shown(&context.house.model_dirs, stop, work).await.map(drop)
}

/// Gets the model's file, and says where it is.
pub(crate) async fn pull(
    context: &Context,
    entry: &Entry,
    stop: &Stop,
) -> Result<PathBuf, Trouble> {
    let entry = entry.clone();
    let work = move |dirs: &ModelDirs, show: &mut dyn FnMut(Progress), cancel: &Cancel| {
        tenfold_models::pull(&entry, dirs, &PullOptions::default(), show, cancel)
    };
    shown(&context.house.model_dirs, stop, work).await
}

/// Does long work on a thread of its own, with a bar, and stops it when the person wants.
pub(crate) async fn shown<T: Send + 'static>(
    dirs: &ModelDirs,
    stop: &Stop,
    work: impl FnOnce(&ModelDirs, &mut dyn FnMut(Progress), &Cancel) -> Result<T, ModelsError>
    + Send
    + 'static,
) -> Result<T, Trouble> {
    let dirs = dirs.clone();
    stop.cancels(move |cancel| {
        let mut bar = Bar::default();
        let outcome = work(&dirs, &mut |progress| bar.show(&progress), cancel);
        bar.end();
        outcome
    })
    .await
}

/// A bar on a terminal; elsewhere a line where the source changes.
#[derive(Default)]
struct Bar {
    bar: Option<ProgressBar>,
}

impl Bar {
    fn show(&mut self, progress: &Progress) {
        match progress {
            Progress::Waiting => self.line("another tenfold gets this file; waiting for it"),
            Progress::Trying { source } => self.line(&format!("asking {source}")),
            Progress::GoingOn { from, why, next } => {
                self.line(&format!("{from} failed ({why}); going on with {next}"));
            }
            Progress::StartingOver { why } => self.line(&format!("starting over: {why}")),
            Progress::Received { done, total } => self.at(*done, *total, "receiving"),
            Progress::Hashed { done, total } => self.at(*done, *total, "checking"),
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(visible(text)),
            None => terminal::note(&visible(text)),
        }
    }

    fn at(&mut self, done: Bytes, total: Bytes, what: &'static str) {
        if !terminal::is_watched() {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::new(total.0);
            let style = "{msg:<10} {wide_bar:.cyan} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
            bar.set_style(ProgressStyle::with_template(style).expect("the template is sound"));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        bar.set_message(what);
        bar.set_length(total.0);
        bar.set_position(done.0);
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
