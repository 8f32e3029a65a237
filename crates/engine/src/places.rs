//! Where Tenfold keeps its things on this machine.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use crate::EngineError;

/// The longest path that the kernel takes for the address of a socket, in bytes.
const ADDRESS_BYTES_MAX: usize = 107;

/// Where a socket is, in a form that is short enough to be its address.
#[derive(Debug)]
pub struct Socket {
    path: PathBuf,
    /// The path may lead through this descriptor.
    _folder: Option<File>,
}

impl Socket {
    /// A socket of this name in a folder.
    pub(crate) fn within(folder: &Path, name: &str) -> std::io::Result<Self> {
        let path = folder.join(name);
        if path.as_os_str().len() <= ADDRESS_BYTES_MAX {
            return Ok(Self { path, _folder: None });
        }
        let folder = File::open(folder)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()));
        Ok(Self { path, _folder: Some(folder) })
    }
}

impl AsRef<Path> for Socket {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// The folders of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The store and the git directories of workspaces: what must not be lost.
    pub data: PathBuf,
    /// What can be fetched or made again.
    pub cache: PathBuf,
    /// Model files.
    pub models: PathBuf,
    /// What the person has configured.
    pub config: PathBuf,
    /// Work in progress: removed when it ends, and swept when an engine starts.
    pub runtime: PathBuf,
}

impl Places {
    /// The folders that the environment names: `TENFOLD_DATA_DIR`, `TENFOLD_CACHE_DIR` and
    /// `TENFOLD_CONFIG_DIR`, else the XDG directories, else those below `HOME`; for models
    /// `TENFOLD_MODELS_DIR`, else a folder of the cache.
    ///
    /// # Errors
    /// When neither says where.
    pub fn from_env(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, EngineError> {
        let named = |name: &str| var(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let place = |own: &str, xdg: &str, home: &str| {
            named(own)
                .or_else(|| named(xdg).map(|dir| dir.join("tenfold")))
                .or_else(|| named("HOME").map(|dir| dir.join(home).join("tenfold")))
                .ok_or_else(|| EngineError::NoHome { variable: own.to_owned() })
        };
        let data = place("TENFOLD_DATA_DIR", "XDG_DATA_HOME", ".local/share")?;
        let cache = place("TENFOLD_CACHE_DIR", "XDG_CACHE_HOME", ".cache")?;
        let config = place("TENFOLD_CONFIG_DIR", "XDG_CONFIG_HOME", ".config")?;
        let models = named("TENFOLD_MODELS_DIR").unwrap_or_else(|| cache.join("models"));
        let runtime = data.join("work");
        Ok(Self { data, cache, models, config, runtime })
    }

    /// The journal's file.
    pub fn store_file(&self) -> PathBuf {
        self.data.join("tenfold.db")
    }

    /// The socket that the engine at work listens on.
    ///
    /// # Errors
    /// If the folder that it is in can't be opened.
    pub fn socket(&self) -> std::io::Result<Socket> {
        Socket::within(&self.data, "engine.sock")
    }

    /// What setup commands have made, for each workspace.
    pub fn setups(&self) -> PathBuf {
        self.cache.join("setups")
    }

    /// Tenfold's own git directories, one for each workspace.
    pub fn workspaces(&self) -> PathBuf {
        self.data.join("workspaces")
    }
}
