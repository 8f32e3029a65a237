//! Go: the modules that have been downloaded.

use super::{Surroundings, Toolchains};

pub(super) fn find(around: &Surroundings, found: &mut Toolchains) {
    if let Some(root) = around.var("GOROOT").map(std::path::PathBuf::from)
        && root.is_dir()
    {
        found.show(around, &root);
    }
    let modules = around.dir("GOMODCACHE", "go/pkg/mod").or_else(|| {
        let first = std::env::split_paths(around.var("GOPATH")?).next()?;
        Some(first.join("pkg/mod")).filter(|modules| modules.is_dir())
    });
    if let Some(modules) = modules
        && !around.holds_more_than_tools(&modules)
    {
        found.show(around, &modules);
        found.set("GOMODCACHE", modules.to_string_lossy());
    }
    found.set("GOTOOLCHAIN", "local");
}
