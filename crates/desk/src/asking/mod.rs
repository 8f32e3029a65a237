//! From what a person says to a task that is whole, for the terminal and the page alike: what was
//! said wins over the repository's approved proposal, that over the role, and that over the
//! defaults.
//!
//! It goes in steps, so that a terminal can ask between them: [`Asked::look`] reads all that the
//! task names, [`Asked::draft`] makes it whole but for what the repository asks of who works there,
//! and [`Draft::whole`] adds that. [`resolve`] does all of it for who has said beforehand what they
//! approve.

mod instructions;
mod models;
mod new_task;
mod proposed;
mod repository_file;
mod resolve;
mod skill;

use std::path::{Path, PathBuf};

use serde::Serialize;
use tenfold_domain::{
    AccountId, McpServer, Problem, ProblemKind, RepositoryEvent, Strategy, TaskSpec,
};
use tenfold_models::{Catalogue, Model, Presence, presence};
use tenfold_workspace::Workspace;
use utoipa::ToSchema;

use crate::defaults::Defaults;
use crate::role::{self, Coworker};
use crate::{DeskError, House, account, servers};

pub use instructions::Instructions;
pub use new_task::{ATTEMPTS_MAX, Attempts, BEST_OF_MAX, NewTask, TEXT_BYTES_MAX};
use proposed::Proposed;

impl House {
    /// The hash of a repository's file that the person has approved last.
    ///
    /// # Errors
    /// If the store is there and can't be read.
    pub fn approved(&self, root: &Path, file: &str) -> Result<Option<String>, DeskError> {
        match self.reader()? {
            Some(reader) => Ok(reader.view()?.approved(root, file)?),
            None => Ok(None),
        }
    }
}

/// A file of a repository that asks something of Tenfold, and counts only once the person has
/// approved this very text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToApprove {
    /// From the top of the repository.
    pub file: String,
    /// What it is.
    pub kind: FileKind,
    /// All that would be approved, without characters that would hide any of it.
    pub shown: String,
    /// The SHA-256 of its text, in hexadecimal: what is approved.
    pub hash: String,
}

/// What a file of a repository is to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// `tenfold.toml`: commands and patterns that are proposed. A task is not made while it waits
    /// to be approved.
    Proposal,
    /// `AGENTS.md`: what is asked of who works there; left out while it is not approved.
    Instructions,
    /// `SKILL.md`, likewise.
    Skill,
}

impl ToApprove {
    /// The person has approved it.
    pub fn event(&self) -> RepositoryEvent {
        let (file, hash) = (self.file.clone(), self.hash.clone());
        match self.kind {
            FileKind::Proposal => RepositoryEvent::ConfigApproved { hash },
            FileKind::Instructions | FileKind::Skill => {
                RepositoryEvent::InstructionsApproved { file, hash }
            }
        }
    }
}

/// A task that was asked for, with all that it names at hand.
#[derive(Debug)]
pub struct Asked {
    task: NewTask,
    workspace: Workspace,
    catalogue: Catalogue,
    role: Option<Coworker>,
    /// The models that the person named, or else the role.
    named: Vec<String>,
    /// These, or the usual one; at least one, the task's own first.
    models: Vec<Model>,
    servers: Vec<McpServer>,
    account: AccountId,
    /// With its hash, and whether that is approved.
    proposed: Option<(Proposed, String, bool)>,
    has_stand_in: bool,
}

