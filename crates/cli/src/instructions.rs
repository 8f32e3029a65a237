//! What a repository asks of who works in it: its `AGENTS.md`. It counts only once the person
//! has approved this very text, and below what the person says.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use tenfold_domain::RepositoryEvent;
use tenfold_engine::Engine;

use crate::exit::Exit;
use crate::stop::Stop;
use crate::terminal::{self, one_line, visible};
use crate::trouble::Trouble;
use crate::{person, proposed};

const FILE: &str = "AGENTS.md";
/// The largest such file that is taken: all of it is told to the model in each turn.
const BYTES_MAX: u64 = 16 * 1024;

/// The text, if there is one and the person approves it or has done so before. One that is not
/// approved is left out, and said to be: the task can be worked without it.
pub(crate) async fn approved(
    engine: &Arc<Engine>,
    root: &Path,
    yes: bool,
    stop: &Stop,
) -> Result<String, Trouble> {
    let Some(text) = read(root)? else { return Ok(String::new()) };
    let hash = proposed::hash(&text);
    if engine.store().view()?.approved(root, FILE)?.as_deref() == Some(hash.as_str()) {
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
    engine.approve(root.to_owned(), RepositoryEvent::InstructionsApproved { hash }).await?;
    Ok(text)
}

fn read(root: &Path) -> Result<Option<String>, Trouble> {
    let path = root.join(FILE);
    // Only a plain file is opened: a repository may hold a link out of it, or a pipe.
    match path.symlink_metadata() {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Err(wrong("it is no plain file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error.to_string())),
    }
    let mut text = String::new();
    std::fs::File::open(&path)
        .and_then(|file| file.take(BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(|error| wrong(&error.to_string()))?;
    if text.len() as u64 > BYTES_MAX {
        return Err(wrong(&format!("it is larger than {} KiB", BYTES_MAX / 1024)));
    }
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

fn wrong(why: &str) -> Trouble {
    Trouble::new(Exit::Usage, format!("the repository's {FILE} can't be used: {why}"))
        .advise("correct it, or go on without it with --no-config")
}
