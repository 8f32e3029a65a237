//! What a repository asks of who works in it: its `AGENTS.md`. It counts only once the person
//! has approved this very text, and below what the person says.

use std::path::Path;

use tenfold_api::Approve;
use tenfold_domain::RepositoryEvent;

use crate::connection::Connection;
use crate::context::Context;
use crate::stop::Stop;
use crate::terminal::{self, one_line, visible};
use crate::trouble::Trouble;
use crate::{person, proposed, repository_file};

const FILE: &str = "AGENTS.md";
/// The largest such file that is taken: all of it is told to the model in each turn.
const BYTES_MAX: u64 = 16 * 1024;

/// The text, if there is one and the person approves it or has done so before. One that is not
/// approved is left out, and said to be: the task can be worked without it.
pub(crate) async fn approved(
    context: &Context,
    engine: &Connection,
    root: &Path,
    yes: bool,
    stop: &Stop,
) -> Result<String, Trouble> {
    let text = repository_file::read(root, FILE, BYTES_MAX)?.unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let hash = proposed::hash(&text);
    if context.approved(root, FILE)?.as_deref() == Some(hash.as_str()) {
        return Ok(text);
    }
    let folder = one_line(&root.display().to_string(), 200);
    let indented = visible(text.trim_end()).replace('\n', "\n  ");
    terminal::note(&format!(
        "{folder}/{FILE} asks the following of who works in it:\n\n  {indented}\n"
    ));
    let question = "Tell the coworker so, here and from now on?";
    if !(yes || (terminal::can_ask() && person::agrees(question, stop).await?)) {
        terminal::note(&format!(
            "{FILE} is new or has changed and is not approved, so it is left out; --yes approves it"
        ));
        return Ok(String::new());
    }
    let event = RepositoryEvent::InstructionsApproved { file: FILE.to_owned(), hash };
    engine.say(&Approve { workspace: root.to_owned(), event }).await?;
    Ok(text)
}