impl Asked {
    /// Looks up all that a task names. With `has_stand_in`, another program stands in for the
    /// embedded model's, and no model's file is needed.
    ///
    /// # Errors
    /// If something can't be meant, is not there, or can't be read.
    pub fn look(house: &House, task: NewTask, has_stand_in: bool) -> Result<Self, DeskError> {
        task.check()?;
        let workspace = Workspace::open(&task.workspace, &house.places.workspaces())?;
        let catalogue = house.catalogue()?;
        let role = task.role.as_deref().map(|name| role::named(house, name)).transpose()?;
        let (named, models) = models::meant(&catalogue, &task, role.as_ref())?;
        let servers = servers::named(house, &task.mcp)?;
        let account = match &task.account {
            Some(name) => account::named(&house.ledger()?, name)?,
            None => AccountId::DEFAULT,
        };
        let mut proposed = None;
        if !task.no_config
            && let Some((read, hash)) = proposed::read(workspace.root())?
        {
            let approved = house.approved(workspace.root(), proposed::FILE)?;
            let is_approved = approved.as_deref() == Some(hash.as_str());
            proposed = Some((read, hash, is_approved));
        }
        Ok(Self {
            task,
            workspace,
            catalogue,
            role,
            named,
            models,
            servers,
            account,
            proposed,
            has_stand_in,
        })
    }

    /// The top of the repository or folder.
    pub fn root(&self) -> &Path {
        self.workspace.root()
    }

    /// The models that it names, or the usual one: at least one, the task's own first.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// What the repository proposes and the person has not approved yet.
    pub fn proposal(&self) -> Option<ToApprove> {
        let (proposed, hash, is_approved) = self.proposed.as_ref()?;
        (!is_approved).then(|| ToApprove {
            file: proposed::FILE.to_owned(),
            kind: FileKind::Proposal,
            shown: proposed.shown(),
            hash: hash.clone(),
        })
    }

    /// The person has approved the repository's proposal.
    pub fn approve(&mut self) {
        if let Some((_, _, is_approved)) = &mut self.proposed {
            *is_approved = true;
        }
    }

    /// The models at this machine whose file is not here, or not whole.
    pub fn models_missing(&self, house: &House) -> Vec<&Model> {
        let is_missing = |model: &&Model| match model {
            Model::Embedded(entry) => presence(entry, &house.model_dirs) != Presence::Present,
            Model::Hosted(_) => false,
        };
        match self.has_stand_in {
            true => Vec::new(),
            false => self.models.iter().filter(is_missing).collect(),
        }
    }

    /// The task, but for what the repository asks of who works there. A proposal that is not
    /// approved is left out of it.
    ///
    /// # Errors
    /// If what was said does not go together.
    pub fn draft(self, house: &House) -> Result<Draft, DeskError> {
        let approved = self.proposed.as_ref().filter(|(_, _, is_approved)| *is_approved);
        let none = Proposed::default();
        let proposed = approved.map_or(&none, |(proposed, ..)| proposed);
        // Joining nothing would leave a slash at the end.
        let place = match self.workspace.subdir() {
            top if top.as_os_str().is_empty() => self.workspace.root().to_owned(),
            below => self.workspace.root().join(below),
        };
        let (defaults, own) = (Defaults::shipped().task, &self.models[0]);
        let role = self.role.as_ref();
        let mut spec = resolve::spec(&self.task, role, proposed, &defaults, place, own);
        if let Some(cascade) = &mut spec.cascade {
            cascade.models = match self.named.as_slice() {
                [] => models::at_hand(house, &self.catalogue, own, self.has_stand_in),
                named => named.to_vec(),
            };
        }
        spec.account = self.account;
        let may_call_tools = models::may_call_tools(&spec, &self.catalogue);
        let has_loop = may_call_tools || spec.strategies().contains(&Strategy::Loop);
        if !self.servers.is_empty() && !has_loop {
            return Err(DeskError::usage(
                "--mcp is for attempts that call tools, and none here does",
            )
            .advise("add --strategy loop"));
        }
        spec.servers = self.servers;
        let in_a_loop = spec.strategies().contains(&Strategy::Loop);
        let is_hosted = matches!(own, Model::Hosted(_));
        Ok(Draft {
            proposes_check: in_a_loop && spec.questions && is_hosted,
            chooses_model: self.named.is_empty() && may_call_tools,
            reads_instructions: has_loop && !self.task.no_config,
            workspace: self.workspace,
            spec,
        })
    }
}

