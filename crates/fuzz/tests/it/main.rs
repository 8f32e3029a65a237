//! Every target on its seeds and on what is like them.
//!
//! What a fuzzer has found lies among the seeds, so that it is tried for ever after.

// Helpers of tests may unwrap as the tests do.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use tenfold_fuzz::{TARGETS, Target};

fn seeds_of(target: &Target) -> Vec<Vec<u8>> {
    let folder = folder().join(target.name);
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

#[test]
fn every_target_has_seeds_and_holds_on_them() {
    let mut folders: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(folders, names, "a folder of seeds for each target, in the order of their names");
    for target in TARGETS {
        let seeds = seeds_of(target);
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        seeds.iter().for_each(|seed| (target.run)(seed));
        (target.run)(b"");
    }
}

/// A seed in which some pieces are taken out, doubled, or replaced by others or by bytes.
#[derive(Debug, Clone)]
struct Change {
    at: prop::sample::Index,
    length: usize,
    with: Vec<u8>,
    twice: bool,
}

fn change() -> impl Strategy<Value = Change> {
    let with = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        "[ -~\n\t\u{e4}\u{1f600}]{0,6}".prop_map(String::into_bytes),
    ];
    let parts = (any::<prop::sample::Index>(), 0..24usize, with, any::<bool>());
    parts.prop_map(|(at, length, with, twice)| Change { at, length, with, twice })
}

fn changed(mut seed: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for Change { at, length, with, twice } in changes {
        let start = at.index(seed.len() + 1);
        let end = (start + length).min(seed.len());
        let kept = if *twice { seed[start..end].to_vec() } else { Vec::new() };
        let end = if *twice { start } else { end };
        seed.splice(start..end, [kept, with.clone()].concat());
    }
    seed
}

proptest! {
    // What is found lies among the seeds, and in no file of the library's own.
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_is_like_a_seed_breaks_nothing(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        for target in TARGETS {
            let seeds = seeds_of(target);
            let seed = seeds[which.index(seeds.len())].clone();
            (target.run)(&changed(seed, &changes));
        }
    }
}
