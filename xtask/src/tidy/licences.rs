//! Every crate that ends up here may be used under a licence that deny.toml allows.
//!
//! cargo-deny says the same and more; this much is held without it, because it isn't
//! installed everywhere. Only the licence that a crate declares is read, never its text.

use super::Violation;
use super::house::House;

const LIST: &str = "deny.toml";

pub(super) fn allowed(house: &House) -> Vec<Violation> {
    let Some(allowed) = house.text(LIST).and_then(list) else {
        return vec![Violation::new(LIST, "has no list `allow` under [licenses]")];
    };
    let mut broken = Vec::new();
    for (package, licence) in &house.licences {
        if !is_allowed(licence, &allowed) {
            let licence = if licence.is_empty() { "no licence" } else { licence };
            broken.push(Violation::new(package, format!("has {licence}")));
        }
    }
    broken
}

fn list(text: &str) -> Option<Vec<String>> {
    let table = text.parse::<toml::Table>().ok()?;
    let list = table.get("licenses")?.get("allow")?.as_array()?;
    list.iter().map(|licence| licence.as_str().map(str::to_owned)).collect()
}

/// Whether an SPDX expression can be met with the allowed licences alone. Old manifests
/// write `/` for OR.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, allowed };
    reader.any() == Some(true) && reader.words.is_empty()
}

/// Reads an expression from the left; each function returns whether its part is met, or
/// nothing if it can't be read.
struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl<'a> Reader<'a> {
    fn any(&mut self) -> Option<bool> {
        let mut met = self.all()?;
        while self.takes("OR") {
            met |= self.all()?;
        }
        Some(met)
    }

    fn all(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.takes("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.takes("(") {
            let met = self.any()?;
            return self.takes(")").then_some(met);
        }
        let name = self.next()?;
        let whole = match self.takes("WITH") {
            true => format!("{name} WITH {}", self.next()?),
            false => name.to_owned(),
        };
        Some(self.allowed.contains(&whole))
    }

    fn takes(&mut self, word: &str) -> bool {
        let there = self.words.first() == Some(&word);
        if there {
            self.words = &self.words[1..];
        }
        there
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_or_not() {
        let allowed = ["MIT", "Apache-2.0", "Zlib WITH x"].map(str::to_owned);
        for expression in [
            "MIT",
            "GPL-3.0 OR MIT",
            "Unlicense/MIT",
            "(MIT OR GPL-3.0) AND Apache-2.0",
            "GPL-3.0 AND ISC OR Zlib WITH x",
        ] {
            assert!(is_allowed(expression, &allowed), "{expression}");
        }
        for expression in
            ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT OR", "(MIT", "Zlib", "MIT WITH x", "MIT MIT"]
        {
            assert!(!is_allowed(expression, &allowed), "{expression}");
        }
    }

    #[test]
    fn a_crate_under_another_licence_is_found() {
        let list = "[licenses]\nallow = [\"MIT\"]\n";
        let mut house = House::of_files(&[(LIST, list)]);
        for (name, licence) in [("good", "MIT"), ("bad", "AGPL-3.0"), ("none", "")] {
            house.licences.insert(name.into(), licence.into());
        }
        let places: Vec<_> = allowed(&house).into_iter().map(|v| v.place).collect();
        assert_eq!(places, ["bad", "none"]);
        house.files.clear();
        assert_eq!(allowed(&house).len(), 1);
    }
}
