//! From what was typed to a task that is whole: what is asked with `run`, `add` and `import`
//! alike. The repository's proposals are approved here, and the model is fetched.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use tenfold_api::Approve;
use tenfold_domain::{Millis, NanoUsd, RepositoryEvent, Strategy, TaskSpec};
use tenfold_models::{Catalogue, Entry, Hosted, Model, ModelsError, Presence, key, presence};
use tenfold_workspace::Workspace;

use crate::commands::account;
use crate::connection::Connection;
use crate::context::Context;
use crate::exit::Exit;
use crate::proposed::{self, Proposed};
use crate::stop::Stop;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;
use crate::{duration, environment, instructions, person, pull, resolve, role, servers};

/// The longest text of a task.
pub(crate) const TEXT_BYTES_MAX: u64 = 256 * 1024;

/// What to do, in the person's words.
#[derive(Debug, Args)]
pub(crate) struct TextArgs {
    /// What to do, in your words
    text: Option<String>,
    /// Read TEXT from a file; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    task_file: Option<PathBuf>,
}

/// How many attempts are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempts {
    /// As the cascade decides.
    Auto,
    /// By one model, at most so many.
    AtMost(u32),
}

impl FromStr for Attempts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| (1..=1_000).contains(number));
        match (text, number) {
            ("auto", _) => Ok(Self::Auto),
            (_, Some(number)) => Ok(Self::AtMost(number)),
            _ => Err(format!("'{text}' is not a number of attempts: write 1 to 1000, or auto")),
        }
    }
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
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
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
        let text = match &self.task_file {
            None => self.text.clone().unwrap_or_default(),
            Some(file) => read(file, TEXT_BYTES_MAX)?,
        };
        if text.len() as u64 > TEXT_BYTES_MAX {
            let most = TEXT_BYTES_MAX / 1024;
            return Err(Trouble::usage(format!("the task's text is longer than {most} KiB"))
                .advise("say what to do in fewer words, and put the rest into the repository"));
        }
        Ok(text.trim().to_owned())
    }
}

/// The task of a text, as the person and the repository want it.
pub(crate) async fn spec(
    context: &Context,
    engine: &Connection,
    args: &TaskArgs,
    text: String,
) -> Result<TaskSpec, Trouble> {
    let workspace = Workspace::open(&args.repo, &context.places.workspaces())?;
    let root = workspace.root().to_owned();
    // Joining nothing would leave a slash at the end.
    let place = match workspace.subdir() {
        top if top.as_os_str().is_empty() => root.clone(),
        below => root.join(below),
    };
    let catalogue = context.catalogue()?;
    let role = args.role.as_deref().map(|name| role::named(context, name)).transpose()?;
    let (named, models) = models(context, &catalogue, args, role.as_ref())?;
    let model = &models[0];
    let servers = servers::named(context, &args.mcp)?;
    let stop = context.stop()?;
    let proposed = approved(context, engine, &root, args, &stop).await?;
    if context.model_program.is_none() {
        for model in &models {
            pull::ensure(context, model, args.yes, &stop).await?;
        }
    }
    let mut spec = {
        let (role, defaults) = (role.as_ref(), &context.defaults.task);
        resolve::spec(args, role, &proposed, defaults, text, place, model)
    };
    if let Some(cascade) = &mut spec.cascade {
        cascade.models = match named.as_slice() {
            [] => at_hand(context, &catalogue, model),
            named => named.to_vec(),
        };
    }
    let may_call_tools = may_call_tools(&spec, &catalogue);
    if named.is_empty() && may_call_tools {
        let models = spec.cascade.as_ref().map(|cascade| cascade.models.join(", "));
        terminal::note(&format!(
            "may be worked by {}, whichever is worth most; --model names others",
            models.unwrap_or_default()
        ));
    }
    let usual = || std::env::var(environment::ACCOUNT).ok().filter(|name| !name.is_empty());
    if let Some(name) = args.account.clone().or_else(usual) {
        spec.account = account::named(&account::ledger(context)?, &name)?;
    }
    let has_loop = may_call_tools || spec.strategies().contains(&Strategy::Loop);
    if !servers.is_empty() && !has_loop {
        return Err(Trouble::usage("--mcp is for attempts that call tools, and none here does")
            .advise("add --strategy loop"));
    }
    spec.servers = servers;
    if has_loop && !args.no_config {
        let how = (args.yes, &stop);
        instructions::add_approved(context, engine, &workspace, &mut spec, how).await?;
    }
    tell_without_check(&spec, model);
    Ok(spec)
}

