//! The store from the outside: what is durable, what is shared, and what breaks.

// A function that tests share may unwrap as they do: clippy knows tests by their attribute.
#![allow(clippy::unwrap_used)]

mod chain;
mod compact;
mod crash;
mod damage;
mod disk;
mod facts;
mod journal;
mod ledger;
mod lists;
mod lock;
mod sharing;

#[test]
fn every_file_here_is_part_of_this_test() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let main = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(name == "main" || main.contains(&format!("mod {name};")), "{name} is not listed");
    }
}
