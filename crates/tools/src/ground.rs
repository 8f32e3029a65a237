//! Files to test tools on: a folder, a workspace on it, and the commit that the tools work on.

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;
use tenfold_domain::CommitId;
use tenfold_redact::Redactor;
use tenfold_workspace::{Person, Workspace};

use crate::call::FileCall;
use crate::tree::{Done, Tree};

pub(crate) struct Ground {
    _dir: TempDir,
    pub(crate) workspace: Workspace,
    pub(crate) at: CommitId,
    redactor: Redactor,
}

impl Ground {
    /// A folder with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let bytes: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
        Self::new(&bytes, &[])
    }

    /// A folder with these files, and links with where they lead.
    pub(crate) fn new(files: &[(&str, &[u8])], links: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().join("work");
        fs::create_dir(&top).unwrap();
        for (path, content) in files {
            let path = top.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        for (path, target) in links {
            symlink(target, top.join(path)).unwrap();
        }
        let person = Person { path: std::env::var_os("PATH"), home: None, config_home: None };
        let workspace = Workspace::open_for(&top, &dir.path().join("data"), person).unwrap();
        let at = workspace.snapshot().unwrap().commit;
        Self { _dir: dir, workspace, at, redactor: Redactor::new([]) }
    }

    pub(crate) fn perform(&self, call: FileCall) -> Done {
        let (workspace, at) = (&self.workspace, self.at.clone());
        call.perform(&Tree { workspace, at, redactor: &self.redactor }).unwrap()
    }

    /// Performs a call that may not change anything.
    pub(crate) fn read_only(&self, call: FileCall) -> String {
        let done = self.perform(call);
        assert_eq!(done.at, self.at, "{}", done.text);
        done.text
    }

    /// The content of a file after a call.
    pub(crate) fn content(&self, done: &Done, path: &str) -> String {
        String::from_utf8(self.workspace.read(&done.at, path.as_ref()).unwrap()).unwrap()
    }
}
