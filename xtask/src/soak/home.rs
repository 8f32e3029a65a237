//! The scratch home: repositories of a person, folders of Tenfold's own, the scripted models, and
//! the program, started so that it knows nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde::Deserialize;
use tenfold_domain::{Event, Seed};

use super::plan::{self, Job, REPOSITORIES};
use super::script;
use super::watcher::Watcher;
use crate::command::{command, output};
use crate::trouble::{Tried, Trouble};

/// How many jobs ahead the script knows, for a model that lives while more are asked for.
const AHEAD: u32 = 40;
/// How long a model takes to answer, in milliseconds.
const DELAY_MS: u64 = 60;

/// The programs that a soak starts.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) tenfold: PathBuf,
    pub(super) model: PathBuf,
    pub(super) provider: PathBuf,
}

/// A task as `tenfold list --json` has it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Listed {
    pub(super) task: u64,
    pub(super) text: String,
    pub(super) state: String,
    pub(super) interrupted: bool,
    pub(super) outcome: Option<String>,
    pub(super) proposal: Option<Proposal>,
    pub(super) cost_nano_usd: u64,
}

/// What a task proposes.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Proposal {
    pub(super) attempt: String,
    pub(super) state: Standing,
}

/// Where a proposal stands.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Standing {
    pub(super) is: String,
    /// The branch that it was accepted as.
    pub(super) branch: Option<String>,
}

pub(super) struct Home {
    pub(super) dir: PathBuf,
    programs: Programs,
    pub(super) seed: Seed,
    /// The files of each repository as the person wrote them.
    pub(super) written: Vec<BTreeMap<String, String>>,
    /// Branches, index and stash of each, as they were.
    pub(super) before: Vec<String>,
    /// Control groups that were there before.
    pub(super) groups: BTreeSet<PathBuf>,
    provider: Child,
    pub(super) watcher: Watcher,
    /// How many records of the embedded model there are.
    records: u32,
    /// The records in whose time the model was killed: what it had not answered is asked again.
    asked_again: BTreeSet<u32>,
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.provider.kill();
        let _ = self.provider.wait();
    }
}

impl Home {
    /// Makes everything, and connects the model at the provider. The program is put into the home,
    /// so that its processes can be told from others by their arguments.
    pub(super) fn make(dir: &Path, mut programs: Programs, seed: Seed) -> Result<Self, Trouble> {
        let own = dir.join("tenfold");
        std::fs::hard_link(&programs.tenfold, &own)
            .or_else(|_| std::fs::copy(&programs.tenfold, &own).map(drop))
            .tried(|| format!("could not copy {}", programs.tenfold.display()))?;
        programs.tenfold = own;
        let (mut provider, url) = provide(dir, &programs)?;
        let mut home = Self {
            dir: dir.to_owned(),
            programs,
            seed,
            written: vec![BTreeMap::new(); REPOSITORIES],
            before: Vec::new(),
            groups: super::outside::groups(),
            provider: match provider.try_wait() {
                Ok(None) => provider,
                _ => return Err(Trouble::failed("the scripted provider ended at once")),
            },
            watcher: Watcher::of(dir),
            records: 0,
            asked_again: BTreeSet::new(),
        };
        std::fs::create_dir_all(dir.join("said")).tried(|| "could not make a folder".to_owned())?;
        for at in 0..REPOSITORIES {
            std::fs::create_dir_all(home.repository(at))
                .tried(|| "could not make a repository".to_owned())?;
        }
        for number in plan::committed() {
            home.write_files(&plan::job(seed, number))?;
        }
        for at in 0..REPOSITORIES {
            let repository = home.repository(at);
            git(&repository, &["init", "--quiet", "--initial-branch=main"])?;
            git(&repository, &["add", "--all"])?;
            let message = "--message=as the person left it";
            git(&repository, &["commit", "--quiet", "--allow-empty", message])?;
            home.before.push(persons(&repository)?);
        }
        home.new_script(0)?;
        let address = format!("{url}/v1");
        let words = ["models", "connect", "far", "--protocol", "openai", "--no-key", "--address"];
        let prices = ["--price-prompt", "3", "--price-output", "15"];
        output(home.command(0, &words).arg(&address).args(prices))?;
        Ok(home)
    }

    pub(super) fn repository(&self, at: usize) -> PathBuf {
        self.dir.join(format!("repository-{at}"))
    }

    pub(super) fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// The program in one of the repositories.
    pub(super) fn command(&self, repository: usize, words: &[&str]) -> Command {
        let mut program = command(&self.programs.tenfold, words);
        program.current_dir(self.repository(repository)).stdin(Stdio::null());
        for name in ["DATA", "CACHE", "CONFIG"] {
            program.env(format!("TENFOLD_{name}_DIR"), self.dir.join(name.to_lowercase()));
        }
        program.env("TENFOLD_MODEL_PROGRAM", &self.programs.model);
        program.env("TENFOLD_FAKE_MODEL_SCRIPT", self.dir.join("script.json"));
        // Nobody's keyring is looked into.
        program.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
        program
    }

