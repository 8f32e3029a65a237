//! A person's own models: added, listed, removed.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use tenfold_domain::{Bytes, NanoUsd, Tokens};
use tenfold_models::{
    Catalogue, Depth, Entry, Hosted, ModelsError, Presence, Price, Progress, Protocol,
    RequestLimits, SHIPPED, TokenPrices, add, connect, remove, verify,
};

use crate::sample::{Gguf, Place, noise};
use crate::server::{Manners, Server};

fn add_to(place: &Place, what: &OsStr, name: Option<&str>) -> Result<Entry, ModelsError> {
    add(&place.dirs(), what, name, &place.options, &mut |_| (), &place.cancel)
}

fn add_file(place: &Place, bytes: &[u8], name: Option<&str>) -> Result<Entry, ModelsError> {
    let path = place.path("My Model.gguf");
    fs::write(&path, bytes).unwrap();
    add_to(place, path.as_os_str(), name)
}

fn load(place: &Place) -> Catalogue {
    Catalogue::load(SHIPPED, &place.dirs().user_file()).unwrap()
}

fn user_file(place: &Place) -> String {
    fs::read_to_string(place.dirs().user_file()).unwrap()
}

#[test]
fn a_file_is_added_where_it_is_and_never_deleted() {
    let place = Place::new();
    let entry = add_file(&place, &Gguf::usual().file(), None).unwrap();
    assert_eq!((entry.name.as_str(), entry.title.as_str()), ("my-model", "Small Model"));
    assert_eq!((entry.licence.as_deref(), entry.context), (Some("mit"), Some(Tokens(2_048))));
    assert!(entry.chat_template && !entry.infill && !entry.shipped);
    assert!(entry.memory > entry.bytes && entry.price.is_estimate());

    let listed = load(&place).list(&place.dirs());
    let mine = listed.iter().find(|listed| listed.entry == entry).unwrap();
    assert_eq!((mine.presence, mine.default), (Presence::Present, false));
    // It was hashed when it was added, and is not hashed again.
    let mut tell = |told: Progress| panic!("{told:?}");
    verify(&entry, &place.dirs(), Depth::Remembered, &mut tell, &place.cancel).unwrap();

    let removed = remove(&place.dirs(), "my-model").unwrap();
    assert!(removed.forgotten && removed.deleted.is_empty());
    assert!(place.path("My Model.gguf").exists());
    assert!(load(&place).get("my-model").is_err());
    assert!(place.cached().is_empty());
}

#[test]
fn a_hosted_model_keeps_its_price_or_takes_the_books() {
    let place = Place::new();
    let far = |name: &str, model: &str, price: Option<Price>| Hosted {
        name: name.into(),
        protocol: Protocol::Openai,
        address: None,
        model: model.into(),
        key: None,
        context: Tokens(8_192),
        price,
        listed: None,
        limits: RequestLimits::default(),
    };
    let dear = Price::of_tokens(TokenPrices {
        written_hour: NanoUsd::dollars(7),
        ..TokenPrices::of(NanoUsd::dollars(3), NanoUsd::dollars(9))
    });
    let dirs = place.dirs();
    connect(&dirs, &far("free", "x", Some(Price::Free))).unwrap();
    connect(&dirs, &far("dear", "gpt-4o", Some(dear.clone()))).unwrap();
    connect(&dirs, &far("listed", "gpt-4o", None)).unwrap();
    connect(&dirs, &far("unknown", "nobodys-model", None)).unwrap();
    let model = |name: &str| load(&place).model(name).unwrap();
    assert_eq!(model("free").price(), Some(&Price::Free));
    assert_eq!(model("dear").price(), Some(&dear));
    assert!(model("listed").price().unwrap().to_string().contains("$10.00 out"));
    // What nobody knows the price of is more than any budget holds.
    assert_eq!(model("unknown").price(), None);
    assert_eq!(model("unknown").worst_case(Tokens(0), Tokens(0)), NanoUsd::MAX);
    // The person's own book goes before the one that ships.
    let own = "[[price]]\nprovider = 'openai'\nmodel = 'nobodys-model'\nfrom = 2020-01-01\n\
               source = 'us'\nusd_per_million = { prompt = '1', output = '2' }\n\
               [[price]]\nprovider = 'openai'\nmodel = 'gpt-4o'\nfrom = 2026-11-01\n\
               source = 'us'\nusd_per_second = '1'\n";
    fs::write(dirs.prices_file(), own).unwrap();
    assert!(model("unknown").price().is_some());
    // Nobody knows how long a provider takes, so a price by the second is none.
    assert_eq!(model("listed").price(), None);
    fs::write(dirs.prices_file(), "[[price]]\nmodel = 'x'\n").unwrap();
    let error = Catalogue::load(SHIPPED, &dirs.user_file()).unwrap_err().to_string();
    assert!(error.contains("prices.toml can't be used"), "{error}");
}

