//! Where the files of models lie. Reads no environment itself: the variables are handed in.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::ModelsError;

/// What a person's own price book is called; it lies beside their catalogue.
pub(crate) const PRICES: &str = "prices.toml";

/// The two directories that this crate reads and writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDirs {
    cache: PathBuf,
    config: PathBuf,
}

impl ModelDirs {
    /// These two: `cache` for files that can be fetched again, `config` for the person's own
    /// `models.toml`. Neither has to exist.
    pub fn new(cache: impl Into<PathBuf>, config: impl Into<PathBuf>) -> Self {
        Self { cache: cache.into(), config: config.into() }
    }

    /// As the environment says: `TENFOLD_MODELS_DIR`, else `$XDG_CACHE_HOME/tenfold/models`,
    /// else `~/.cache/tenfold/models`; and `$XDG_CONFIG_HOME/tenfold`, else
    /// `~/.config/tenfold`. As the XDG standard has it, an XDG variable that is empty or no
    /// absolute path is taken as not set.
    ///
    /// # Errors
    /// [`ModelsError::NoHome`] if nothing says where; [`ModelsError::Io`] if
    /// `TENFOLD_MODELS_DIR` is relative and there is no current directory.
    pub fn from_env(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, ModelsError> {
        let set = |name: &str| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let absolute = |name: &str| set(name).filter(|path| path.is_absolute());
        let base = |name: &str, below_home: &str| {
            absolute(name)
                .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
                .map(|dir| dir.join("tenfold"))
                .ok_or(ModelsError::NoHome)
        };
        let cache = match set("TENFOLD_MODELS_DIR") {
            Some(dir) => std::path::absolute(&dir).map_err(ModelsError::io("find", &dir))?,
            None => base("XDG_CACHE_HOME", ".cache")?.join("models"),
        };
        Ok(Self { cache, config: base("XDG_CONFIG_HOME", ".config")? })
    }

    /// Where files are downloaded to.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// The person's own catalogue; it need not exist.
    pub fn user_file(&self) -> PathBuf {
        self.config.join("models.toml")
    }

    /// The person's own price book; it need not exist.
    pub fn prices_file(&self) -> PathBuf {
        self.config.join(PRICES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dirs(vars: &[(&str, &str)]) -> Result<ModelDirs, ModelsError> {
        ModelDirs::from_env(|name| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_nearest_variable_wins() {
        let home = ("HOME", "/home/ada");
        let xdg = [("XDG_CACHE_HOME", "/c"), ("XDG_CONFIG_HOME", "/e")];
        for (vars, cache, config) in [
            (vec![home], "/home/ada/.cache/tenfold/models", "/home/ada/.config/tenfold"),
            (vec![home, xdg[0], xdg[1]], "/c/tenfold/models", "/e/tenfold"),
            (vec![home, xdg[0], ("TENFOLD_MODELS_DIR", "/m")], "/m", "/home/ada/.config/tenfold"),
            (
                vec![home, ("XDG_CACHE_HOME", "relative"), ("XDG_CONFIG_HOME", "")],
                "/home/ada/.cache/tenfold/models",
                "/home/ada/.config/tenfold",
            ),
        ] {
            assert_eq!(dirs(&vars).unwrap(), ModelDirs::new(cache, config));
        }
    }

    #[test]
    fn without_a_home_it_says_what_to_set() {
        assert!(matches!(dirs(&[]), Err(ModelsError::NoHome)));
        assert!(dirs(&[("TENFOLD_MODELS_DIR", "/m"), ("XDG_CONFIG_HOME", "/e")]).is_ok());
    }
}
