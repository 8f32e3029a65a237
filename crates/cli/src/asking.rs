//! What is typed of a task, for `run`, `add` and `import` alike, and asking the person what the
//! task needs: the repository's proposals are approved here, and the model is fetched. What makes
//! a task whole of that is `tenfold_desk::asking`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use tenfold_api::Approve;
use tenfold_desk::asking::{
    Asked, Attempts, BEST_OF_MAX, Draft, NewTask, TEXT_BYTES_MAX, unapproved,
};
use tenfold_desk::duration;
use tenfold_domain::{Millis, NanoUsd, Strategy, TaskSpec};

use crate::connection::Connection;
use crate::context::Context;
use crate::exit::Exit;
use crate::stop::Stop;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;
use crate::{environment, instructions, person, pull};

/// What to do, in the person's words.
#[derive(Debug, Args)]
pub(crate) struct TextArgs {
    /// What to do, in your words
    text: Option<String>,
    /// Read TEXT from a file; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    task_file: Option<PathBuf>,
}

/// On what a task is worked, how, and where that stops.
#[derive(Debug, Clone, Args)]
pub(crate) struct TaskArgs {
    /// The repository or folder to work on
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) repo: PathBuf,
    /// The shell command that judges the work, run in DIR
    #[arg(long, value_name = "COMMAND")]
    pub(crate) check: Option<String>,
    /// The shell command that prepares what the check needs: run in the sandbox before the
    /// first check, and again only when what it depends on changes
    #[arg(long, value_name = "COMMAND")]
    pub(crate) setup: Option<String>,
    /// The longest that one run of the check may take, as in 90s
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) check_timeout: Option<Millis>,
    /// The most money to spend, in dollars
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) budget: Option<NanoUsd>,
    /// How many attempts at most, or `auto`: as many as are worth their cost, each by the cheapest
    /// model that is good enough
    #[arg(long, value_name = "N")]
    pub(crate) attempts: Option<Attempts>,
    /// The longest that all attempts together may take, as in 10m
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    pub(crate) time_limit: Option<Millis>,
    /// The kind of coworker; `tenfold roles list` shows those there are
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Option<String>,
    /// The model; of several, as in small,large, each attempt is made by the one that is worth
    /// most. Without one: by any that is at hand. `tenfold models list` shows those there are
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) model: Vec<String>,
    /// A file that may be edited though the check depends on it, as in .gitignore; repeatable
    #[arg(long, value_name = "PATTERN")]
    pub(crate) may_edit: Vec<String>,
    /// A further file that is put back before the check, as in .gitignore; repeatable
    #[arg(long, value_name = "PATTERN")]
    pub(crate) protect: Vec<String>,
    /// How to work: repair, loop, or both in turn as in repair,loop
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) strategy: Vec<Strategy>,
    /// An MCP server whose tools it may use, as your mcp.toml calls it; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) mcp: Vec<String>,
    /// Make N attempts even if an earlier one passes, and propose the best: verified, and with
    /// the fewest lines changed
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(BEST_OF_MAX)))]
    pub(crate) best_of: u32,
    /// Who pays for it; the topmost account, if not given
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) account: Option<String>,
    /// Let it decide by itself what it would else ask you
    #[arg(long)]
    pub(crate) no_questions: bool,
    /// Take the repository's tenfold.toml, AGENTS.md and SKILL.md as if they were not there
    #[arg(long)]
    pub(crate) no_config: bool,
    /// Approve the repository's tenfold.toml, AGENTS.md and SKILL.md, and get the model if it is
    /// not here
    #[arg(long)]
    pub(crate) yes: bool,
}

impl TextArgs {
    /// The text; empty: make the check pass.
    pub(crate) fn text(&self) -> Result<String, Trouble> {
        match &self.task_file {
            None => Ok(self.text.clone().unwrap_or_default()),
            Some(file) => read(file, TEXT_BYTES_MAX),
        }
    }
}

