//! What was read of Tenfold's own git directory, kept for the next who asks: lists of files by
//! their commit, and contents by their hash. Neither ever changes, so nothing here is ever stale;
//! it is bounded, and what was asked for longest ago goes first.
//!
//! Apart, because it is there for speed alone: each question to git is a process.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use hashlink::{LinkedHashMap, LruCache};
use tenfold_domain::CommitId;

use crate::WorkspaceError;
use crate::git::Git;
use crate::store;
use crate::tree::Tree;

/// Lists that are kept.
const LISTS: usize = 8;
/// A list of more files is not kept.
const LIST_FILES: usize = 50_000;
/// Contents that are kept, in bytes.
const BYTES: usize = 32 << 20;
/// A content above this is not kept, in bytes.
const CONTENT_BYTES: usize = 1 << 20;

/// What was read.
#[derive(Debug)]
pub(crate) struct Known {
    lists: Mutex<LruCache<CommitId, Arc<Tree>>>,
    contents: Mutex<Contents>,
}

#[derive(Debug, Default)]
struct Contents {
    all: LinkedHashMap<String, Arc<Vec<u8>>>,
    bytes: usize,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self { lists: Mutex::new(LruCache::new(LISTS)), contents: Mutex::default() }
    }

    /// The files of a commit.
    pub(crate) fn list(&self, git: &Git, commit: &CommitId) -> Result<Arc<Tree>, WorkspaceError> {
        if let Some(list) = self.known_list(commit) {
            return Ok(list);
        }
        let list = Arc::new(store::tree(git, commit.as_str())?.0);
        if list.len() <= LIST_FILES {
            let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
            lists.insert(commit.clone(), Arc::clone(&list));
        }
        Ok(list)
    }

    /// The list of a commit that has these of them, if it has them, and maybe others.
    pub(crate) fn list_with(
        &self,
        git: &Git,
        commit: &CommitId,
        paths: &[&Path],
    ) -> Result<Arc<Tree>, WorkspaceError> {
        match self.known_list(commit) {
            Some(list) => Ok(list),
            None => Ok(Arc::new(store::part_of_tree(git, commit.as_str(), paths)?)),
        }
    }

    fn known_list(&self, commit: &CommitId) -> Option<Arc<Tree>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).get(commit).cloned()
    }

    /// Contents, in the order of their hashes.
    pub(crate) fn contents(
        &self,
        git: &Git,
        blobs: &[&str],
    ) -> Result<Vec<Vec<u8>>, WorkspaceError> {
        let mut found: Vec<Option<Arc<Vec<u8>>>> = {
            let mut known = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
            blobs.iter().map(|blob| known.get(blob)).collect()
        };
        let missing: Vec<usize> =
            (0..blobs.len()).filter(|place| found[*place].is_none()).collect();
        let wanted: Vec<&str> = missing.iter().map(|place| blobs[*place]).collect();
        store::read_blobs(git, &wanted, |number, content| {
            let (content, blob) = (Arc::new(content), wanted[number]);
            let mut known = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
            known.put(blob, &content);
            found[missing[number]] = Some(content);
            Ok(())
        })?;
        let own = |content: Arc<Vec<u8>>| Arc::unwrap_or_clone(content);
        Ok(found.into_iter().flatten().map(own).collect())
    }
}

impl Contents {
    fn get(&mut self, blob: &str) -> Option<Arc<Vec<u8>>> {
        self.all.to_back(blob).map(|content| Arc::clone(content))
    }

    fn put(&mut self, blob: &str, content: &Arc<Vec<u8>>) {
        if content.len() > CONTENT_BYTES {
            return;
        }
        let before = self.all.insert(blob.to_owned(), Arc::clone(content));
        self.bytes += content.len();
        self.bytes -= before.map_or(0, |before| before.len());
        while self.bytes > BYTES
            && let Some((_, gone)) = self.all.pop_front()
        {
            self.bytes -= gone.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_longest_ago_goes_first() {
        let mut contents = Contents::default();
        let each = Arc::new(vec![0; CONTENT_BYTES]);
        let most = BYTES / CONTENT_BYTES;
        for number in 0..most {
            contents.put(&number.to_string(), &each);
        }
        assert!(contents.get("0").is_some());
        contents.put("new", &each);
        assert!(contents.get("0").is_some() && contents.get("1").is_none());
        contents.put("new", &each);
        contents.put("large", &Arc::new(vec![0; CONTENT_BYTES + 1]));
        assert_eq!((contents.all.len(), contents.bytes), (most, BYTES));
    }
}
