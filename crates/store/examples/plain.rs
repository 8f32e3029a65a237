//! Rows of 1 kB in a plain SQLite file, one commit each: what a step can't be quicker than alone.
//! `cargo xtask bench fleet` runs it. It prints commits per second.

#![allow(clippy::print_stdout)]

use std::time::Instant;

const COMMITS: usize = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let file = rusqlite::Connection::open(dir.path().join("plain.db"))?;
    file.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE step (body TEXT)",
    )?;
    let body = "x".repeat(1_024);
    let began = Instant::now();
    for _ in 0..COMMITS {
        file.execute("INSERT INTO step VALUES (?1)", [&body])?;
    }
    println!("{:.1}", COMMITS as f64 / began.elapsed().as_secs_f64());
    Ok(())
}
