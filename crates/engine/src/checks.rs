//! Running checks: the base of an attempt laid out once, candidates as thin layers on top of
//! it, every run in a sandbox of its own.
//!
//! The base, what the setup command made of it, and what the baseline run of the person's own
//! code left behind (compiled files), are the only layers that runs share; nothing that an
//! agent wrote enters them. What setup made lies below the base, so that the person's files
//! are always their own.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use tenfold_agent::effect::{CheckAsk, Plugin, Purpose};
use tenfold_code::failure::{Trouble, TroubleKind};
use tenfold_code::{Edit, Language, Syntax, failure};
use tenfold_domain::{CheckFiles, CheckReport, CheckVerdict, CommitId, Millis};
use tenfold_redact::{Kind, Redactor};
use tenfold_sandbox::{CancelSignal, End, Exit, Job, Limits, Sandbox, Toolchains};
use tenfold_workspace::{ChangeKind, ChangedFile, FileChange, FileKind, Workspace};
use tokio::sync::Semaphore;

use crate::EngineError;
use crate::attempt::stopped;
use crate::egress::{self, Egress, Ended};
use crate::engine::blocking;
use crate::layers::{Building, Layer};
use crate::proposed;
use crate::reading::{self, Rules};
use crate::surroundings::Variables;

/// The largest output of a plugin that is read.
const MOST_PLUGIN_OUTPUT: u64 = 32 << 20;

/// What a run of a check left.
pub(crate) struct Ran {
    pub(crate) report: CheckReport,
    pub(crate) output: Option<String>,
    pub(crate) cancelled: bool,
}

/// What a check runs on.
pub(crate) enum Top {
    /// The base with these files changed.
    Files(Vec<(PathBuf, Vec<u8>)>),
    /// All of another commit.
    Commit(CommitId),
}

/// An attempt's workbench.
pub(crate) struct Checks {
    pub(crate) workspace: Arc<Workspace>,
    pub(crate) sandbox: Arc<Sandbox>,
    redactor: Arc<Redactor>,
    /// What is installed here, once a command needs it.
    toolchains: OnceLock<Toolchains>,
    variables: Variables,
    pub(crate) base: CommitId,
    pub(crate) dir: PathBuf,
    /// The folders that engines before have left of the same attempt, the oldest first.
    pub(crate) earlier: Vec<PathBuf>,
    /// For how many there is room on this machine at a time.
    rooms: Arc<Semaphore>,
    laid_out: tokio::sync::OnceCell<()>,
    pub(crate) runs: AtomicU32,
    pub(crate) setup: tokio::sync::OnceCell<Layer>,
    pub(crate) warm: tokio::sync::OnceCell<PathBuf>,
    /// The files that the agent's own commands have left, as of a commit.
    pub(crate) left: tokio::sync::Mutex<Option<CommitId>>,
}

impl Checks {
    /// Finds what runs of checks need. What they need in files lies below `dir` as soon as one
    /// does, and is removed by [`Checks::clear`].
    pub(crate) async fn prepare(
        (workspace, sandbox, redactor): (Arc<Workspace>, Arc<Sandbox>, Arc<Redactor>),
        base: CommitId,
        (dir, earlier): (PathBuf, Vec<PathBuf>),
        (rooms, variables): (Arc<Semaphore>, Variables),
    ) -> Result<Self, EngineError> {
        let place = dir.clone();
        blocking(move || make(&place)).await?;
        let toolchains = OnceLock::new();
        let laid_out = tokio::sync::OnceCell::new();
        let (setup, warm) = (tokio::sync::OnceCell::new(), tokio::sync::OnceCell::new());
        let runs = AtomicU32::new(0);
        let left = tokio::sync::Mutex::new(None);
        Ok(Self {
            workspace,
            sandbox,
            redactor,
            toolchains,
            variables,
            base,
            dir,
            earlier,
            rooms,
            laid_out,
            runs,
            setup,
            warm,
            left,
        })
    }