/// A task that is whole, but for what the repository asks of who works there.
#[derive(Debug)]
pub struct Draft {
    spec: TaskSpec,
    workspace: Workspace,
    /// Whether the coworker can put a check before the person, if the task has none.
    pub proposes_check: bool,
    /// Whether models were not named, and one at a provider may be chosen.
    pub chooses_model: bool,
    reads_instructions: bool,
}

impl Draft {
    /// The task so far.
    pub fn spec(&self) -> &TaskSpec {
        &self.spec
    }

    /// What the repository asks of who works there: nothing if no attempt would read it.
    ///
    /// # Errors
    /// If a file can't be used, or the store can't be read.
    pub fn instructions(&self, house: &House) -> Result<Instructions, DeskError> {
        match self.reads_instructions {
            true => Instructions::of(house, &self.workspace),
            false => Ok(Instructions::default()),
        }
    }

    /// The task, with what is approved of the repository's instructions.
    pub fn whole(mut self, instructions: Instructions) -> TaskSpec {
        (self.spec.instructions, self.spec.guidance) = instructions.approved();
        self.spec
    }
}

/// A task made from what was said at once, and what more the person would have to say.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The task, without what is not approved.
    pub spec: TaskSpec,
    /// The top of the repository or folder, by which approvals are recorded.
    pub root: PathBuf,
    /// What the person approves herewith: to be recorded before the task is.
    pub approvals: Vec<RepositoryEvent>,
    /// What they have not approved.
    pub needs_approval: Vec<ToApprove>,
    /// The names of models whose file has to be fetched first.
    pub models_missing: Vec<String>,
    /// What should be known of files that can't be taken.
    pub notes: Vec<String>,
}

/// Makes a task whole, for who has said with it what they approve. Nothing is recorded.
///
/// # Errors
/// As [`Asked::look`], [`Asked::draft`] and [`Draft::instructions`].
pub fn resolve(house: &House, task: NewTask, has_stand_in: bool) -> Result<Resolved, DeskError> {
    let said = task.approve.clone();
    let (mut approvals, mut needs_approval) = (Vec::new(), Vec::new());
    let mut asked = Asked::look(house, task, has_stand_in)?;
    if let Some(proposal) = asked.proposal() {
        match said.contains(&proposal.hash) {
            true => {
                approvals.push(proposal.event());
                asked.approve();
            }
            false => needs_approval.push(proposal),
        }
    }
    let root = asked.root().to_owned();
    let models_missing =
        asked.models_missing(house).into_iter().map(|model| model.name().to_owned()).collect();
    let draft = asked.draft(house)?;
    let mut instructions = draft.instructions(house)?;
    for file in instructions.to_approve() {
        match said.contains(&file.hash) {
            true => {
                approvals.push(file.event());
                instructions.approve(&file);
            }
            false => needs_approval.push(file),
        }
    }
    let notes = instructions.notes.clone();
    let spec = draft.whole(instructions);
    Ok(Resolved { spec, root, approvals, needs_approval, models_missing, notes })
}

impl Resolved {
    /// The task, if it can be asked for as it is.
    ///
    /// # Errors
    /// If the repository's proposal is not approved, or a model is not here.
    pub fn agreed(self) -> Result<TaskSpec, DeskError> {
        if self.needs_approval.iter().any(|file| file.kind == FileKind::Proposal) {
            return Err(unapproved());
        }
        if let Some(name) = self.models_missing.first() {
            let what = format!("the model {name} is not here");
            return Err(DeskError::from(Problem::new(ProblemKind::Model, what))
                .advise(format!("`tenfold models pull {name}` gets it")));
        }
        Ok(self.spec)
    }
}

/// The repository's proposal is not approved.
pub fn unapproved() -> DeskError {
    let what = "the repository's tenfold.toml is new or has changed, and is not approved";
    DeskError::from(Problem::new(ProblemKind::Refused, what))
}

#[cfg(test)]
mod tests;
