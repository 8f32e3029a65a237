//! One model of the catalogue, whole and checked.

use std::path::PathBuf;

use tenfold_domain::{Bytes, Millis, NanoUsd, Tokens, Usage};

use crate::{ModelDirs, Price, Sha256Sum, Slowest};

/// The longest name of a model.
const NAME_LIMIT: usize = 64;

/// A model that can be run here: what its file is, where it comes from, what it can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name by which it is asked for: small letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Where its file is, or will be.
    pub place: Place,
    /// The size of its file.
    pub bytes: Bytes,
    /// The SHA-256 of its file.
    pub sha256: Sha256Sum,
    /// Its licence, if known.
    pub licence: Option<String>,
    /// The longest context that it was trained for, if known.
    pub context: Option<Tokens>,
    /// The memory that it needs to run freely.
    pub memory: Bytes,
    /// Whether it has a chat template.
    pub chat_template: bool,
    /// Whether it has tokens for infilling.
    pub infill: bool,
    /// The speeds below which a call of it is given up.
    pub slowest: Slowest,
    /// What its calls cost.
    pub price: Price,
    /// Where its file can be had, in the order in which they are tried.
    pub sources: Vec<Source>,
    /// Whether it ships with Tenfold; a person added it otherwise.
    pub shipped: bool,
}

/// Where a model's file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the cache directory, under this name. Tenfold fetched it, and may delete it.
    Cached(String),
    /// Where the person has it. Tenfold only ever reads it.
    Own(PathBuf),
}

/// Where a model's file can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Over HTTP, in one piece.
    Http {
        /// The address.
        url: String,
    },
    /// In Python wheels, each of which holds a part.
    Parts(PartsSource),
}

/// A file that lies in several Python wheels, one part in each, to be put end to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartsSource {
    package: String,
    version: String,
    parts: u32,
    part_bytes: u64,
    member: String,
    bytes: u64,
}

impl Entry {
    /// Where its file is, or will be.
    pub fn path(&self, dirs: &ModelDirs) -> PathBuf {
        match &self.place {
            Place::Cached(file) => dirs.cache().join(file),
            Place::Own(path) => path.clone(),
        }
    }

    /// The price of one call, or one batch, that used `usage` and took `wall`.
    pub fn cost(&self, usage: Usage, wall: Millis) -> NanoUsd {
        self.price.cost(usage, wall)
    }

    /// The longest that a call may take; whoever calls stops it then. For a batch hand in the
    /// sums over its sequences.
    pub fn longest(&self, prompt: Tokens, output: Tokens) -> Millis {
        self.slowest.longest(prompt, output)
    }

    /// The most that a call can cost if it is stopped after [`Entry::longest`]. For a batch
    /// hand in the sums over its sequences.
    pub fn worst_case(&self, prompt: Tokens, output: Tokens) -> NanoUsd {
        self.price.worst_case(prompt, output, self.longest(prompt, output))
    }

    /// What a person can do when its file is absent or wrong.
    pub(crate) fn remedy(&self) -> String {
        let name = &self.name;
        match self.place {
            Place::Cached(_) => format!("`tenfold models pull {name}` gets it"),
            Place::Own(_) => {
                format!("put it back, or `tenfold models rm {name}` and add the file as it is now")
            }
        }
    }
}

impl Source {
    /// Its name for people: the host, or the packages.
    pub fn describe(&self) -> String {
        match self {
            Self::Http { url } => host(url).to_owned(),
            Self::Parts(parts) => {
                format!("pip ({} to {})", parts.package_of(1), parts.package_of(parts.parts))
            }
        }
    }
}

/// The host of an address, without a name or password that may stand before it.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit('@').next().unwrap_or(authority)
}

impl PartsSource {
    /// Checks what a catalogue says: these texts become arguments of a program.
    pub(crate) fn new(
        package: String,
        version: String,
        parts: u32,
        part_bytes: u64,
        member: String,
        bytes: u64,
    ) -> Result<Self, String> {
        let plain = |text: &str, more: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        if !plain(&package, "._-{}") {
            return Err(format!("'{package}' is not the name of a package"));
        }
        if !plain(&version, "._-+!") {
            return Err(format!("'{version}' is not a version"));
        }
        if !(1..=999).contains(&parts) {
            return Err(format!("'parts' is {parts}, and not from 1 to 999"));
        }
        let whole = part_bytes.saturating_mul(u64::from(parts));
        let but_last = part_bytes.saturating_mul(u64::from(parts) - 1);
        if bytes <= but_last || bytes > whole {
            return Err(format!("{parts} parts of {part_bytes} bytes do not make {bytes} bytes"));
        }
        Ok(Self { package, version, parts, part_bytes, member, bytes })
    }