    /// Lays the base out, once: an attempt that runs nothing has no files.
    async fn lay_out(&self) -> Result<(), EngineError> {
        let lay = async || {
            let (files, giver) = (Arc::clone(&self.workspace), Arc::clone(&self.sandbox));
            let (commit, place) = (self.base.clone(), self.dir.join("base"));
            blocking(move || -> Result<(), EngineError> {
                files.checkout(&commit, &place)?;
                Ok(giver.hand_over(&place)?)
            })
            .await
        };
        self.laid_out.get_or_try_init(lay).await.map(|_| ())
    }

    /// Runs a job once there is room for it, with a way out if it is given one.
    pub(crate) async fn run_job(
        &self,
        job: &Job,
        egress: Option<&Arc<Egress>>,
        cancel: &CancelSignal,
    ) -> Result<Ended, EngineError> {
        let mut unwanted = cancel.clone();
        let room = tokio::select! {
            biased;
            room = self.rooms.acquire() => room.ok(),
            () = stopped(&mut unwanted) => None,
        };
        if room.is_none() {
            let (end, wall, tier) = (End::Cancelled, Millis(0), self.sandbox.tier());
            let exit = Exit { end, output: Vec::new(), wall, tier };
            return Ok(Ended { exit, refused: String::new() });
        }
        egress::run(&self.sandbox, job, egress, cancel).await
    }

    /// The environment that commands run in.
    pub(crate) fn env(&self) -> &[(String, String)] {
        &self.toolchains().env
    }

    /// What is installed here. The first time it looks for that, which takes a few milliseconds.
    fn toolchains(&self) -> &Toolchains {
        let variables = || self.variables.iter().cloned();
        self.toolchains.get_or_init(|| Toolchains::find(variables(), self.workspace.root()))
    }

    /// Runs a setup command on the base alone, with a way out if it is given one; what it writes
    /// is in `layer` then. Nothing that an agent has written is there.
    pub(crate) async fn set_up(
        &self,
        command: &str,
        building: &Building,
        longest: Millis,
        egress: Option<&Arc<Egress>>,
        cancel: &CancelSignal,
    ) -> Result<Ran, EngineError> {
        self.lay_out().await?;
        let (upper, scratch) = (building.layer(), building.place.join("scratch"));
        let layers = vec![self.dir.join("base")];
        let env = self.env().to_vec();
        let job = self.job_on(command, longest, layers, env, (upper.clone(), scratch.clone()));
        let given = Arc::clone(&self.sandbox);
        blocking(move || -> Result<(), EngineError> {
            make(&upper)?;
            Ok(given.hand_over(&upper)?)
        })
        .await?;
        let Ended { exit, refused } = self.run_job(&job, egress, cancel).await?;
        let sandbox = Arc::clone(&self.sandbox);
        blocking(move || sandbox.discard(&scratch)).await?;
        let cancelled = exit.end == End::Cancelled;
        let mut report = report(&self.redactor, command, &exit);
        report.output += &refused;
        Ok(Ran { report, output: None, cancelled })
    }

    /// Makes a layer of what a setup command has written: without the files of the base,
    /// which are never its own. Returns those that it had changed.
    pub(crate) async fn harvest(&self, written: PathBuf) -> Result<Vec<PathBuf>, EngineError> {
        let (workspace, commit) = (Arc::clone(&self.workspace), self.base.clone());
        let (sandbox, base) = (Arc::clone(&self.sandbox), self.dir.join("base"));
        blocking(move || {
            let files: HashSet<PathBuf> =
                workspace.files(&commit)?.into_iter().map(|file| file.path).collect();
            let folders: HashSet<&Path> =
                files.iter().flat_map(|file| file.ancestors().skip(1)).collect();
            let mut changed = Vec::new();
            let mut unwanted = |path: &Path, is_dir: bool| {
                let known = files.contains(path);
                if known && !same(&written.join(path), &base.join(path)) {
                    changed.push(path.to_owned());
                }
                known || (!is_dir && folders.contains(path))
            };
            sandbox.prune(&written, &mut unwanted)?;
            changed.sort();
            Ok(changed)
        })
        .await
    }

