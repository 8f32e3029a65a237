//! What is known of a file without reading it, and when it is read all the same.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use tenfold_domain::Bytes;
use tenfold_models::{Depth, ModelsError, Presence, Progress, presence, verify};

use crate::sample::{Place, entry, noise};

/// Whether the file is right, and whether it was read to find out.
fn look(place: &Place, bytes: &[u8], depth: Depth) -> (Result<(), ModelsError>, bool) {
    let mut read = false;
    let mut tell = |told| read |= matches!(told, Progress::Hashed { .. });
    let entry = entry(bytes, &[]);
    let found = verify(&entry, &place.dirs(), depth, &mut tell, &place.cancel);
    (found.map(drop), read)
}

#[test]
fn a_file_is_read_once_and_again_only_if_it_was_touched() {
    let (place, file) = (Place::new(), noise(5_000));
    fs::create_dir_all(place.path("cache")).unwrap();
    fs::write(place.target(), &file).unwrap();
    for (depth, reads) in [
        (Depth::Size, false),
        (Depth::Remembered, true),
        (Depth::Remembered, false),
        (Depth::Full, true),
        (Depth::Remembered, false),
    ] {
        let (found, read) = look(&place, &file, depth);
        assert!(found.is_ok());
        assert_eq!(read, reads, "{depth:?}");
    }
    let touched = File::options().write(true).open(place.target()).unwrap();
    touched.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
    assert!(look(&place, &file, Depth::Remembered).1);
}

#[test]
fn a_wrong_file_is_found_out_and_the_way_out_named() {
    let (place, file) = (Place::new(), noise(5_000));
    let hint = "`tenfold models pull small` gets it";
    let found = look(&place, &file, Depth::Remembered).0.unwrap_err();
    assert!(matches!(&found, ModelsError::Absent { .. }));
    assert!(found.to_string().contains(hint), "{found}");

    fs::create_dir_all(place.path("cache")).unwrap();
    fs::write(place.target(), &file[1..]).unwrap();
    let found = look(&place, &file, Depth::Size).0.unwrap_err();
    assert!(matches!(found, ModelsError::WrongSize { have: Bytes(4_999), .. }), "{found}");

    fs::write(place.target(), vec![0; 5_000]).unwrap();
    assert!(look(&place, &file, Depth::Size).0.is_ok());
    for depth in [Depth::Remembered, Depth::Remembered, Depth::Full] {
        let found = look(&place, &file, depth).0.unwrap_err();
        assert!(matches!(&found, ModelsError::WrongHash { .. }), "{found}");
        assert!(found.to_string().contains(hint), "{found}");
    }
}

#[test]
fn presence_is_seen_at_a_glance() {
    let (place, file) = (Place::new(), noise(5_000));
    let entry = entry(&file, &[]);
    let see = || presence(&entry, &place.dirs());
    assert_eq!(see(), Presence::Absent);
    place.left(&file[..77]);
    assert_eq!(see(), Presence::Partly { have: Bytes(77) });
    fs::write(place.target(), &file[1..]).unwrap();
    assert_eq!(see(), Presence::WrongSize { have: Bytes(4_999) });
    fs::write(place.target(), &file).unwrap();
    assert_eq!(see(), Presence::Present);
}
