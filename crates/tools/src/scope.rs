//! Which files a search looks at: a file, a folder, or what a glob names.
//!
//! Apart, because a model means all three by one argument. It does no IO.

use globset::GlobBuilder;
use tenfold_workspace::{FileKind, TreeFile};

use crate::files::{Files, Thing};
use crate::shown;

/// The files that are searched.
pub(crate) struct Scope<'f> {
    /// Without links, sorted by path.
    pub(crate) files: Vec<&'f TreeFile>,
    /// In words, behind "12 files".
    pub(crate) name: String,
}

/// The files that a path, from the top, or a glob names.
///
/// # Errors
/// A text for the model, if there is nothing, or the glob is none.
pub(crate) fn find<'f>(files: &'f Files, place: &str) -> Result<Scope<'f>, String> {
    let shown = shown::name(place);
    let (files, name) = match files.at(place) {
        Thing::File(file) => (vec![file], format!("({shown})")),
        Thing::Folder if place.is_empty() => {
            (files.all().iter().collect(), "of the workspace".to_owned())
        }
        Thing::Folder => (files.below(place).iter().collect(), format!("below {shown}")),
        Thing::Nothing if place.contains(['*', '?', '[', '{']) => {
            (matching(files, place)?, format!("that match {shown}"))
        }
        Thing::Nothing => return Err(files.nothing_at(place)),
    };
    let plain = |file: &&TreeFile| file.kind != FileKind::Link;
    Ok(Scope { files: files.into_iter().filter(plain).collect(), name })
}

fn matching<'f>(files: &'f Files, glob: &str) -> Result<Vec<&'f TreeFile>, String> {
    let shown = shown::name(glob);
    // As in .gitignore: what names no folder is meant in all of them.
    let anywhere = if glob.contains('/') { glob.to_owned() } else { format!("**/{glob}") };
    let matcher = GlobBuilder::new(&anywhere)
        .literal_separator(true)
        .build()
        .map_err(|error| format!("the glob {shown} can't be understood: {}", error.kind()))?
        .compile_matcher();
    let matching: Vec<_> = files.all().iter().filter(|file| matcher.is_match(&file.path)).collect();
    if matching.is_empty() {
        return Err(format!("no file matches the glob {shown}: see what there is with `list`"));
    }
    Ok(matching)
}
