//! `cargo xtask prices`: makes the price books that ship, from the lists of prices in dated
//! releases of LiteLLM.
//!
//! crates/models/prices/releases.toml names the releases, one a quarter at the most, each with
//! its hash: the same file makes the same books. Wheels are fetched with pip and unpacked in
//! memory; nothing in them is installed or run. What reads them is an example of crates/models,
//! since that knows prices and this must not.

use std::path::Path;
use std::process::ExitCode;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::command::{cargo, command, run};
use crate::trouble::{Tried, Trouble};
use crate::{Chore, house};

pub(crate) const CHORE: Chore = Chore {
    name: "prices",
    usage: "",
    about: "make the price books that ship; fetches some 200 MB the first time",
    run: |args| {
        if let Some(arg) = args.first() {
            return Err(Trouble::usage(format!("prices takes no '{arg}'")));
        }
        make()?;
        Ok(ExitCode::SUCCESS)
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Releases {
    release: Vec<Release>,
    /// What is wrong in the lists; for the example, too.
    #[serde(rename = "except")]
    _except: Vec<toml::Table>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    version: String,
    /// The day by which it was there; the example reads it.
    #[serde(rename = "by")]
    _by: toml::value::Datetime,
    sha256: String,
}

fn make() -> Result<(), Trouble> {
    let prices = house::root().join("crates/models/prices");
    let pins = prices.join("releases.toml");
    let text =
        std::fs::read_to_string(&pins).tried(|| format!("could not read {}", pins.display()))?;
    let releases = parse(&text).tried(|| format!("could not read {}", pins.display()))?;
    let wheels = house::cache()?.join("prices");
    std::fs::create_dir_all(&wheels).tried(|| format!("could not create {}", wheels.display()))?;
    for release in &releases {
        if !is_there(&wheels, release)? {
            println!("prices: fetching litellm {}", release.version);
            fetch(&wheels, release)?;
        }
    }
    let example = ["run", "--locked", "--quiet", "--package", "tenfold-models", "--example"];
    let mut example = cargo(example);
    example.args(["price_book", "--"]).arg(&prices).arg(&wheels).current_dir(house::root());
    run(&mut example)
}

fn parse(text: &str) -> Result<Vec<Release>, String> {
    let releases: Releases = toml::from_str(text).map_err(|error| error.to_string())?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
    match releases.release.iter().find(|release| !release.version.chars().all(plain)) {
        Some(release) => Err(format!("'{}' is no version", release.version)),
        None => Ok(releases.release),
    }
}

/// Fetches the wheel of one machine, whatever this one is: the list in it is the same for all.
fn fetch(wheels: &Path, release: &Release) -> Result<(), Trouble> {
    let pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"];
    run(command("python3", pip)
        .args(["--only-binary", ":all:", "--python-version", "3.11"])
        .args(["--platform", "manylinux_2_28_x86_64", "--dest"])
        .arg(wheels)
        .arg(format!("litellm=={}", release.version)))
    .map_err(|trouble| trouble.during("could not fetch a release of litellm"))?;
    match is_there(wheels, release)? {
        true => Ok(()),
        false => Err(Trouble::failed(format!(
            "the wheel of litellm {} is another than crates/models/prices/releases.toml pins; \
             look at why before changing the pin",
            release.version
        ))),
    }
}

/// Whether the wheel is there, and the right one.
fn is_there(wheels: &Path, release: &Release) -> Result<bool, Trouble> {
    let doing = || format!("could not read {}", wheels.display());
    let begins = format!("litellm-{}-", release.version);
    for entry in std::fs::read_dir(wheels).tried(doing)? {
        let entry = entry.tried(doing)?;
        if !entry.file_name().to_string_lossy().starts_with(&begins) {
            continue;
        }
        let bytes = std::fs::read(entry.path()).tried(doing)?;
        let hash: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        if hash == release.sha256 {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pins_are_one_a_quarter_and_in_order() {
        let text = include_str!("../../crates/models/prices/releases.toml");
        let quarters: Vec<(u16, u8)> = parse(text)
            .unwrap()
            .iter()
            .map(|release| {
                let date = release._by.date.unwrap();
                // What was there by the first day of a quarter came in the one before.
                let month = u16::from(date.month) - u16::from(date.day == 1);
                (date.year - u16::from(month == 0), u8::try_from((month + 11) % 12 / 3).unwrap())
            })
            .collect();
        assert!(quarters.windows(2).all(|two| two[0] < two[1]), "{quarters:?}");
    }

    #[test]
    fn a_version_becomes_no_argument_of_another_kind() {
        let text = "[[release]]\nversion = '1 --index-url x'\nby = 2024-01-01\nsha256 = ''\n";
        let text = &format!("except = []\n{text}");
        assert!(parse(text).unwrap_err().contains("no version"));
    }
}
