//! `cargo xtask demo`: from a fresh clone to reviewed fixes of real bugs, in one command.
//!
//! It brings what is missing, builds Tenfold, lays out the sample project with its bugs, and
//! works the backlog with the same commands that a person would type. It knows Tenfold only
//! by its command line. Nothing outside the demo's folder is changed, but for Tenfold's own
//! records, which `tenfold list` shows afterwards.

mod results;
mod sample;
mod selftest;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lexopt::prelude::*;

use crate::command::{cargo, command, output, quoted, run};
use crate::python::Environment;
use crate::setup::{self, Purpose};
use crate::trouble::{Tried, Trouble};
use crate::{Chore, house};
use results::{Listed, Row};
use sample::{Backlog, Task};
pub(crate) use selftest::selftest;

pub(crate) const CHORE: Chore = Chore {
    name: "demo",
    usage: "[--dir DIR] [--time-limit 120s] [--program TENFOLD] [--selftest]",
    about: "work a sample project's backlog with the embedded model (sample in target/demo, \
            or DIR); --selftest only proves that each bug of the sample fails its own check",
    run: |args| {
        let options = parse(args)?;
        if options.selftest {
            setup::python()?;
            selftest()?;
        } else {
            demo(&options)?;
        }
        Ok(ExitCode::SUCCESS)
    },
};

/// What was asked for on the command line.
struct Options {
    dir: PathBuf,
    time_limit: String,
    /// A Tenfold that is there already; without it the one of this house is built.
    program: Option<PathBuf>,
    selftest: bool,
}

fn parse(args: Vec<String>) -> Result<Options, Trouble> {
    let mut options = Options {
        dir: house::target().join("demo"),
        time_limit: "120s".to_owned(),
        program: None,
        selftest: false,
    };
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(arg) = parser.next()? {
        match arg {
            Long("dir") => {
                let dir = PathBuf::from(parser.value()?);
                options.dir = std::path::absolute(&dir).tried(|| dir.display().to_string())?;
            }
            Long("time-limit") => options.time_limit = parser.value()?.string()?,
            Long("program") => options.program = Some(parser.value()?.into()),
            Long("selftest") => options.selftest = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

fn demo(options: &Options) -> Result<(), Trouble> {
    setup::bring(Purpose::Demo)?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => build()?,
    };
    let backlog = Backlog::read()?;
    println!("demo: laying out the sample project in {}", options.dir.display());
    sample::lay_out_with_bugs(&backlog, &options.dir)?;
    let demo = Demo {
        program,
        dir: &options.dir,
        time_limit: &options.time_limit,
        python: &Environment::of_this_house()?,
    };
    let rows = demo.work(&backlog.tasks)?;
    demo.report(&rows)
}

fn build() -> Result<PathBuf, Trouble> {
    println!("demo: building tenfold; the first time this takes some minutes");
    let words = ["build", "--release", "--locked", "--package", "tenfold"];
    run(cargo(words).current_dir(house::root()))?;
    Ok(house::target().join("release/tenfold"))
}

/// A demo that is ready to be worked.
struct Demo<'a> {
    program: PathBuf,
    dir: &'a Path,
    time_limit: &'a str,
    python: &'a Environment,
}

impl Demo<'_> {
    /// Works one task after the other; the progress on the terminal is Tenfold's own.
    fn work<'t>(&self, tasks: &'t [Task]) -> Result<Vec<Row<'t>>, Trouble> {
        let mut rows = Vec::new();
        for (index, task) in tasks.iter().enumerate() {
            let (number, count) = (index + 1, tasks.len());
            println!("\n── task {number} of {count} ({}): {}", task.kind, task.text);
            let before = results::newest(&self.list()?);
            // A task that is not fixed ends in an exit code of its own, so only a program
            // that can't be started is a failure here.
            let status = self
                .tenfold(["run", &task.text, "--check", &task.check])
                .args(["--time-limit", self.time_limit])
                .arg("--repo")
                .arg(self.dir.join(&task.project))
                .status()
                .tried(|| format!("could not start {}", self.program.display()))?;
            let listed = self.list()?.into_iter().filter(|listed| Some(listed.task) > before);
            let listed = listed.max_by_key(|listed| listed.task);
            rows.push(Row { task, listed, exit: status.to_string() });
        }
        Ok(rows)
    }

    fn report(&self, rows: &[Row<'_>]) -> Result<(), Trouble> {
        println!("\n{}", results::table(rows));
        let fixed: Vec<&Listed> =
            rows.iter().filter_map(|row| row.listed.as_ref()).filter(|l| l.is_fixed()).collect();
        for line in results::not_fixed(rows) {
            println!("{line}");
        }
        let typed = quoted(&as_typed(&self.program));
        let Some(first) = fixed.first() else {
            println!("\nNothing was fixed. `{typed} doctor` says what this machine lacks.");
            return Err(Trouble::failed("demo: no task of the backlog was fixed"));
        };
        println!("\nThe first proposal, task {}:\n", first.task);
        run(self.tenfold(["diff"]).arg(first.task.to_string()))?;
        println!("\nYour files are as they were. What to type next:\n");
        let words = [
            ("show", "what was tried, and the proof"),
            ("diff", "the change"),
            ("accept", "take it, as a branch of the sample project"),
        ];
        for (word, what) in words {
            println!("  {typed} {:<12} # {what}", format!("{word} {}", first.task));
        }
        Ok(())
    }

    fn list(&self) -> Result<Vec<Listed>, Trouble> {
        results::read(&output(&mut self.tenfold(["list", "--json"]))?)
    }

    fn tenfold<const N: usize>(&self, words: [&str; N]) -> Command {
        let mut tenfold = command(&self.program, words);
        self.python.activate(&mut tenfold);
        tenfold
    }
}