/// The models that were named, by the person or else by the role, and these or the usual one: at
/// least one, the task's own first.
fn models(
    context: &Context,
    catalogue: &Catalogue,
    args: &TaskArgs,
    role: Option<&role::Coworker>,
) -> Result<(Vec<String>, Vec<Model>), Trouble> {
    if args.model.len() > 1 && matches!(args.attempts, Some(Attempts::AtMost(_))) {
        return Err(Trouble::usage("--attempts N is for one model, and there are several")
            .advise("name one with --model, or leave --attempts to auto"));
    }
    let named = match &args.model {
        typed if !typed.is_empty() => typed.clone(),
        _ => role.map(|role| role.head.models.clone()).unwrap_or_default(),
    };
    let models = match named.as_slice() {
        [] => vec![catalogue.default_model()],
        named => named.iter().map(|name| catalogue.model(name)).collect::<Result<_, _>>()?,
    };
    for model in &models {
        if let Model::Hosted(hosted) = model
            && hosted.price.is_none()
        {
            let (name, model) = (hosted.name.clone(), hosted.model.clone());
            let file = context.model_dirs.user_file();
            return Err(ModelsError::Unpriced { name, model, file }.into());
        }
    }
    Ok((named, models))
}

/// Whether the cascade may choose a model that works by calling tools alone.
fn may_call_tools(spec: &TaskSpec, catalogue: &Catalogue) -> bool {
    let is_hosted = |name: &String| matches!(catalogue.model(name), Ok(Model::Hosted(_)));
    spec.cascade.as_ref().is_some_and(|cascade| cascade.models.iter().any(is_hosted))
}

/// The models that can be asked as things stand: the task's own, those whose file is here, and those
/// at a provider that have a price and their key.
fn at_hand(context: &Context, catalogue: &Catalogue, own: &Model) -> Vec<String> {
    let mut models = vec![own.name().to_owned()];
    let is_here = |entry: &&Entry| {
        context.model_program.is_none() && presence(entry, &context.model_dirs) == Presence::Present
    };
    models.extend(catalogue.entries().iter().filter(is_here).map(|entry| entry.name.clone()));
    let can_be_asked = |hosted: &&Hosted| {
        hosted.price.is_some() && hosted.key.as_ref().is_none_or(|name| key(name).is_some())
    };
    models.extend(catalogue.hosted().iter().filter(can_be_asked).map(|one| one.name.clone()));
    let mut seen = HashSet::new();
    models.retain(|name| seen.insert(name.clone()));
    models
}

fn tell_without_check(spec: &TaskSpec, model: &Model) {
    if spec.check.is_some() {
        return;
    }
    terminal::note(match proposes_check(spec, model) {
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

/// Whether a coworker that has no check can put one before the person.
fn proposes_check(spec: &TaskSpec, model: &Model) -> bool {
    let in_a_loop = spec.strategies().contains(&Strategy::Loop);
    in_a_loop && spec.questions && matches!(model, Model::Hosted(_))
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

/// What the repository proposes, if the person approves it or has done so before.
async fn approved(
    context: &Context,
    engine: &Connection,
    root: &Path,
    args: &TaskArgs,
    stop: &Stop,
) -> Result<Proposed, Trouble> {
    if args.no_config {
        return Ok(Proposed::default());
    }
    let Some((proposed, hash)) = proposed::read(root)? else { return Ok(Proposed::default()) };
    if context.approved(root, proposed::FILE)?.as_deref() == Some(hash.as_str()) {
        return Ok(proposed);
    }
    let folder = one_line(&root.display().to_string(), 200);
    terminal::note(&format!(
        "{folder}/tenfold.toml proposes the following; its commands run in the sandbox:\n\n{}",
        proposed.shown()
    ));
    let agreed = args.yes
        || (terminal::can_ask() && person::agrees("Approve it for this repository?", stop).await?);
    if !agreed {
        return Err(Trouble::new(
            Exit::Refused,
            "the repository's tenfold.toml is new or has changed, and is not approved",
        )
        .advise("approve it with --yes, or go on without it with --no-config"));
    }
    let event = RepositoryEvent::ConfigApproved { hash };
    engine.say(&Approve { workspace: root.to_owned(), event }).await?;
    Ok(proposed)
}
