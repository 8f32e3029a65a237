//! Files over HTTP, from servers of every kind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use tenfold_domain::Bytes;
use tenfold_models::{Cancel, ModelsError, Progress, pull};

use crate::sample::{Place, WHOLE, entry, entry_of, noise, sum, url_source};
use crate::server::{Manners, Server, deserted};

const SIZE: usize = 1_000_000;

fn range(from: usize) -> Option<String> {
    Some(format!("bytes={from}-"))
}

#[test]
fn a_file_comes_whole_and_is_not_fetched_twice() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    let server = Server::start(&file, Manners::default());
    let entry = entry(&file, &[url_source(&server.url())]);
    let path = place.pull(&entry).unwrap();
    assert_eq!(path, place.target());
    assert!(fs::read(&path).unwrap() == file);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(place.cached(), WHOLE);
    let whole = Bytes(SIZE as u64);
    assert_eq!(place.told.last(), Some(&Progress::Received { done: whole, total: whole }));
    assert!(matches!(&place.told[0], Progress::Trying { source } if source.contains("127.0.0.1")));

    place.told.clear();
    place.pull(&entry).unwrap();
    assert_eq!((server.ranges().len(), place.told.len()), (1, 0));
}

#[test]
fn a_connection_that_breaks_is_taken_up_where_it_broke() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    let manners = Manners { cut_after: Some(400_000), ..Manners::default() };
    let server = Server::start(&file, manners);
    place.pull(&entry(&file, &[url_source(&server.url())])).unwrap();
    assert_eq!(server.ranges(), [None, range(400_000), range(800_000)]);
    assert!(fs::read(place.target()).unwrap() == file);
}

#[test]
fn what_an_earlier_download_left_is_not_fetched_again() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    let server = Server::start(&file, Manners::default());
    place.left(&file[..123_456]);
    place.pull(&entry(&file, &[url_source(&server.url())])).unwrap();
    assert_eq!(server.ranges(), [range(123_456)]);
    assert!(fs::read(place.target()).unwrap() == file);
}

#[test]
fn a_download_that_lacked_only_its_name_gets_it_without_a_request() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    place.left(&file);
    place.pull(&entry(&file, &[url_source(&deserted())])).unwrap();
    assert_eq!(place.cached(), WHOLE);
}

#[test]
fn a_server_without_ranges_sends_it_all_again() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    let server = Server::start(&file, Manners { ranges: false, ..Manners::default() });
    place.left(&file[..123_456]);
    place.pull(&entry(&file, &[url_source(&server.url())])).unwrap();
    assert!(fs::read(place.target()).unwrap() == file);
}

#[test]
fn a_wrong_beginning_is_dropped_and_all_fetched_anew() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    let server = Server::start(&file, Manners::default());
    for rotten in [vec![0; 5_000], vec![0; SIZE], vec![0; SIZE + 5]] {
        let _ = fs::remove_dir_all(place.path("cache"));
        place.left(&rotten);
        place.pull(&entry(&file, &[url_source(&server.url())])).unwrap();
        assert!(fs::read(place.target()).unwrap() == file);
    }
    assert!(place.told.iter().any(|told| matches!(told, Progress::StartingOver { .. })));
    assert_eq!(server.ranges(), [range(5_000), None, None, None]);
}

#[test]
fn a_source_that_fails_is_named_with_its_reason_and_the_next_goes_on() {
    let file = noise(SIZE);
    let good = Server::start(&file, Manners::default());
    let missing = Server::start(&file, Manners { status: 404, ..Manners::default() });
    let broken = Server::start(&file, Manners { status: 503, ..Manners::default() });
    let other = Server::start(&noise(5), Manners::default());
    let wrong = Server::start(&vec![0; SIZE], Manners::default());
    let boasts = Server::start(&file, Manners { boast: 9, ..Manners::default() });
    let mute = Server::start(&file, Manners { mute: true, ..Manners::default() });
    let nothing = Server::start(&file, Manners { cut_after: Some(0), ..Manners::default() });
    for (url, reason) in [
        (deserted(), "refused"),
        ("http://no-such-host.invalid/x.gguf".into(), "no-such-host.invalid"),
        (missing.url(), "no such file (HTTP 404)"),
        (broken.url(), "HTTP 503"),
        (other.url(), "its file has 5 bytes, not 1000000"),
        (boasts.url(), "its file has 1000009 bytes"),
        (wrong.url(), "it was thrown away"),
        (mute.url(), "was silent for 0.3 s"),
        (nothing.url(), "no connection"),
    ] {
        let mut place = Place::new();
        place.pull(&entry(&file, &[url_source(&url), url_source(&good.url())])).unwrap();
        assert!(fs::read(place.target()).unwrap() == file);
        let going_on = place.told.iter().find_map(|told| match told {
            Progress::GoingOn { why, next, .. } => Some((why, next)),
            _ => None,
        });
        let (why, next) = going_on.unwrap();
        assert!(why.contains(reason), "{url}: {why}");
        assert!(good.url().contains(next.as_str()), "{next}");
    }
}

