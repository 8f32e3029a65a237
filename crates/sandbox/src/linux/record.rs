//! The record of a run that goes on without the program that began it: written by the shim,
//! read by whoever comes after.
//!
//! A directory with up to three files. `held` is locked for as long as the shim lives, and the
//! kernel takes the lock away with the shim, however that ends; `end` is what the shim reports,
//! there whole or not at all; `stop` says that the run is not wanted any more.
//!
//! The command begins only after the lock was taken *and* the engine was seen alive after that.
//! So where there is no `held`, no command was begun, and none will be: who looks comes after the
//! engine's death, and a shim that is still on its way sees it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::engine_side::{self, cancelled};
use super::stage::make_private;
use crate::spec::Place;
use crate::{CancelSignal, Found, SandboxError};

const HELD: &str = "held";
const END: &str = "end";
const STOP: &str = "stop";

/// How often it is looked whether a run has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A record that is being written.
pub(super) struct Record {
    /// The directory, by a path that stays good, whatever is mounted over it later.
    dir: PathBuf,
    open: File,
    _held: Flock<File>,
}

impl Record {
    /// Begins a record in a directory that is made for it. When this returns, a power cut does
    /// not take it away.
    pub(super) fn create(dir: &Path) -> io::Result<Self> {
        make_private(dir)?;
        let open = File::open(dir)?;
        let held = Flock::lock(File::create_new(dir.join(HELD))?, FlockArg::LockExclusiveNonblock);
        let held = held.map_err(|(_, error)| error)?;
        open.sync_all()?;
        if let Some(parent) = dir.parent() {
            File::open(parent)?.sync_all()?;
        }
        let dir = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
        Ok(Self { dir, open, _held: held })
    }

    /// Whether somebody who came after the engine wants the run to end.
    pub(super) fn is_unwanted(&self) -> bool {
        self.dir.join(STOP).exists()
    }

    /// Writes down what the shim reports. It is there whole or not at all.
    pub(super) fn finish(&self, report: &[u8]) -> io::Result<()> {
        let part = self.dir.join("end.part");
        let mut file = File::create_new(&part)?;
        file.write_all(report)?;
        file.sync_all()?;
        fs::rename(&part, self.dir.join(END))?;
        self.open.sync_all()
    }
}

/// What became of the run with this record, whose engine is no more. Waits for its end, which
/// `cancel` brings about.
pub(super) async fn pick_up(
    place: &Place,
    dir: &Path,
    cancel: &CancelSignal,
) -> Result<Found, SandboxError> {
    let failed = SandboxError::io("read the record of the run in", dir);
    match wait(dir, cancel).await {
        Ok(true) => {}
        Ok(false) => return Ok(Found::NotBegun),
        Err(error) => return Err(failed(error)),
    }
    match fs::read(dir.join(END)) {
        Ok(report) => engine_side::read_report(place, &report).map(Found::Ended),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Unknown),
        Err(error) => Err(failed(error)),
    }
}

/// Until the shim of the record is no more. False if there never was one.
async fn wait(dir: &Path, cancel: &CancelSignal) -> io::Result<bool> {
    let unwanted = cancelled(cancel.clone());
    tokio::pin!(unwanted);
    let mut wanted = true;
    loop {
        let file = match File::open(dir.join(HELD)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            file => file?,
        };
        match Flock::lock(file, FlockArg::LockSharedNonblock) {
            Ok(_) => return Ok(true),
            Err((_, Errno::EWOULDBLOCK)) => {}
            Err((_, error)) => return Err(error.into()),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = &mut unwanted, if wanted => {
                wanted = false;
                fs::write(dir.join(STOP), "")?;
            }
        }
    }
}
