//! From a path as a model writes it to one in a commit.
//!
//! Apart, because it is the fence: whatever a model writes stays below the top, and out of
//! git directories. It does no IO.

use std::path::Path;

use crate::shown;

/// The most bytes between two `/`: what file systems take.
const MAX_NAME_BYTES: usize = 255;
/// The most bytes of a path from the top; file systems take some more, for what is above.
const MAX_PATH_BYTES: usize = 2_000;

/// Where `given` leads, from the top at `root`: `/` separated, empty for the top itself.
/// An absolute path is taken if it starts with `root`.
///
/// # Errors
/// A text for the model, if it leads out, into `.git`, or can't be a path of a file.
pub fn place(root: &Path, given: &str) -> Result<String, String> {
    let shown = || shown::name(given);
    let below_root = root.to_str().and_then(|root| given.strip_prefix(root));
    let relative = match below_root.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => rest.trim_start_matches('/'),
        None if given.starts_with('/') => {
            return Err(format!(
                "{} is not in the workspace: give paths from its top, such as src/main.py",
                shown()
            ));
        }
        None => given,
    };
    let mut parts = Vec::new();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                return Err(format!(
                    "{} goes up with `..`: give paths from the top of the workspace",
                    shown()
                ));
            }
            part if part.eq_ignore_ascii_case(".git") => {
                return Err(format!("{} is git's own, which tools don't touch", shown()));
            }
            part if part.len() > MAX_NAME_BYTES || part.contains('\0') => {
                return Err(format!("{} can't be the path of a file", shown()));
            }
            part => parts.push(part),
        }
    }
    let place = parts.join("/");
    if place.len() > MAX_PATH_BYTES {
        return Err(format!("{} is longer than a path may be", shown()));
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_from_the_top() {
        let root = Path::new("/srv/work");
        for (given, place_) in [
            (".", ""),
            ("", ""),
            ("./src//a.py", "src/a.py"),
            ("src/", "src"),
            ("/srv/work", ""),
            ("/srv/work/src/a.py", "src/a.py"),
            (".github/x", ".github/x"),
        ] {
            assert_eq!(place(root, given).as_deref(), Ok(place_), "{given}");
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        let root = Path::new("/srv/work");
        let long = "x".repeat(256);
        let deep = "x/".repeat(1_500);
        for given in [
            "/etc/passwd",
            "/srv/workshop/a",
            "/srv/work/../x",
            "../x",
            "a/../b",
            ".git/config",
            "a/.GIT",
            "a\0b",
            &long,
            &deep,
        ] {
            let told = place(root, given).unwrap_err();
            assert!(told.len() < 1_000, "{told}");
        }
    }
}
