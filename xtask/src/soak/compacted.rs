//! Compaction under fire, on copies of what a soak has left: it is killed at moments spread over the
//! time that it takes, from its first write to the last of making the file smaller, and whatever it
//! leaves is sound, lists what was listed, and is compacted by the next.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::home::Home;
use super::processes;
use crate::command::{command, output};
use crate::trouble::{Tried, Trouble};

/// How often it is killed.
const KILLS: u32 = 16;
/// All that can go.
const COMPACT: [&str; 4] = ["store", "compact", "--all", "--unfinished"];

/// What is wrong, and how often it was killed before its end.
pub(super) fn audit(home: &Home) -> Result<(Vec<String>, u64), Trouble> {
    let copy = home.dir.join("data-copy");
    let (mut wrong, mut killed) = (Vec::new(), 0);
    let listed = list(home, &home.data())?;
    renew(home, &copy)?;
    let began = Instant::now();
    output(&mut of(home, &copy, &COMPACT))?;
    let whole = began.elapsed();
    for at in 1..=KILLS {
        renew(home, &copy)?;
        let after = whole * at / KILLS;
        killed += u64::from(is_killed(home, &copy, after)?);
        let mut say =
            |what: String| wrong.push(format!("compaction killed after {after:?}: {what}"));
        if let Err(why) = output(&mut of(home, &copy, &["store", "check"])) {
            say(why.to_string());
            continue;
        }
        if list(home, &copy)? != listed {
            say("the tasks are others".to_owned());
        }
        for words in [&COMPACT[..], &["store", "check"]] {
            if let Err(why) = output(&mut of(home, &copy, words)) {
                say(format!("the next: {why}"));
            }
        }
        if list(home, &copy)? != listed {
            say("the tasks are others after the next".to_owned());
        }
    }
    std::fs::remove_dir_all(&copy).tried(|| "could not remove the copy".to_owned())?;
    Ok((wrong, killed))
}

/// The program, on a copy of the data.
fn of(home: &Home, copy: &Path, words: &[&str]) -> Command {
    let mut command = home.command(0, words);
    command.env("TENFOLD_DATA_DIR", copy);
    command
}

fn list(home: &Home, data: &Path) -> Result<String, Trouble> {
    output(&mut of(home, data, &["list", "--all", "--json"]))
}

fn renew(home: &Home, copy: &Path) -> Result<(), Trouble> {
    if copy.exists() {
        std::fs::remove_dir_all(copy).tried(|| "could not remove the copy".to_owned())?;
    }
    output(command("cp", ["-a", "--"]).args([home.data(), copy.to_owned()])).map(drop)
}

/// Compacts, and kills that after a while; false if it had ended.
fn is_killed(home: &Home, copy: &Path, after: Duration) -> Result<bool, Trouble> {
    let mut compact = of(home, copy, &COMPACT);
    compact.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = compact.spawn().tried(|| "could not start a compaction".to_owned())?;
    std::thread::sleep(after);
    let is_killed = matches!(child.try_wait(), Ok(None)) && processes::kill_now(child.id());
    child.wait().tried(|| "a compaction does not end".to_owned())?;
    Ok(is_killed)
}