    /// Puts what setup made below the base of all runs from now on. Files that are not those
    /// that it was made from count as changed now: tools that go by the time of a file would
    /// otherwise take what setup has compiled for up to date.
    pub(crate) async fn mount(&self, layer: Layer) -> Result<(), EngineError> {
        self.lay_out().await?;
        let (workspace, dir) = (Arc::clone(&self.workspace), self.dir.join("base"));
        let (before, now) = (layer.made.base.clone(), self.base.clone());
        blocking(move || -> Result<(), EngineError> {
            let changed: Vec<PathBuf> = match workspace.changed(&before, &now) {
                // Above one that is gone there may be a link now.
                Ok(changed) => {
                    let there = changed.into_iter().filter(|file| file.form.is_some());
                    there.map(|file| file.path).collect()
                }
                // The old files are gone, so any of them may have been others.
                Err(_) => workspace.files(&now)?.into_iter().map(|file| file.path).collect(),
            };
            changed.iter().try_for_each(|path| date_now(&dir.join(path)))
        })
        .await?;
        // There is one setup command, so nothing is there yet.
        let _ = self.setup.set(layer);
        Ok(())
    }

    /// Runs a check on the base with some edits.
    pub(crate) async fn run(
        &self,
        ask: &CheckAsk,
        rules: &Rules,
        cancel: &CancelSignal,
    ) -> Result<Ran, EngineError> {
        let mut files = self.edited(&ask.edits).await?;
        if ask.plugin.as_ref().is_some_and(|plugin| plugin.probes) {
            files = self.probed(files, rules.clone()).await?;
        }
        if let Some(own) = rules.check_files.clone() {
            let workspace = Arc::clone(&self.workspace);
            let own = blocking(move || proposed::contents(&workspace, &own)).await?;
            files.retain(|(path, _)| own.iter().all(|(known, _)| known != path));
            files.extend(own);
        }
        let (top, plugin) = (Top::Files(files), ask.plugin.as_ref());
        self.run_on(&ask.command, top, ask.timeout, plugin, ask.purpose, cancel).await
    }

    /// Runs the whole check on what a commit changes in the base, with files of its own.
    pub(crate) async fn judge(
        &self,
        commit: &CommitId,
        (command, timeout): (&str, Millis),
        files: Option<&CheckFiles>,
        cancel: &CancelSignal,
    ) -> Result<Ran, EngineError> {
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        let (commit, own) = (commit.clone(), files.cloned());
        let top = blocking(move || -> Result<_, EngineError> {
            let commit = proposed::with_check_files(&workspace, &commit, own.as_ref())?;
            let changed = workspace.changed(&base, &commit)?;
            if !changed.iter().all(is_plain) {
                return Ok(Top::Commit(commit));
            }
            let paths: Vec<&Path> = changed.iter().map(|file| file.path.as_path()).collect();
            let contents = workspace.read_many(&commit, &paths)?;
            let owned = paths.into_iter().map(Path::to_path_buf);
            Ok(Top::Files(owned.zip(contents).collect()))
        })
        .await?;
        self.run_on(command, top, timeout, None, Purpose::Candidate, cancel).await
    }

