//! The real thing, by hand: `cargo test -p tenfold-models -- --ignored`.

use std::fs::File;

use tenfold_models::{
    Cancel, Catalogue, Depth, ModelDirs, Progress, PullOptions, SHIPPED, pull, read_header, verify,
};

#[test]
#[ignore = "downloads 490 MB"]
fn the_small_model_is_pulled_from_wherever_it_can_be_had() {
    let dir = tempfile::tempdir().unwrap();
    let dirs = ModelDirs::new(dir.path().join("cache"), dir.path());
    let catalogue = Catalogue::parse(SHIPPED, None).unwrap();
    let entry = catalogue.get("qwen2.5-coder-0.5b").unwrap();
    let mut last = 0;
    let mut tell = |told| match told {
        Progress::Received { done, .. } if done.0 < last + 20_000_000 => {}
        Progress::Received { done, .. } => {
            last = done.0;
            eprintln!("{} MB", last / 1_000_000);
        }
        told => eprintln!("{told:?}"),
    };
    let path = pull(entry, &dirs, &PullOptions::default(), &mut tell, &Cancel::new()).unwrap();
    let header = read_header(File::open(path).unwrap()).unwrap();
    assert!(header.chat_template && header.infill);
}

#[test]
#[ignore = "needs the models in the cache directory"]
fn the_shipped_catalogue_says_of_the_models_what_their_files_say() {
    let dirs = ModelDirs::from_env(|name| std::env::var_os(name)).unwrap();
    let catalogue = Catalogue::parse(SHIPPED, None).unwrap();
    for entry in catalogue.entries() {
        let cancel = Cancel::new();
        let path = verify(entry, &dirs, Depth::Full, &mut |_| (), &cancel).unwrap();
        let header = read_header(File::open(path).unwrap()).unwrap();
        eprintln!("{header:?}");
        assert_eq!(header.context, entry.context);
        assert_eq!(header.chat_template, entry.chat_template);
        assert_eq!(header.infill, entry.infill);
        let cache = header.cache_bytes_per_token.unwrap().0 * header.context.unwrap().0;
        let rule = entry.bytes.0 + cache + 400_000_000;
        assert!(rule.abs_diff(entry.memory.0) < 50_000_000, "{} {rule}", entry.name);
        assert!(header.at_least < entry.bytes);
    }
}