/// A program as a person in this folder would type it.
fn as_typed(program: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    match program.strip_prefix(&here) {
        Ok(below) => format!("./{}", below.display()),
        Err(_) => program.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stand-in for Tenfold: fixes its first task, gives up on the second.
    const STAND_IN: &str = r#"#!/bin/sh
dir=$(dirname "$0")
case $1 in
run) echo "$@" >> "$dir/runs"; [ "$(wc -l < "$dir/runs")" = 1 ] ;;
list)
  case $([ -e "$dir/runs" ] && wc -l < "$dir/runs") in
  1) echo '[{"task":7,"state":"to-review","outcome":"finished","proposal":{"verified":true}}]' ;;
  2) echo '[{"task":8,"state":"needs-you","outcome":"gave-up","note":"tried 40 candidates"},
           {"task":7,"state":"to-review","outcome":"finished","proposal":{"verified":true}}]' ;;
  *) echo '[]' ;;
  esac ;;
diff) echo "$2" > "$dir/shown" ;;
esac
"#;

    #[cfg(unix)]
    #[test]
    fn every_task_is_worked_and_the_first_proposal_is_shown() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("stand-in");
        std::fs::write(&program, STAND_IN).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let backlog = Backlog::read().unwrap();
        let python = Environment::of_this_house().unwrap();
        let demo = Demo { program, dir: dir.path(), time_limit: "9s", python: &python };

        let rows = demo.work(&backlog.tasks[..2]).unwrap();
        demo.report(&rows).unwrap();

        let runs = std::fs::read_to_string(dir.path().join("runs")).unwrap();
        assert_eq!(runs.lines().count(), 2);
        assert!(runs.contains("--time-limit 9s --repo"), "{runs}");
        let numbers: Vec<_> =
            rows.iter().map(|row| row.listed.as_ref().map(|listed| listed.task)).collect();
        assert_eq!(numbers, [Some(7), Some(8)]);
        assert_eq!(std::fs::read_to_string(dir.path().join("shown")).unwrap(), "7\n");
        assert!(results::not_fixed(&rows)[0].contains("tried 40 candidates"));
    }
}