#[test]
fn a_file_that_changed_since_is_found_out() {
    let place = Place::new();
    let entry = add_file(&place, &Gguf::usual().file(), None).unwrap();
    let mut changed = Gguf::usual().file();
    *changed.last_mut().unwrap() ^= 1;
    fs::write(place.path("My Model.gguf"), changed).unwrap();
    let found = verify(&entry, &place.dirs(), Depth::Remembered, &mut |_| (), &place.cancel);
    let text = found.unwrap_err().to_string();
    assert!(text.contains("`tenfold models rm my-model` and add the file as it is now"), "{text}");
}

#[test]
fn what_the_person_wrote_stays() {
    let place = Place::new();
    let written = "# mine\ndefault = \"qwen2.5-coder-0.5b\" # small\n\n[electricity]\nwatts = 9\n\
                   usd_per_kwh = \"0.20\"\n";
    fs::create_dir_all(place.path("config")).unwrap();
    let elsewhere = place.path("dotfiles.toml");
    fs::write(&elsewhere, written).unwrap();
    symlink(&elsewhere, place.dirs().user_file()).unwrap();
    add_file(&place, &Gguf::usual().file(), Some("one")).unwrap();
    let twice = add_file(&place, &Gguf::usual().file(), Some("two")).unwrap_err().to_string();
    assert!(twice.contains("there already, as 'one'"), "{twice}");
    assert!(fs::read_link(place.dirs().user_file()).is_ok());
    let text = fs::read_to_string(&elsewhere).unwrap();
    assert!(text.starts_with(written), "{text}");
    remove(&place.dirs(), "one").unwrap();
    assert_eq!(user_file(&place).trim_end(), written.trim_end());
}

#[test]
fn a_default_goes_with_its_model() {
    let place = Place::new();
    add_file(&place, &Gguf::usual().file(), Some("one")).unwrap();
    assert!(user_file(&place).starts_with("# Models of your own."), "{}", user_file(&place));
    let text = format!("default = \"one\"\n{}", user_file(&place));
    fs::write(place.dirs().user_file(), text).unwrap();
    assert_eq!(load(&place).default_name(), "one");
    remove(&place.dirs(), "one").unwrap();
    assert_eq!(load(&place).default_name(), "qwen2.5-coder-1.5b");
}

