//! A disk that is full: on a small file system in memory, which only root can mount.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tenfold_domain::Seq;
use tenfold_store::StoreError;

use crate::facts::*;

/// A file system of two megabytes, unmounted when the test ends.
struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(folder)
            .output();
        let mounted = mount.is_ok_and(|output| output.status.success());
        mounted.then(|| Self { folder: folder.to_owned() })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.folder).status();
    }
}

#[test]
fn a_full_disk_loses_nothing_and_can_be_written_again_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else {
        eprintln!("SKIPPED: a small disk can't be mounted here (not root, or in a container)");
        return;
    };
    let filler = disk.folder.join("filler");
    fs::write(&filler, vec![1; 1 << 20]).unwrap();
    let path = disk.folder.join("store.db");
    let store = open(&path);
    let attempt = "1.1".parse().unwrap();
    let event = |n: u64| advanced(attempt, serde_json::json!([n, "x".repeat(50_000)]));
    let mut recorded = 0;
    let error = loop {
        match store.append(vec![event(recorded)]) {
            Ok(appended) => {
                recorded += 1;
                assert_eq!(appended.first, Seq(recorded));
            }
            Err(error) => break error,
        }
        assert!(recorded < 100, "the disk never fills");
    };
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
    assert!(error.to_string().contains("free some space"), "{error}");
    assert!(recorded > 1);
    assert_eq!(store.view().unwrap().newest().unwrap(), Seq(recorded));

    // One that is too large for SQLite's cache fails before its end, and not at the commit.
    let error = store.append((0..100).map(event).collect()).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
    assert_eq!(store.view().unwrap().newest().unwrap(), Seq(recorded));

    fs::remove_file(&filler).unwrap();
    assert_eq!(store.append(vec![event(recorded)]).unwrap().first, Seq(recorded + 1));
    drop(store);
    let store = open(&path);
    store.view().unwrap().verify().unwrap();
    assert_eq!(store.view().unwrap().newest().unwrap(), Seq(recorded + 1));
}
