//! Commands that were typed and have not ended: what they said is kept in a file each, and how they
//! ended is judged. A command may be killed, refuse, or find no engine; it may not break.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::home::Home;
use super::processes;
use crate::trouble::{Tried, Trouble};

/// How often it is looked whether a command has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Exit codes that no kill excuses: the records or the disk failed, a panic, a fault of its own.
const BROKEN: [i32; 3] = [10, 101, 70];

/// A command that was typed.
pub(super) struct Typed {
    child: Child,
    /// What was typed.
    words: String,
    /// What it says.
    said: PathBuf,
    was_killed: bool,
}

impl Typed {
    /// Types a command; `number` names the file of what it says.
    pub(super) fn new(home: &Home, number: u32, mut command: Command) -> Result<Self, Trouble> {
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        let words = words.join(" ");
        let said = home.dir.join("said").join(format!("{number}.txt"));
        let doing = || format!("could not type `tenfold {words}`");
        let file = File::create(&said).tried(doing)?;
        command.stdout(Stdio::from(file.try_clone().tried(doing)?)).stderr(Stdio::from(file));
        let child = command.spawn().tried(doing)?;
        Ok(Self { child, words, said, was_killed: false })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Kills it; false if it had ended.
    pub(super) fn kill(&mut self) -> bool {
        let is_killed = !self.has_ended() && processes::kill_now(self.child.id());
        self.was_killed |= is_killed;
        is_killed
    }

    /// Waits for its end; none if it does not come in time.
    pub(super) fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if began.elapsed() < patience => std::thread::sleep(LOOK_AGAIN),
                _ => return None,
            }
        }
    }

    /// What it said, and what is wrong with how it ended.
    pub(super) fn end(mut self, patience: Duration) -> (String, Option<String>) {
        let status = self.wait(patience);
        let said = std::fs::read_to_string(&self.said).unwrap_or_default();
        let wrong = match status {
            None => {
                self.kill();
                let _ = self.child.wait();
                Some("does not end".to_owned())
            }
            Some(status) => match status.code() {
                None if self.was_killed => None,
                Some(code) if !BROKEN.contains(&code) => None,
                _ => Some(format!("ended with {status}")),
            },
        };
        let of_it = |how| format!("`tenfold {}` {how}: {}", self.words, said.trim());
        let wrong = wrong.map(of_it);
        (said, wrong)
    }
}
