//! The person's own catalogue of models.

use std::path::Path;

use tenfold_models::{Catalogue, SHIPPED};

use crate::input;

/// A catalogue that reads knows each of its models by name, and has the one that it prefers.
pub(super) fn run(bytes: &[u8]) {
    let own = input::text(bytes);
    match Catalogue::parse(SHIPPED, Some((Path::new("models.toml"), &own))) {
        Ok(catalogue) => {
            assert_eq!(catalogue.default_model().name(), catalogue.default_name());
            for entry in catalogue.entries() {
                assert_eq!(catalogue.get(&entry.name).expect("it is there").name, entry.name);
            }
            for hosted in catalogue.hosted() {
                assert_eq!(catalogue.model(&hosted.name).expect("it is there").name(), hosted.name);
            }
        }
        Err(error) => assert!(error.to_string().contains("models.toml"), "{error}"),
    }
}
