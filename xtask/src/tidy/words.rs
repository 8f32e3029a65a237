//! Words that no file of the repository holds: the hosts of package registries, and paths
//! into somebody's home.
//!
//! Lock files are left out, because package managers write them. The words are put together
//! from halves here, so that this file holds none of them.

use super::Violation;
use super::house::House;

const REGISTRY_HOSTS: &[&str] = &[
    concat!("pypi", ".org"),
    concat!("pythonhosted", ".org"),
    concat!("crates", ".io"),
    concat!("registry.npmjs", ".org"),
    concat!("registry.yarnpkg", ".com"),
    concat!("repo.maven.apache", ".org"),
    concat!("repo1.maven", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("rubygems", ".org"),
    concat!("deb.debian", ".org"),
];

const HOMES: &[&str] = &[concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/")];

/// Made-up people, for examples and tests, and the name that the sandbox gives its own home.
const NOBODY: &[&str] = &["you", "user", "me", "ada", "ana", "someone", "tenfold"];

/// No file names a package registry's host.
pub(super) fn registry_hosts(house: &House) -> Vec<Violation> {
    in_lines(house, |line| {
        let lower = line.to_ascii_lowercase();
        let host = REGISTRY_HOSTS.iter().find(|host| lower.contains(**host))?;
        Some(format!("names {host}"))
    })
}

/// No file names a path into a real person's home.
pub(super) fn home_paths(house: &House) -> Vec<Violation> {
    in_lines(house, |line| {
        let home = HOMES.iter().find(|home| {
            line.match_indices(**home).any(|(place, _)| {
                let starts = !line[..place].ends_with(|c: char| c.is_alphanumeric() || c == '.');
                let rest = &line[place + home.len()..];
                let end = rest.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c)));
                let name = &rest[..end.unwrap_or(rest.len())];
                starts && !name.is_empty() && !NOBODY.contains(&name)
            })
        })?;
        Some(format!("names a path below {home}; for an example write {home}you/"))
    })
}

fn in_lines(house: &House, find: impl Fn(&str) -> Option<String>) -> Vec<Violation> {
    let mut broken = Vec::new();
    for (path, text) in house.texts("").filter(|(path, _)| !is_lock_file(path)) {
        for (number, line) in text.lines().enumerate() {
            if let Some(how) = find(line) {
                broken.push(Violation::new(format!("{path}:{}", number + 1), how));
            }
        }
    }
    broken
}

fn is_lock_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "Cargo.lock" | "package-lock.json" | "go.sum")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(rule: fn(&House) -> Vec<Violation>, text: &str) -> Vec<String> {
        let house = House::of_files(&[("a.md", text), ("web/package-lock.json", text)]);
        rule(&house).into_iter().map(|violation| violation.place).collect()
    }

    #[test]
    fn a_registrys_host_is_found_but_not_in_a_lock_file() {
        let text = format!("PyPI is a word\nhttps://files.{}/x\n", REGISTRY_HOSTS[1]);
        assert_eq!(places(registry_hosts, &text), ["a.md:2"]);
    }

    #[test]
    fn a_path_of_somebodys_machine_is_found() {
        let text = format!("{0}you/x\nlook in {0}wilhelmina/x\n{1}.ssh\n", HOMES[0], HOMES[2]);
        assert_eq!(places(home_paths, &text), ["a.md:2", "a.md:3"]);
        let text = format!("`{}` alone\nx{}y/z\n~/.ssh and /rooted/x", HOMES[2], HOMES[0]);
        assert_eq!(places(home_paths, &text), [""; 0]);
    }
}
