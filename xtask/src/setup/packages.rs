//! The packages of the system that the house is built with, and what each package manager
//! calls them.
//!
//! They are found by what they bring (a program, a library), not by asking the package
//! manager: a person may have them from elsewhere. Only `apt-get` is ever started, and only
//! as root; for everyone else there is one line to type.

use std::path::{Path, PathBuf};

use crate::command::{command, on_path, output, run, succeeds};
use crate::trouble::Trouble;

/// Something that must be there, and the package that brings it.
pub(super) struct Need {
    what: &'static str,
    there: fn() -> bool,
    /// In the order of [`MANAGERS`].
    packages: [&'static str; 4],
}

/// A package manager, and the line that installs with it. The first one found is meant.
struct Manager {
    program: &'static str,
    install: &'static str,
}

const MANAGERS: [Manager; 4] = [
    Manager {
        program: "apt-get",
        install: "sudo apt-get update && sudo apt-get install -y --no-install-recommends",
    },
    Manager { program: "dnf", install: "sudo dnf install -y" },
    Manager { program: "pacman", install: "sudo pacman -S --needed" },
    Manager { program: "brew", install: "brew install" },
];

/// What the house is built with.
pub(super) const HOUSE: &[Need] = &[
    Need {
        what: "git",
        there: || on_path("git").is_some(),
        packages: ["git", "git", "git", "git"],
    },
    Need {
        what: "a C++ compiler",
        there: || on_path("c++").is_some(),
        packages: ["g++", "gcc-c++", "gcc", "llvm"],
    },
    Need {
        what: "make",
        there: || on_path("make").is_some(),
        packages: ["make", "make", "make", "make"],
    },
    Need {
        what: "cmake",
        there: || on_path("cmake").is_some(),
        packages: ["cmake", "cmake", "cmake", "cmake"],
    },
    Need {
        what: "clang",
        there: || on_path("clang").is_some(),
        packages: ["clang", "clang", "clang", "llvm"],
    },
    Need {
        what: "libclang",
        there: has_libclang,
        packages: ["libclang-dev", "clang-devel", "clang", "llvm"],
    },
    Need {
        what: "bubblewrap",
        there: || !cfg!(target_os = "linux") || on_path("bwrap").is_some(),
        packages: ["bubblewrap", "bubblewrap", "bubblewrap", ""],
    },
    Need {
        what: "Python 3",
        there: || on_path("python3").is_some(),
        packages: ["python3", "python3", "python", "python"],
    },
    Need {
        what: "Python's venv",
        there: || succeeds(&mut command("python3", ["-c", "import venv, ensurepip"])),
        packages: ["python3-venv", "python3", "python", "python"],
    },
];

/// What the page is tried in.
pub(super) const PAGE: &[Need] = &[Need {
    what: "Chromium",
    there: || on_path("chromium").is_some(),
    packages: ["chromium", "chromium", "chromium", "chromium"],
}];

/// What Temporal's crates are built with.
pub(super) const TEMPORAL: &[Need] = &[
    Need {
        what: "protoc",
        there: || on_path("protoc").is_some(),
        packages: ["protobuf-compiler", "protobuf-compiler", "protobuf", "protobuf"],
    },
    Need {
        what: "the messages that come with protoc",
        there: || {
            let below = |program: PathBuf| Some(program.parent()?.parent()?.join("include"));
            let include = on_path("protoc").and_then(below);
            include.is_some_and(|dir| dir.join("google/protobuf/any.proto").is_file())
        },
        packages: ["libprotobuf-dev", "protobuf-devel", "protobuf", "protobuf"],
    },
];

/// What of it is not there.
pub(super) fn missing(needs: &'static [Need]) -> Vec<&'static Need> {
    needs.iter().filter(|need| !(need.there)()).collect()
}

/// Installs what of it is missing, as root with apt-get; for anyone else, says what to type.
pub(super) fn install(needs: &'static [Need]) -> Result<(), Trouble> {
    let missing = missing(needs);
    let what: Vec<_> = missing.iter().map(|need| need.what).collect();
    println!("setup: missing: {}", what.join(", "));
    if !is_root() || on_path("apt-get").is_none() {
        return Err(Trouble::missing(advice(&missing, |program| on_path(program).is_some())));
    }
    let apt =
        |words: &[&str]| run(command("apt-get", words).env("DEBIAN_FRONTEND", "noninteractive"));
    apt(&["update", "-q"])?;
    let mut words = vec!["install", "-q", "-y", "--no-install-recommends"];
    words.extend(packages(&missing, 0));
    apt(&words)
}

/// The one line to type, for the package manager that this machine has.
fn advice(missing: &[&Need], has: impl Fn(&str) -> bool) -> String {
    let line = |index: usize| {
        format!("{} {}", MANAGERS[index].install, packages(missing, index).join(" "))
    };
    let what: Vec<_> = missing.iter().map(|need| need.what).collect();
    let what = what.join(", ");
    match MANAGERS.iter().position(|manager| has(manager.program)) {
        Some(index) => {
            format!("missing: {what}. Install with this line, then go on:\n\n  {}\n", line(index))
        }
        None => format!(
            "missing: {what}, and no package manager that is known here (apt-get, dnf, pacman, \
             brew). On Debian the line would be:\n\n  {}\n",
            line(0)
        ),
    }
}

/// The packages for the manager with this index, each once.
fn packages(missing: &[&Need], manager: usize) -> Vec<&'static str> {
    let mut names = Vec::new();
    for name in missing.iter().map(|need| need.packages[manager]) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn is_root() -> bool {
    output(&mut command("id", ["-u"])).is_ok_and(|uid| uid.trim() == "0")
}

/// Where the bindings generator looks for libclang, in short.
fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let fixed = [
        "/usr/lib",
        "/usr/lib64",
        "/usr/local/lib",
        "/opt/homebrew/opt/llvm/lib",
        "/usr/local/opt/llvm/lib",
        "/Library/Developer/CommandLineTools/usr/lib",
    ];
    let below = |dir: &str| entries(Path::new(dir));
    let versions = below("/usr/lib")
        .into_iter()
        .flat_map(|dir| [dir.join("lib"), dir])
        .filter(|dir| dir.is_dir());
    fixed.iter().map(PathBuf::from).chain(versions).any(|dir| {
        entries(&dir).iter().any(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let other = name.starts_with("libclang-cpp");
            name.starts_with("libclang.") || (name.starts_with("libclang-") && !other)
        })
    })
}

/// What lies in a folder; nothing if it can't be read.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(dir);
    read.map(|all| all.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(names: &[&str]) -> Vec<&'static Need> {
        HOUSE.iter().filter(|need| names.contains(&need.what)).collect()
    }

    #[test]
    fn the_line_to_type_is_the_one_of_this_machine() {
        let missing = needs(&["cmake", "clang", "libclang"]);
        let line = advice(&missing, |program| program == "pacman" || program == "brew");
        assert!(line.contains("  sudo pacman -S --needed cmake clang\n"), "{line}");
        let line = advice(&missing, |program| program == "dnf");
        assert!(line.contains("  sudo dnf install -y cmake clang clang-devel\n"), "{line}");
        let line = advice(&missing, |program| program == "brew");
        assert!(line.contains("  brew install cmake llvm\n"), "{line}");
    }

    #[test]
    fn without_a_known_package_manager_the_names_are_still_said() {
        let line = advice(&needs(&["bubblewrap"]), |_| false);
        assert!(line.contains("no package manager") && line.contains("bubblewrap"), "{line}");
    }
}
