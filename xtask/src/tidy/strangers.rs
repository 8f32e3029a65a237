//! Nothing is copied in from elsewhere, nothing is minified, and nothing is large.
//!
//! Paths and shapes are looked at, never authors: that a text was copied is for a reviewer
//! to see.

use super::Violation;
use super::house::{House, LARGEST_FILE_BYTES};

const FOLDERS: &[&str] =
    &["vendor", "vendored", "third_party", "third-party", "node_modules", "site-packages"];

/// Where a line as long as [`LONG_LINE_BYTES`] means that a machine wrote it.
const SOURCES: &[&str] = &[".js", ".mjs", ".cjs", ".ts", ".css", ".html", ".svelte", ".py", ".rs"];
const LONG_LINE_BYTES: usize = 1000;

pub(super) fn vendored(house: &House) -> Vec<Violation> {
    let mut broken = Vec::new();
    for (path, file) in &house.files {
        if let Some(folder) = path.split('/').find(|part| FOLDERS.contains(part)) {
            broken.push(Violation::new(path, format!("lies in a folder named {folder}")));
        } else if [".min.js", ".min.css", ".map"].iter().any(|end| path.ends_with(end)) {
            broken.push(Violation::new(path, "is minified, or a map of what is"));
        } else if SOURCES.iter().any(|end| path.ends_with(end)) {
            let long = |line: &str| line.len() > LONG_LINE_BYTES;
            if file.text.as_ref().is_some_and(|text| text.lines().any(long)) {
                let how = format!("has a line of more than {LONG_LINE_BYTES} bytes");
                broken.push(Violation::new(path, how));
            }
        }
    }
    broken
}

pub(super) fn large(house: &House) -> Vec<Violation> {
    let large = house.files.iter().filter(|(_, file)| file.size_bytes > LARGEST_FILE_BYTES);
    large
        .map(|(path, file)| {
            let how = format!("{} bytes, more than {LARGEST_FILE_BYTES}", file.size_bytes);
            Violation::new(path, how)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_elsewhere_is_found() {
        let long = "x".repeat(LONG_LINE_BYTES + 1);
        let house = House::of_files(&[
            ("web/src/app.ts", "short\n"),
            ("web/src/bundle.js", &long),
            ("web/src/data.csv", &long),
            ("web/public/chart.min.js", ""),
            ("crates/a/vendor/b/lib.c", ""),
        ]);
        let places: Vec<_> = vendored(&house).into_iter().map(|v| v.place).collect();
        assert_eq!(
            places,
            ["crates/a/vendor/b/lib.c", "web/public/chart.min.js", "web/src/bundle.js"]
        );
    }

    #[test]
    fn a_large_file_is_found_by_its_size_alone() {
        let mut house = House::of_files(&[("small", "x"), ("model.gguf", "")]);
        house.files.get_mut("model.gguf").unwrap().size_bytes = LARGEST_FILE_BYTES + 1;
        let places: Vec<_> = large(&house).into_iter().map(|v| v.place).collect();
        assert_eq!(places, ["model.gguf"]);
    }
}