#[test]
fn what_is_no_model_is_refused_and_nothing_is_written() {
    let place = Place::new();
    let usual = Gguf::usual();
    let split = usual.clone().pair("split.count", 2, &3u16.to_le_bytes()).file();
    let adapter = usual.clone().text("general.type", "adapter").file();
    let short = usual.header();
    for (bytes, name, reason) in [
        (noise(1_000), None, "does not begin with the letters GGUF"),
        (split, None, "one of 3 files"),
        (adapter, None, "of the kind 'adapter'"),
        (short, None, "not been copied whole"),
        (usual.file(), Some("qwen2.5-coder-0.5b"), "of that name already"),
        (usual.file(), Some("../x"), "small letters"),
    ] {
        let error = add_file(&place, &bytes, name).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    for (path, reason) in [(".", "not a file"), ("nowhere.gguf", "No such file")] {
        let error = add_to(&place, place.path(path).as_os_str(), None).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    assert!(!place.dirs().user_file().exists());
}

#[test]
fn a_broken_catalogue_is_not_written_over() {
    let place = Place::new();
    fs::create_dir_all(place.path("config")).unwrap();
    fs::write(place.dirs().user_file(), "[[model").unwrap();
    let error = add_file(&place, &Gguf::usual().file(), None).unwrap_err();
    assert!(matches!(error, ModelsError::Catalogue { .. }));
    assert_eq!(user_file(&place), "[[model");
}

#[test]
fn an_address_is_downloaded_and_removed_with_its_file() {
    let (place, file) = (Place::new(), Gguf::usual().file());
    let manners =
        Manners { cut_after: Some(4_000), etag: Some("\"a\"".into()), ..Manners::default() };
    let server = Server::start(&file, manners);
    let entry = add_to(&place, OsStr::new(&server.url()), None).unwrap();
    assert_eq!(entry.name, "small_model");
    assert_eq!(server.ranges().len(), file.len().div_ceil(4_000));
    let path = place.path("cache/small_model.gguf");
    assert!(fs::read(&path).unwrap() == file);
    assert_eq!(place.cached(), ["small_model.gguf", "small_model.verified.toml"]);
    assert!(user_file(&place).contains("[[model.source]]"), "{}", user_file(&place));

    let removed = remove(&place.dirs(), "small_model").unwrap();
    assert_eq!((removed.deleted, removed.freed), (vec![path], Bytes(file.len() as u64)));
    assert!(removed.forgotten && place.cached().is_empty());
}

#[test]
fn an_address_is_resumed_only_if_the_server_vouches_for_it() {
    let (file, other) = (Gguf::usual().file(), Gguf::usual().text("x", "y").file());
    let etag = |tag: &str| Some(tag.to_owned());
    for (before, after, vouched, resumed) in [
        (etag("\"a\""), etag("\"a\""), true, true),
        (etag("\"a\""), etag("\"b\""), true, false),
        (None, None, false, false),
        (etag("W/\"a\""), etag("W/\"a\""), false, false),
    ] {
        let place = Place::new();
        let silent =
            Manners { hang_after: Some(3_000), ranges: false, etag: before, ..Manners::default() };
        let server = Server::start(&file, silent);
        let url = server.url();
        let stopped = add_to(&place, OsStr::new(&url), None).unwrap_err().to_string();
        assert!(stopped.contains("silent"), "{stopped}");
        let now = if resumed { &file } else { &other };
        server.change(now, Manners { etag: after, ..Manners::default() });
        let requests = server.ranges().len();
        add_to(&place, OsStr::new(&url), None).unwrap();
        let asked = server.ranges()[requests].clone();
        assert_eq!(asked.as_deref(), vouched.then_some("bytes=3000-"));
        assert!(&fs::read(place.path("cache/small_model.gguf")).unwrap() == now);
    }
}

#[test]
fn an_address_with_something_else_leaves_nothing() {
    let place = Place::new();
    let server = Server::start(&noise(5_000), Manners::default());
    let error = add_to(&place, OsStr::new(&server.url()), None).unwrap_err();
    assert!(matches!(error, ModelsError::Gguf { .. }), "{error}");
    assert!(place.cached().is_empty() && !place.dirs().user_file().exists());
}

#[test]
fn of_a_shipped_model_only_the_files_go() {
    let place = Place::new();
    let name = "qwen2.5-coder-0.5b";
    let file = Path::new("cache/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf.part");
    fs::create_dir_all(place.path("cache")).unwrap();
    fs::write(place.path(file.to_str().unwrap()), "half").unwrap();
    fs::write(place.path("cache/other.gguf"), "mine").unwrap();
    let removed = remove(&place.dirs(), name).unwrap();
    assert_eq!((removed.forgotten, removed.freed), (false, Bytes(4)));
    assert_eq!(place.cached(), ["other.gguf"]);
    assert!(load(&place).get(name).is_ok());
    assert!(matches!(remove(&place.dirs(), "nobody"), Err(ModelsError::Unknown { .. })));
}