    /// How many parts there are.
    pub(crate) fn count(&self) -> u32 {
        self.parts
    }

    /// The size of every part but the last.
    pub(crate) fn part_bytes(&self) -> u64 {
        self.part_bytes
    }

    /// The size of part `n`, counted from one.
    pub(crate) fn bytes_of(&self, n: u32) -> u64 {
        self.bytes.saturating_sub(self.start_of(n)).min(self.part_bytes)
    }

    /// Where part `n`, counted from one, begins in the file.
    pub(crate) fn start_of(&self, n: u32) -> u64 {
        self.part_bytes * u64::from(n.saturating_sub(1))
    }

    /// The part, counted from one, in which the byte at `offset` lies.
    pub(crate) fn part_at(&self, offset: u64) -> u32 {
        u32::try_from(offset / self.part_bytes).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The package that holds part `n`.
    pub(crate) fn package_of(&self, n: u32) -> String {
        fill(&self.package, n)
    }

    /// The package of part `n` with its version, as `pip` takes it.
    pub(crate) fn requirement_of(&self, n: u32) -> String {
        format!("{}=={}", self.package_of(n), self.version)
    }

    /// The member of the wheel that is part `n`.
    pub(crate) fn member_of(&self, n: u32) -> String {
        fill(&self.member, n)
    }
}

fn fill(pattern: &str, n: u32) -> String {
    pattern.replace("{nn}", &format!("{n:02}")).replace("{n}", &n.to_string())
}

/// Whether `name` can be the name of a model: it stands in commands and in file names.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    if name.len() > NAME_LIMIT {
        return Err("a name has at most 64 characters");
    }
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(plain) {
        return Err("a name is made of small letters, digits, '.', '_' and '-', and begins with \
                    a letter or a digit");
    }
    Ok(())
}

/// Whether `file` is the plain name of a file that can lie in the cache.
pub(crate) fn check_file_name(file: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
    if file.len() > 200 || file.starts_with(['.', '-']) || !file.chars().all(plain) {
        return Err("'file' is not a plain file name of letters, digits, '.', '_', '-' and '+'");
    }
    if !file.ends_with(".gguf") {
        return Err("'file' does not end in .gguf");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(package: &str, parts: u32, bytes: u64) -> Result<PartsSource, String> {
        let member = "d{n}/part{nn}.bin".to_owned();
        PartsSource::new(package.into(), "1.0".into(), parts, 10, member, bytes)
    }

    #[test]
    fn parts_lie_end_to_end() {
        let source = parts("p-{n}", 3, 25).unwrap();
        assert_eq!([1, 2, 3].map(|n| source.bytes_of(n)), [10, 10, 5]);
        assert_eq!([0, 9, 10, 24].map(|at| source.part_at(at)), [1, 1, 2, 3]);
        assert_eq!(source.requirement_of(2), "p-2==1.0");
        assert_eq!(source.member_of(2), "d2/part02.bin");
    }

    #[test]
    fn parts_that_cannot_be_right_are_refused() {
        for (package, count, bytes) in
            [("-r{n}", 3, 25), ("p{n} x", 3, 25), ("p", 3, 31), ("p", 3, 20), ("p", 0, 0)]
        {
            assert!(parts(package, count, bytes).is_err(), "{package} {count} {bytes}");
        }
    }

    #[test]
    fn names_are_plain() {
        for good in ["qwen2.5-coder-1.5b", "a", "my_model"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", ".a", "a/b", "A", "a b", "ä", &"a".repeat(65)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        for bad in ["", "../x.gguf", "a/b.gguf", ".x.gguf", "-x.gguf", "x.bin", "x.gguf\n"] {
            assert!(check_file_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_is_named_without_its_password() {
        assert_eq!(host("https://me:secret@example.org:8080/a?b@c"), "example.org:8080");
        assert_eq!(host("http://127.0.0.1/x@y"), "127.0.0.1");
    }
}