    /// The files that edits change, as they are with them.
    pub(crate) async fn edited(
        &self,
        edits: &[Edit],
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, EngineError> {
        let mut paths: Vec<PathBuf> = edits.iter().map(|edit| PathBuf::from(&edit.path)).collect();
        paths.sort();
        paths.dedup();
        let (workspace, base, edits) =
            (Arc::clone(&self.workspace), self.base.clone(), edits.to_vec());
        blocking(move || {
            let borrowed: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
            let texts = workspace.read_many(&base, &borrowed)?;
            let mut files = Vec::with_capacity(texts.len());
            for (path, text) in paths.iter().zip(texts) {
                let own: Vec<Edit> =
                    edits.iter().filter(|edit| Path::new(&edit.path) == path).cloned().collect();
                let text = String::from_utf8_lossy(&text);
                // An edit outside of its text changes nothing, and the check says so. Nor does one
                // that would write down what stands for a secret.
                let edited = tenfold_code::edit::apply(&text, &own).ok();
                let edited = edited.filter(|edited| Kind::marked_anew(&text, edited).is_none());
                let edited = edited.unwrap_or_else(|| text.into_owned());
                files.push((path.clone(), edited.into_bytes()));
            }
            Ok(files)
        })
        .await
    }

    /// The files, and all other sources that may be edited, with probes in them.
    async fn probed(
        &self,
        mut files: Vec<(PathBuf, Vec<u8>)>,
        rules: Rules,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, EngineError> {
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        blocking(move || {
            for source in reading::sources(&workspace, &base, &rules)? {
                let path = PathBuf::from(&source.path);
                let known = files.iter_mut().find(|(known, _)| *known == path);
                let text = match &known {
                    Some((_, text)) => String::from_utf8_lossy(text).into_owned(),
                    None => source.text,
                };
                let language = Language::of(&path).filter(|_| source.editable);
                let Some(probed) = language
                    .and_then(|language| Syntax::read(language, &text).probed(&source.path))
                else {
                    continue;
                };
                match known {
                    Some((_, text)) => *text = probed.into_bytes(),
                    None => files.push((path, probed.into_bytes())),
                }
            }
            Ok(files)
        })
        .await
    }

    /// The commit of some edits on the base.
    pub(crate) async fn commit(
        &self,
        edits: &[Edit],
        message: String,
    ) -> Result<CommitId, EngineError> {
        let changes: Vec<FileChange> = self
            .edited(edits)
            .await?
            .into_iter()
            .map(|(path, content)| FileChange { path, content: Some(content) })
            .collect();
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        Ok(blocking(move || workspace.commit(&base, &changes, &message)).await?)
    }

    async fn run_on(
        &self,
        command: &str,
        top: Top,
        timeout: Millis,
        plugin: Option<&Plugin>,
        purpose: Purpose,
        cancel: &CancelSignal,
    ) -> Result<Ran, EngineError> {
        self.lay_out().await?;
        let dir = self.run_dir();
        let job = self.job(command, timeout, plugin, (&dir, &top));
        let (workspace, base) = (Arc::clone(&self.workspace), self.base.clone());
        let (layer, given, plugged) =
            (dir.join("edits"), Arc::clone(&self.sandbox), plugin.cloned());
        let upper = job.upper.clone();
        blocking(move || -> Result<(), EngineError> {
            match top {
                Top::Files(files) => write_layer(&layer, &files)?,
                Top::Commit(commit) => check_out(&workspace, &base, &commit, &layer)?,
            }
            if let Some(plugin) = &plugged {
                let folder = layer.join(&plugin.folder);
                make(&folder)?;
                for (name, text) in &plugin.files {
                    write(&folder.join(name), text.as_bytes())?;
                }
            }
            given.hand_over(&layer)?;
            make(&upper)?;
            given.hand_over(&upper)?;
            Ok(())
        })
        .await?;
        let Ended { exit, .. } = self.run_job(&job, None, cancel).await?;
        let output = plugin
            .and_then(|plugin| read_bounded(&job.upper, &plugin.output, MOST_PLUGIN_OUTPUT))
            .and_then(|output| String::from_utf8(output).ok());
        let cancelled = exit.end == End::Cancelled;
        let report = report(&self.redactor, command, &exit);
        let ended = matches!(exit.end, End::Code(_));
        if purpose == Purpose::Baseline && ended && self.warm.get().is_none() {
            let warm = self.dir.join("warm");
            if std::fs::rename(&job.upper, &warm).is_ok() {
                let _ = self.warm.set(warm);
            }
        }
        let (sandbox, gone) = (Arc::clone(&self.sandbox), dir);
        // What can't be removed now is removed with the attempt.
        let _ = blocking(move || sandbox.discard(&gone)).await;
        Ok(Ran { report, output, cancelled })
    }

    fn job(
        &self,
        command: &str,
        timeout: Millis,
        plugin: Option<&Plugin>,
        (dir, top): (&Path, &Top),
    ) -> Job {
        let mut layers = vec![dir.join("edits")];
        layers.extend(self.warm.get().cloned());
        if matches!(top, Top::Files(_)) {
            layers.push(self.dir.join("base"));
        }
        layers.extend(self.setup.get().map(|layer| layer.path.clone()));
        let mut env = self.env().to_vec();
        for (name, value) in plugin.iter().flat_map(|plugin| &plugin.env) {
            match env.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) if name.ends_with("PATH") => *known = format!("{value}:{known}"),
                Some((_, known)) => known.clone_from(value),
                None => env.push((name.clone(), value.clone())),
            }
        }
        self.job_on(command, timeout, layers, env, (dir.join("upper"), dir.join("scratch")))
    }