#[test]
fn the_next_source_goes_on_where_a_silent_one_stopped() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    let silent = Manners { hang_after: Some(300_000), ranges: false, ..Manners::default() };
    let silent = Server::start(&file, silent);
    let good = Server::start(&file, Manners::default());
    let sources = [url_source(&silent.url()), url_source(&good.url())];
    place.pull(&entry(&file, &sources)).unwrap();
    assert_eq!(good.ranges(), [range(300_000)]);
    assert!(fs::read(place.target()).unwrap() == file);
}

#[test]
fn when_no_source_has_it_the_person_is_told_why_and_what_to_do() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    let wrong = Server::start(&vec![0; SIZE], Manners::default());
    let sources = [url_source(&wrong.url()), url_source(&deserted())];
    let error = place.pull(&entry(&file, &sources)).unwrap_err();
    assert!(matches!(&error, ModelsError::NoSource { tried, .. } if tried.0.len() == 2));
    let text = error.to_string();
    for part in [sum(&vec![0; SIZE]), sum(&file), "small.gguf".into(), "put it into".into()] {
        assert!(text.contains(&part), "{text}");
    }
    assert!(place.cached().is_empty(), "{:?}", place.cached());
}

#[test]
fn stopping_keeps_what_has_come() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    let manners = Manners { hang_after: Some(300_000), ..Manners::default() };
    let server = Server::start(&file, manners);
    let entry = entry(&file, &[url_source(&server.url())]);
    // The server is silent, and nothing else than stopping ends the wait.
    place.options.stall = Duration::from_secs(3_600);
    let cancel = place.cancel.clone();
    let mut stop = |told| {
        if matches!(told, Progress::Received { done: Bytes(300_000), .. }) {
            cancel.cancel();
        }
    };
    let stopped = pull(&entry, &place.dirs(), &place.options, &mut stop, &place.cancel);
    assert!(matches!(stopped, Err(ModelsError::Cancelled)));
    assert!(fs::read(place.part()).unwrap() == file[..300_000]);
    assert_eq!(place.cached(), ["small.gguf.part"]);

    server.change(&file, Manners::default());
    place.cancel = Cancel::new();
    place.pull(&entry).unwrap();
    assert_eq!(server.ranges(), [None, range(300_000)]);
    assert!(fs::read(place.target()).unwrap() == file);
}

#[test]
fn of_two_at_once_one_waits_for_the_other() {
    let (place, file) = (Place::new(), noise(SIZE));
    let manners = Manners { hang_after: Some(300_000), ..Manners::default() };
    let server = Server::start(&file, manners);
    let entry = entry(&file, &[url_source(&server.url())]);
    let mut patient = place.options.clone();
    patient.stall = Duration::from_secs(3_600);
    let first = Cancel::new();
    let (begun, has_begun) = std::sync::mpsc::channel();
    thread::scope(|scope| {
        let running = scope.spawn(|| {
            let mut tell = |_| {
                let _ = begun.send(());
            };
            pull(&entry, &place.dirs(), &patient, &mut tell, &first)
        });
        has_begun.recv().unwrap();
        let mut waited = false;
        let mut tell = |told| {
            if told == Progress::Waiting {
                waited = true;
                server.change(&file, Manners::default());
                first.cancel();
            }
        };
        pull(&entry, &place.dirs(), &patient, &mut tell, &place.cancel).unwrap();
        assert!(waited);
        assert!(matches!(running.join().unwrap(), Err(ModelsError::Cancelled)));
    });
    assert!(fs::read(place.target()).unwrap() == file);
    assert_eq!(place.cached(), WHOLE);
}

#[test]
fn too_little_room_is_said_before_anything_is_fetched() {
    let mut place = Place::new();
    let server = Server::start(&[], Manners::default());
    let entry = entry_of(1 << 60, &sum(b"x"), &[url_source(&server.url())]);
    let error = place.pull(&entry).unwrap_err();
    assert!(matches!(error, ModelsError::NoRoom { .. }), "{error}");
    assert!(server.ranges().is_empty() && place.cached().is_empty());
}

#[test]
fn a_damaged_file_in_its_place_is_replaced() {
    let (mut place, file) = (Place::new(), noise(SIZE));
    let server = Server::start(&file, Manners::default());
    let entry = entry(&file, &[url_source(&server.url())]);
    for damaged in [&file[..500], &[0; SIZE]] {
        fs::create_dir_all(place.path("cache")).unwrap();
        fs::write(place.target(), damaged).unwrap();
        place.pull(&entry).unwrap();
        assert!(fs::read(place.target()).unwrap() == file);
    }
}
