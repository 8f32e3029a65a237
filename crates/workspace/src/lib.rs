//! The person's repository: snapshots, checkouts, diffs, accepting and undoing.