    pub(crate) fn job_on(
        &self,
        command: &str,
        timeout: Millis,
        layers: Vec<PathBuf>,
        env: Vec<(String, String)>,
        (upper, scratch): (PathBuf, PathBuf),
    ) -> Job {
        let at = self.workspace.root().to_path_buf();
        Job {
            command: command.to_owned(),
            workdir: at.join(self.workspace.subdir()),
            at,
            layers,
            upper,
            binds: self.toolchains().binds.clone(),
            env,
            limits: Limits { wall: timeout, ..Limits::default() },
            scratch,
            log: None,
            record: None,
        }
    }

    /// A folder for a run, which is not there yet.
    pub(crate) fn run_dir(&self) -> PathBuf {
        self.dir.join(format!("run-{}", self.runs.fetch_add(1, Ordering::Relaxed)))
    }

    /// Removes the attempt's folder.
    pub(crate) async fn clear(&self) -> Result<(), EngineError> {
        let (sandbox, dir) = (Arc::clone(&self.sandbox), self.dir.clone());
        Ok(blocking(move || sandbox.discard(&dir)).await?)
    }
}

fn report(redactor: &Redactor, command: &str, exit: &Exit) -> CheckReport {
    let text = String::from_utf8_lossy(&exit.output);
    // Before parts of it are taken elsewhere, since half a secret is not known for one.
    let output = redactor.text(&failure::plain(&text)).into_owned();
    let code = match exit.end {
        End::Code(code) => Some(code),
        _ => None,
    };
    let said = failure::read(&output, code);
    let verdict = match (exit.end, &said.trouble) {
        (End::Code(0), _) => CheckVerdict::Passed,
        (End::TimedOut, _) => CheckVerdict::TimedOut,
        (End::OutOfMemory | End::DiskFull | End::TooManyProcesses, _) => CheckVerdict::Broken(
            format!("The check was {}; it may need less, or a larger machine.", exit.end),
        ),
        (_, Some(trouble)) => CheckVerdict::Broken(explained(trouble)),
        _ => CheckVerdict::Failed,
    };
    CheckReport {
        command: command.to_owned(),
        verdict,
        exit_code: code,
        failing: said.names(),
        passed: said.passed,
        output,
        wall: exit.wall,
    }
}

/// A trouble in a sentence: what is wrong, and what to do.
fn explained(trouble: &Trouble) -> String {
    let what = match trouble.what.trim() {
        "" => String::new(),
        what => format!(" ({what})"),
    };
    let wrong = match trouble.kind {
        TroubleKind::NoCommand => "The check's program is not there",
        TroubleKind::NoRunner => "The check's test runner is not installed",
        TroubleKind::NoPackage => "A package that the code imports is not there",
        TroubleKind::NoTests => "The check found no test to run",
        TroubleKind::Usage => "The check's command is not right",
        TroubleKind::NoLinker => "There is no compiler or linker for the check",
        TroubleKind::Network => "The check needs the network",
        TroubleKind::Permission => "The check may not read, write or run a file",
        TroubleKind::LockFile => "The lock file does not fit",
        TroubleKind::DiskFull => "There is no room for what the check writes",
        TroubleKind::Memory => "The check ran out of memory",
    };
    format!("{wrong}{what}; no change of the code would mend that. To do: {}.", trouble.fix)
}

pub(crate) fn make(dir: &Path) -> Result<(), EngineError> {
    std::fs::create_dir_all(dir)
        .map_err(|e| EngineError::io(format!("making the folder {}", dir.display()), e))
}