impl TaskArgs {
    /// What they ask for, with a text.
    pub(crate) fn new_task(&self, text: String) -> NewTask {
        let usual = || std::env::var(environment::ACCOUNT).ok().filter(|name| !name.is_empty());
        NewTask {
            text,
            workspace: self.repo.clone(),
            check: self.check.clone(),
            setup: self.setup.clone(),
            check_timeout: self.check_timeout,
            model: self.model.clone(),
            role: self.role.clone(),
            strategy: self.strategy.clone(),
            budget: self.budget,
            time_limit: self.time_limit,
            attempts: self.attempts,
            best_of: self.best_of,
            may_edit: self.may_edit.clone(),
            protect: self.protect.clone(),
            mcp: self.mcp.clone(),
            questions: !self.no_questions,
            account: self.account.clone().or_else(usual),
            no_config: self.no_config,
            ..NewTask::on("")
        }
    }
}

/// The task that is asked for, as the person and the repository want it. With `yes`, nothing is
/// asked.
pub(crate) async fn spec(
    context: &Context,
    engine: &Connection,
    task: NewTask,
    yes: bool,
) -> Result<TaskSpec, Trouble> {
    let stop = context.stop()?;
    let mut asked = Asked::look(&context.house, task, context.model_program.is_some())?;
    let root = asked.root().to_owned();
    approve_proposal(engine, &mut asked, yes, &stop).await?;
    if context.model_program.is_none() {
        for model in asked.models() {
            pull::ensure(context, model, yes, &stop).await?;
        }
    }
    let draft = asked.draft(&context.house)?;
    tell_models(&draft);
    let found = draft.instructions(&context.house)?;
    let found = instructions::approved(engine, &root, found, yes, &stop).await?;
    tell_without_check(&draft);
    Ok(draft.whole(found))
}

fn tell_models(draft: &Draft) {
    if draft.chooses_model {
        let models = draft.spec().cascade.as_ref().map(|cascade| cascade.models.join(", "));
        terminal::note(&format!(
            "may be worked by {}, whichever is worth most; --model names others",
            models.unwrap_or_default()
        ));
    }
}

fn tell_without_check(draft: &Draft) {
    if draft.spec().check.is_some() {
        return;
    }
    terminal::note(match draft.proposes_check {
        true => {
            "there is no check; the coworker is told to propose one, and without it whatever \
             comes of this will be UNVERIFIED (--check names one, or tenfold.toml)"
        }
        false => {
            "there is no check, so whatever comes of this will be UNVERIFIED; name one with \
             --check, or in tenfold.toml"
        }
    });
}

/// The text of a file, or of standard input, up to so many bytes.
pub(crate) fn read(file: &Path, most: u64) -> Result<String, Trouble> {
    let mut text = String::new();
    let outcome = if file == Path::new("-") {
        std::io::stdin().lock().take(most + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(most + 1).read_to_string(&mut text))
    };
    match outcome {
        Ok(_) => Ok(text),
        Err(error) => {
            let exit = match error.kind() {
                std::io::ErrorKind::NotFound => Exit::NotFound,
                _ => Exit::Usage,
            };
            let name = file.display();
            Err(Trouble::new(exit, format!("could not read {name}: {error}")))
        }
    }
}

/// Asks the person about what the repository proposes, unless they have approved it before.
async fn approve_proposal(
    engine: &Connection,
    asked: &mut Asked,
    yes: bool,
    stop: &Stop,
) -> Result<(), Trouble> {
    let Some(proposal) = asked.proposal() else { return Ok(()) };
    let root = asked.root().to_owned();
    let folder = one_line(&root.display().to_string(), 200);
    terminal::note(&format!(
        "{folder}/tenfold.toml proposes the following; its commands run in the sandbox:\n\n{}",
        proposal.shown
    ));
    let agreed = yes
        || (terminal::can_ask() && person::agrees("Approve it for this repository?", stop).await?);
    if !agreed {
        let to_do = "approve it with --yes, or go on without it with --no-config";
        return Err(unapproved().advise(to_do).into());
    }
    engine.say(&Approve { workspace: root, event: proposal.event() }).await?;
    asked.approve();
    Ok(())
}
