//! Who descends from this process, and how much memory they hold, read from `/proc`. Used
//! where no control group counts, and to find what is left to be killed.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// One process as `/proc/PID/stat` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    pid: i32,
    parent: i32,
    threads: u32,
    resident_pages: u64,
}

/// A family of processes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Family {
    /// All of them, nearest first.
    pub(super) pids: Vec<i32>,
    /// Processes and threads.
    pub(super) tasks: u32,
    /// Resident memory in bytes; what is shared counts for each.
    pub(super) memory: u64,
}

/// The descendants of a process.
pub(super) fn descendants(of: i32) -> Family {
    let mut children: HashMap<i32, Vec<Entry>> = HashMap::new();
    for entry in all() {
        children.entry(entry.parent).or_default().push(entry);
    }
    let mut family = Family::default();
    let mut next = vec![of];
    while let Some(parent) = next.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            family.pids.push(child.pid);
            family.tasks += child.threads;
            family.memory += child.resident_pages * PAGE;
            next.push(child.pid);
        }
    }
    family
}

/// The space that processes hold in files which no directory names any more, in bytes.
pub(super) fn held_without_name(pids: &[i32]) -> u64 {
    let mut files = HashMap::new();
    for pid in pids {
        let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        for file in open.flatten().filter_map(|entry| fs::metadata(entry.path()).ok()) {
            if file.is_file() && file.nlink() == 0 {
                files.insert((file.dev(), file.ino()), file.blocks() * 512);
            }
        }
    }
    files.values().sum()
}

/// The kernel reports in pages; on the few machines with larger ones this counts too little
/// memory per page, and the control group, which they have, counts right.
const PAGE: u64 = 4_096;

fn all() -> Vec<Entry> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| parse(&fs::read(format!("/proc/{pid}/stat")).ok()?))
        .collect()
}

/// Reads one line of `/proc/PID/stat`. The second field is the program's name in brackets,
/// which may itself hold brackets, blanks and anything else: the fields count from its end.
fn parse(line: &[u8]) -> Option<Entry> {
    let open = line.iter().position(|&byte| byte == b'(')?;
    let close = line.iter().rposition(|&byte| byte == b')')?;
    let pid = std::str::from_utf8(&line[..open]).ok()?.trim().parse().ok()?;
    let rest = std::str::from_utf8(&line[close + 1..]).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Entry {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        threads: fields.get(17)?.parse().ok()?,
        resident_pages: fields.get(21)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_can_not_forge_its_line_by_its_name() {
        let line = b"42 (evil) R 1 (x) S 7 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 3 0 99 \
                     1000 250 18446744073709551615";
        let entry = parse(line).unwrap();
        assert_eq!(entry, Entry { pid: 42, parent: 7, threads: 3, resident_pages: 250 });
    }

    #[test]
    fn this_process_is_among_the_descendants_of_its_parent() {
        let own = i32::try_from(std::process::id()).unwrap();
        let parent = i32::try_from(std::os::unix::process::parent_id()).unwrap();
        let family = descendants(parent);
        assert!(family.pids.contains(&own));
        assert!(family.memory > 0);
    }
}