/// Whether a change leaves a plain file, where there was one or none: what a layer of contents
/// can say.
pub(crate) fn is_plain(file: &ChangedFile) -> bool {
    let keeps = matches!(file.kind, ChangeKind::Added | ChangeKind::Modified);
    keeps && file.form == Some(FileKind::File)
}

/// Lays out a commit. What is not as in the base counts as changed now: a layer below may hold
/// what was compiled from the base, and all files of a commit are of one date.
pub(crate) fn check_out(
    workspace: &Workspace,
    base: &CommitId,
    commit: &CommitId,
    dir: &Path,
) -> Result<(), EngineError> {
    make(dir.parent().unwrap_or(dir))?;
    workspace.checkout(commit, dir)?;
    // Above a file that is there stand folders only; above one that is gone there may be a link.
    let changed = workspace.changed(base, commit)?;
    let mut there = changed.iter().filter(|file| file.form.is_some());
    there.try_for_each(|file| date_now(&dir.join(&file.path)))
}

/// Whether a file is what it was; neither is followed if it is a link.
fn same(now: &Path, before: &Path) -> bool {
    let meta = |path: &Path| std::fs::symlink_metadata(path).ok();
    match (meta(now), meta(before)) {
        (Some(now_meta), Some(before_meta)) if now_meta.is_file() && before_meta.is_file() => {
            now_meta.len() == before_meta.len()
                && std::fs::read(now).ok() == std::fs::read(before).ok()
        }
        (Some(now_meta), Some(before_meta)) if now_meta.is_symlink() => {
            before_meta.is_symlink()
                && std::fs::read_link(now).ok() == std::fs::read_link(before).ok()
        }
        _ => false,
    }
}

/// Dates a file of the base now; one that is gone, or a link, has no date that matters.
fn date_now(path: &Path) -> Result<(), EngineError> {
    if !std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file()) {
        return Ok(());
    }
    std::fs::File::open(path)
        .and_then(|file| file.set_modified(std::time::SystemTime::now()))
        .map_err(|e| EngineError::io(format!("dating {}", path.display()), e))
}

fn write(path: &Path, content: &[u8]) -> Result<(), EngineError> {
    make(path.parent().unwrap_or(path))?;
    std::fs::write(path, content)
        .map_err(|e| EngineError::io(format!("writing {}", path.display()), e))
}

pub(crate) fn write_layer(layer: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<(), EngineError> {
    make(layer)?;
    files.iter().try_for_each(|(path, content)| write(&layer.join(path), content))
}

/// A file that a command wrote below `top`: not read through links, in the place of folders
/// neither, and not without end. No command may be at work there.
pub(crate) fn read_bounded(top: &Path, inside: &str, most: u64) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut path = top.to_owned();
    for part in Path::new(inside) {
        path.push(part);
        if std::fs::symlink_metadata(&path).ok()?.is_symlink() {
            return None;
        }
    }
    let known = std::fs::symlink_metadata(&path).ok()?;
    if !known.is_file() || known.len() > most {
        return None;
    }
    let mut content = Vec::new();
    let file = std::fs::File::open(&path).ok()?;
    file.take(most).read_to_end(&mut content).ok()?;
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r01_what_a_command_wrote_is_not_read_through_links() {
        let dir = tempfile::tempdir().unwrap();
        let (top, outside) = (dir.path().join("top"), dir.path().join("outside"));
        for folder in [&top, &outside] {
            make(folder).unwrap();
        }
        std::fs::write(outside.join("trace"), "canary").unwrap();
        std::os::unix::fs::symlink(&outside, top.join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.join("trace"), top.join("file")).unwrap();
        let control = std::fs::read_to_string(top.join("folder/trace")).unwrap();
        assert_eq!(control, "canary", "the control");
        for inside in ["folder/trace", "file"] {
            assert_eq!(read_bounded(&top, inside, 9), None, "{inside}");
        }
        make(&top.join("own")).unwrap();
        std::fs::write(top.join("own/trace"), "lines").unwrap();
        assert_eq!(read_bounded(&top, "own/trace", 5).as_deref(), Some(b"lines".as_slice()));
        assert_eq!(read_bounded(&top, "own/trace", 4), None);
    }
}
