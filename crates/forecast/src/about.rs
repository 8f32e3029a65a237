//! What is known of a task and of who tries it before it is tried.

/// What a trial is of. What isn't known stays empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About<'a> {
    /// The task's name or number, by which its trials are known to be of the same task.
    pub task: &'a str,
    /// The model that tries it.
    pub model: &'a str,
    /// How it is tried: a strategy, with whatever else makes a difference.
    pub strategy: &'a str,
    /// The role of the coworker.
    pub role: &'a str,
    /// What part of the work it is in: a repository, a folder.
    pub area: &'a str,
    /// The language that most of the code is in that it works on.
    pub language: &'a str,
    /// What it is marked with.
    pub labels: Vec<&'a str>,
    /// How long its text is, in bytes.
    pub text_bytes: Option<u64>,
    /// How large what it works on is, in files.
    pub repository_files: Option<u64>,
    /// How many minutes it would take a person.
    pub human_minutes: Option<f64>,
}

impl About<'_> {
    /// The kinds of task that it belongs to, each by a name: what tasks of one kind have in
    /// common is learned. Sizes are rounded to a power of four, minutes to a power of two.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let named = [("role", self.role), ("area", self.area), ("language", self.language)];
        let labels = self.labels.iter().map(|label| ("label", *label));
        let mut kinds: Vec<String> = named
            .into_iter()
            .chain(labels)
            .filter(|(_, name)| !name.is_empty())
            .map(|(what, name)| format!("{what} {name}"))
            .collect();
        let sizes = [("text", self.text_bytes), ("repository", self.repository_files)];
        let sizes = sizes.into_iter().filter_map(|(what, size)| Some((what, size? as f64, 2.0)));
        let minutes = self.human_minutes.map(|minutes| ("minutes", minutes, 1.0));
        for (what, size, octaves) in sizes.chain(minutes) {
            if size.is_finite() && size > 0.0 {
                kinds.push(format!("{what} {}", (size.log2() / octaves).round()));
            }
        }
        kinds.sort();
        kinds.dedup();
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_are_alike_are_of_one_kind() {
        let about = |bytes, minutes| About {
            role: "developer",
            labels: vec!["bug", "bug", ""],
            text_bytes: Some(bytes),
            human_minutes: Some(minutes),
            ..About::default()
        };
        assert_eq!(about(1000, 15.0).kinds(), about(1100, 17.0).kinds());
        assert_ne!(about(1000, 15.0).kinds(), about(9000, 15.0).kinds());
        assert_eq!(about(0, f64::NAN).kinds(), ["label bug", "role developer"]);
    }
}