    /// Writes the files that a job is about, as the person.
    pub(super) fn write_files(&mut self, job: &Job) -> Result<(), Trouble> {
        let repository = self.repository(job.repository);
        for (name, text) in script::files(job.number) {
            if self.written[job.repository].contains_key(&name) {
                continue;
            }
            std::fs::write(repository.join(&name), &text)
                .tried(|| format!("could not write {name}"))?;
            self.written[job.repository].insert(name, text);
        }
        Ok(())
    }

    /// Writes a script that knows the jobs up to this one and those that follow it, with a record
    /// of its own for the embedded model, so that no record grows long.
    pub(super) fn new_script(&mut self, asked_for: u32) -> Result<(), Trouble> {
        let record = self.record(self.records);
        self.records += 1;
        let jobs = (1..=asked_for + AHEAD).map(|number| plan::job(self.seed, number));
        let script = script::script(jobs, &record.to_string_lossy(), DELAY_MS);
        let (part, whole) = (self.dir.join("script.part"), self.dir.join("script.json"));
        std::fs::write(&part, script.to_string())
            .and_then(|()| std::fs::rename(&part, &whole))
            .tried(|| "could not write the script".to_owned())
    }

    fn record(&self, number: u32) -> PathBuf {
        self.dir.join(format!("asked-{number}.jsonl"))
    }

    /// Notes that the embedded model was killed.
    pub(super) fn model_died(&mut self) {
        self.asked_again.insert(self.records - 1);
    }

    /// How often the embedded model was asked; the same question to a model that was killed, and to
    /// the one after it, counts once.
    pub(super) fn asked(&self) -> u64 {
        let lines = |number| -> usize {
            let text = std::fs::read_to_string(self.record(number)).unwrap_or_default();
            match self.asked_again.contains(&number) {
                true => text.lines().filter_map(question).collect::<BTreeSet<_>>().len(),
                false => text.lines().count(),
            }
        };
        (0..self.records).map(|number| lines(number) as u64).sum()
    }

    /// How often the provider was asked, for each job.
    pub(super) fn asked_far(&self) -> Result<BTreeMap<u32, u64>, Trouble> {
        let text = std::fs::read_to_string(self.dir.join("provider.jsonl")).unwrap_or_default();
        let mut asked = BTreeMap::new();
        for line in text.lines() {
            let number = script::marked(line)
                .ok_or_else(|| Trouble::failed(format!("the provider was asked this: {line}")))?;
            *asked.entry(number).or_insert(0) += 1;
        }
        Ok(asked)
    }

    /// All tasks, oldest first.
    pub(super) fn list(&self) -> Result<Vec<Listed>, Trouble> {
        let text = output(&mut self.command(0, &["list", "--all", "--json"]))?;
        let mut tasks: Vec<Listed> =
            serde_json::from_str(&text).tried(|| "could not read `tenfold list`".to_owned())?;
        tasks.sort_by_key(|task| task.task);
        Ok(tasks)
    }

    /// All that was recorded of a task.
    pub(super) fn log(&self, task: u64) -> Result<Vec<Event>, Trouble> {
        let text = output(&mut self.command(0, &["log", &task.to_string(), "--json"]))?;
        let read = |line| serde_json::from_str(line);
        let events: Result<_, _> = text.lines().map(read).collect();
        events.tried(|| format!("could not read the log of task {task}"))
    }
}

/// What a line of the record says was asked, without its number.
fn question(line: &str) -> Option<&str> {
    line.split_once(',').map(|(_, question)| question)
}

fn provide(dir: &Path, programs: &Programs) -> Result<(Child, String), Trouble> {
    let mut provider = command(&programs.provider, ["script.json", "provider.jsonl"]);
    provider.current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child =
        provider.spawn().tried(|| format!("could not start {}", programs.provider.display()))?;
    let mut url = String::new();
    if let Some(out) = child.stdout.take() {
        BufReader::new(out)
            .read_line(&mut url)
            .tried(|| "could not hear the scripted provider".to_owned())?;
    }
    Ok((child, url.trim().to_owned()))
}

/// Branches, index and stash: all that is the person's, besides their files and the branches that
/// they accepted.
pub(super) fn persons(repository: &Path) -> Result<String, Trouble> {
    let branches = git(repository, &["for-each-ref"])?;
    let others = branches.lines().filter(|line| !line.contains("refs/heads/tenfold/"));
    let index = git(repository, &["ls-files", "--stage"])?;
    let head = git(repository, &["symbolic-ref", "HEAD"])?;
    Ok(others.collect::<Vec<_>>().join("\n") + &index + &head)
}

/// Runs git in a folder with no one's settings, and returns what it said.
pub(super) fn git(dir: &Path, args: &[&str]) -> Result<String, Trouble> {
    let mut git = command("git", args);
    git.current_dir(dir);
    git.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")]);
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "soak");
        git.env(format!("GIT_{who}_EMAIL"), "soak@example.org");
    }
    output(&mut git)
}
