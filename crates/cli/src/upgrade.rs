//! Records of an earlier release are brought to this one's format before anything is done with
//! them. With many tasks that takes a while, so that it is said how far it is: here, and on the
//! page by whoever listens to [`Context::upgrade`].

use indicatif::{ProgressBar, ProgressStyle};
use tenfold_engine::EngineError;
use tenfold_store::{EngineLock, Store, StoreError};

use crate::context::Context;
use crate::terminal;

/// Whether the records are of an earlier release.
pub(crate) fn is_due(context: &Context) -> bool {
    let found = Store::read_only(&context.house.places.store_file());
    matches!(found, Err(StoreError::Older { .. }))
}

/// Brings them up to date, if they are not.
///
/// # Errors
/// What the store says; [`StoreError::Held`] if another engine is at work.
pub(crate) async fn perform(context: &Context) -> Result<(), EngineError> {
    if !is_due(context) {
        return Ok(());
    }
    let _lock = EngineLock::acquire(&context.house.places.data)?;
    terminal::note("the records are of an earlier Tenfold: they are brought up to date, once");
    let (path, told) = (context.house.places.store_file(), context.upgrade.clone());
    let mut heard = told.subscribe();
    let work = move || {
        Store::bring_up_to_date(&path, |percent| {
            told.send_replace(percent);
        })
    };
    let mut work = tokio::task::spawn_blocking(work);
    // It is drawn on a terminal only.
    let bar = ProgressBar::new(100);
    let style = "{wide_bar:.cyan} {pos} % {eta}";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is sound"));
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            Ok(()) = heard.changed() => bar.set_position(u64::from(*heard.borrow())),
        }
    };
    bar.finish_and_clear();
    let failed = |why| EngineError::Io {
        what: "bringing the records up to date".to_owned(),
        why: std::io::Error::other(why),
    };
    Ok(done.map_err(failed)??)
}
