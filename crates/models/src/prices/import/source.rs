//! Where prices are read from: a file, a folder of models.dev's, or an address; and which of the
//! forms they have.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::Agent;

use super::json::JsonReader;
use super::{Import, Importer};
use crate::entry::host;
use crate::{Cancel, ModelsError};

/// The most that is read of anything, in bytes.
const BYTES_MAX: u64 = 1 << 30;
/// The largest file of one model.
const TOML_BYTES_MAX: u64 = 64 << 10;
/// So many files a folder has at most, and so deep it is.
const FILES_MAX: usize = 100_000;
const DEPTH_MAX: usize = 8;
/// So many rows go by between two words on how far it is.
const ROWS_PER_WORD: u64 = 1_000;
/// So many times an address may send us on; one that is encrypted only to another that is.
const REDIRECTS_MAX: u32 = 5;

/// A form in which others keep prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// LiteLLM's JSON.
    Litellm,
    /// models.dev's JSON of all models.
    ModelsDev,
    /// models.dev's file of one model, or a folder of them.
    ModelsDevToml,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The rows so far.
    pub rows: u64,
    /// The bytes so far, and how many there are, where that is known.
    pub bytes: u64,
    /// How many bytes there are; zero if nobody knows.
    pub of: u64,
}

/// The bounds of what is fetched from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetching {
    /// The most that is read, in bytes.
    pub bytes_max: u64,
    /// How long it may take to say something.
    pub answer: Duration,
    /// How long all of it may take.
    pub whole: Duration,
}

impl Default for Fetching {
    fn default() -> Self {
        let (answer, whole) = (Duration::from_secs(30), Duration::from_secs(600));
        Self { bytes_max: BYTES_MAX, answer, whole }
    }
}

/// What is read.
#[derive(Debug)]
pub struct ImportSource {
    /// As the person named it.
    pub name: String,
    path: PathBuf,
    /// Gone with this, if it was fetched.
    _fetched: Option<tempfile::NamedTempFile>,
}

impl ImportSource {
    /// A file, a folder, or what is at an `http://` or `https://` address, which is fetched.
    ///
    /// # Errors
    /// [`ModelsError::NotImportable`] if it is not there, or can't be fetched.
    pub fn open(what: &str) -> Result<Self, ModelsError> {
        Self::open_within(what, Fetching::default())
    }

    /// The same, within bounds of one's own.
    ///
    /// # Errors
    /// As for [`ImportSource::open`].
    pub fn open_within(what: &str, bounds: Fetching) -> Result<Self, ModelsError> {
        if is_address(what) {
            let name = Self::shown(what);
            let fetched = fetch(what, bounds).map_err(|why| no(&name, why))?;
            let path = fetched.path().to_owned();
            return Ok(Self { name, path, _fetched: Some(fetched) });
        }
        let path = PathBuf::from(what);
        fs::metadata(&path).map_err(|error| no(what, error.to_string()))?;
        Ok(Self { name: what.to_owned(), path, _fetched: None })
    }

    /// How it is called where others see it: an address without what may be a key in it.
    pub fn shown(what: &str) -> String {
        if !is_address(what) {
            return what.to_owned();
        }
        let (scheme, rest) = what.split_once("://").unwrap_or(("https", what));
        let path = rest.split(['?', '#']).next().unwrap_or(rest);
        let path = path.split_once('/').map_or("", |(_, path)| path);
        format!("{scheme}://{}/{path}", host(what))
    }

    /// Gives all of it to an importer.
    ///
    /// # Errors
    /// [`ModelsError::NotImportable`] if it does not read, or is more than an import takes;
    /// [`ModelsError::Cancelled`].
    pub fn import(
        &self,
        mut importer: Importer<'_>,
        progress: &mut dyn FnMut(Read),
        cancel: &Cancel,
    ) -> Result<Import, ModelsError> {
        let wrong = |why| no(&self.name, why);
        let form = self.form().map_err(wrong)?;
        let mut tell = |read: Read| {
            progress(read);
            match cancel.is_cancelled() {
                true => Err(Stop::Cancelled),
                false => Ok(()),
            }
        };
        let outcome = match form {
            Form::ModelsDevToml => self.toml(&mut importer, &mut tell),
            form => self.json(form, &mut importer, &mut tell),
        };
        match outcome {
            Ok(()) => Ok(importer.end()),
            Err(Stop::Cancelled) => Err(ModelsError::Cancelled),
            Err(Stop::Wrong(why)) => Err(wrong(why)),
        }
    }

    /// In which form it is: a folder and a file that ends in `.toml` by that, JSON by what stands
    /// in its first row.
    fn form(&self) -> Result<Form, String> {
        let is_toml = self.name.ends_with(".toml") || self.path.is_dir();
        if is_toml {
            return Ok(Form::ModelsDevToml);
        }
        form_of(BufReader::new(self.file()?))
    }

    fn file(&self) -> Result<File, String> {
        File::open(&self.path).map_err(|error| error.to_string())
    }

    fn json(
        &self,
        form: Form,
        importer: &mut Importer<'_>,
        tell: &mut dyn FnMut(Read) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let file = self.file()?;
        let of = file.metadata().map_or(0, |metadata| metadata.len());
        rows(form, (file, of), importer, tell)
    }

    fn toml(
        &self,
        importer: &mut Importer<'_>,
        tell: &mut dyn FnMut(Read) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if !self.path.is_dir() {
            return model_file(&self.path, Path::new(&self.name), importer);
        }
        let mut files = Vec::new();
        walk(&self.path, 0, &mut files)?;
        files.sort();
        let of = files.len() as u64;
        for (number, file) in files.iter().enumerate() {
            model_file(file, file, importer)?;
            if importer.rows().is_multiple_of(ROWS_PER_WORD) {
                tell(Read { rows: importer.rows(), bytes: number as u64, of })?;
            }
        }
        Ok(())
    }
}

/// Why reading ended early.
enum Stop {
    Cancelled,
    Wrong(String),
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Self::Wrong(why)
    }
}

/// The form of a list in JSON, by its first row.
fn form_of(list: impl io::Read) -> Result<Form, String> {
    let mut reader = JsonReader::new(list, BYTES_MAX);
    reader.enter()?;
    if reader.next_key(true)?.is_none() || !reader.is_object()? {
        let no = "it is neither LiteLLM's list nor models.dev's: its first row is no object";
        return Err(no.to_owned());
    }
    reader.enter()?;
    let mut is_first = true;
    while let Some(key) = reader.next_key(is_first)? {
        if key == "models" {
            return Ok(Form::ModelsDev);
        }
        reader.value()?;
        is_first = false;
    }
    Ok(Form::Litellm)
}

impl Importer<'_> {
    /// All rows of a list in JSON that somebody has at hand, of either form. What came before
    /// something that does not read is taken.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn list(&mut self, list: &[u8]) -> Result<(), String> {
        match rows(form_of(list)?, (list, list.len() as u64), self, &mut |_| Ok(())) {
            Err(Stop::Wrong(why)) => Err(why),
            Ok(()) | Err(Stop::Cancelled) => Ok(()),
        }
    }
}

/// Gives all rows of a list in JSON, of so many bytes, to an importer, one after another.
fn rows(
    form: Form,
    (from, of): (impl io::Read, u64),
    importer: &mut Importer<'_>,
    tell: &mut dyn FnMut(Read) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut reader = JsonReader::new(from, BYTES_MAX);
    let mut told =
        |importer: &Importer<'_>, bytes: u64| match importer.rows().is_multiple_of(ROWS_PER_WORD) {
            true => tell(Read { rows: importer.rows(), bytes, of }),
            false => Ok(()),
        };
    reader.enter()?;
    let mut is_first = true;
    while let Some(key) = reader.next_key(is_first)? {
        is_first = false;
        match form {
            Form::Litellm => {
                importer.litellm(&key, &reader.value()?)?;
                told(importer, reader.place())?;
            }
            _ => provider(&key, &mut reader, importer, &mut told)?,
        }
    }
    Ok(reader.end()?)
}

/// One provider of models.dev's JSON.
fn provider(
    name: &str,
    reader: &mut JsonReader<impl io::Read>,
    importer: &mut Importer<'_>,
    told: &mut dyn FnMut(&Importer<'_>, u64) -> Result<(), Stop>,
) -> Result<(), Stop> {
    reader.enter()?;
    let mut is_first = true;
    while let Some(key) = reader.next_key(is_first)? {
        is_first = false;
        if key != "models" {
            reader.value()?;
            continue;
        }
        reader.enter()?;
        let mut is_first = true;
        while let Some(model) = reader.next_key(is_first)? {
            is_first = false;
            importer.models_dev(name, &model, &reader.value()?)?;
            told(importer, reader.place())?;
        }
    }
    Ok(())
}

/// One model's file; `place` says whose it is: PROVIDER/models/MODEL.toml.
fn model_file(path: &Path, place: &Path, importer: &mut Importer<'_>) -> Result<(), Stop> {
    let parts: Vec<&str> = place.iter().filter_map(|part| part.to_str()).collect();
    let models = parts.iter().rposition(|part| *part == "models").filter(|at| *at > 0);
    let Some(at) = models.filter(|at| *at + 1 < parts.len()) else {
        return Err(Stop::Wrong(format!(
            "{} does not say whose model it is: models.dev has it as PROVIDER/models/MODEL.toml",
            place.display()
        )));
    };
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    let read = file.take(TOML_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|error| format!("{}: {error}", path.display()))?;
    if text.len() as u64 > TOML_BYTES_MAX {
        return Err(Stop::Wrong(format!(
            "{} has more than {TOML_BYTES_MAX} bytes, and is no model's",
            path.display()
        )));
    }
    let model = parts[at + 1..].join("/");
    let model = model.strip_suffix(".toml").unwrap_or(&model);
    Ok(importer.models_dev_toml(parts[at - 1], model, &text)?)
}

/// The files of models below a folder. Links are not followed: a folder may hold itself by one.
fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), String> {
    if depth > DEPTH_MAX {
        return Ok(());
    }
    let wrong = |error: io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let (kind, path) = (entry.file_type().map_err(wrong)?, entry.path());
        let is_model = path.extension().is_some_and(|end| end == "toml")
            && path.iter().any(|part| part == "models");
        if kind.is_dir() {
            walk(&path, depth + 1, files)?;
        } else if kind.is_file() && is_model {
            files.push(path);
        }
        if files.len() > FILES_MAX {
            return Err(format!("it has more than {FILES_MAX} files"));
        }
    }
    Ok(())
}

/// What is at an address, in a file that goes when it is no longer wanted.
fn fetch(url: &str, bounds: Fetching) -> Result<tempfile::NamedTempFile, String> {
    let Fetching { bytes_max, answer, whole } = bounds;
    let agent = Agent::config_builder()
        .https_only(url.starts_with("https://"))
        .max_redirects(REDIRECTS_MAX)
        .timeout_connect(Some(answer))
        .timeout_recv_response(Some(answer))
        .timeout_global(Some(whole))
        .build()
        .new_agent();
    let response = agent.get(url).call().map_err(|error| error.to_string())?;
    let mut body = response.into_body().into_with_config().limit(bytes_max).reader();
    let mut file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    io::copy(&mut body, file.as_file_mut()).map_err(|error| error.to_string())?;
    file.as_file_mut().seek(SeekFrom::Start(0)).map_err(|error| error.to_string())?;
    Ok(file)
}

fn is_address(what: &str) -> bool {
    what.starts_with("http://") || what.starts_with("https://")
}

fn no(what: &str, why: String) -> ModelsError {
    ModelsError::NotImportable { what: what.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use tenfold_domain::Timestamp;

    use super::super::{Bounds, Wanted};
    use super::*;
    use crate::PriceBook;

    /// A list that is nowhere but where it is read: so many rows, each made when it is wanted.
    struct Rows {
        made: u64,
        rows: u64,
        row: Vec<u8>,
    }

    impl io::Read for Rows {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            if self.row.is_empty() && self.made <= self.rows {
                let (number, begin) = (self.made, if self.made == 0 { '{' } else { ',' });
                let row = match number == self.rows {
                    true => "}".to_owned(),
                    // Of each hundred one is wanted, and every price is another.
                    false => format!(
                        "{begin}\"m{number}\":{{\"litellm_provider\":\"p{}\",\
                         \"input_cost_per_token\":{}e-9,\"output_cost_per_token\":9e-6}}",
                        number % 100,
                        1_000 + number % 1_000,
                    ),
                };
                self.row = row.into_bytes();
                self.made += 1;
            }
            let many = into.len().min(self.row.len());
            into[..many].copy_from_slice(&self.row[..many]);
            self.row.drain(..many);
            Ok(many)
        }
    }

    fn read(many: u64, bounds: Option<Bounds>) -> Result<Import, String> {
        let book = PriceBook::default();
        let wanted = Wanted { providers: vec!["p7".to_owned()], all: false };
        let mut importer = Importer::new(&book, Timestamp(1 << 42), wanted);
        importer.bounds = bounds.unwrap_or_default();
        let from = Rows { made: 0, rows: many, row: Vec::new() };
        match rows(Form::Litellm, (from, 0), &mut importer, &mut |_| Ok(())) {
            Ok(()) => Ok(importer.end()),
            Err(Stop::Wrong(why)) => Err(why),
            Err(Stop::Cancelled) => Err("it was cancelled".to_owned()),
        }
    }

    /// The most memory that this process ever had, in bytes, where the system says it.
    fn peak() -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
    }

    #[test]
    fn of_a_million_rows_there_is_only_what_changes() {
        let before = peak();
        let import = read(1_000_000, None).unwrap();
        assert_eq!((import.rows, import.changes.len()), (1_000_000, 10_000));
        assert_eq!(import.unwanted, 990_000);
        // All of it is more than seventy megabytes, and twice that as values.
        if let (Some(before), Some(after)) = (before, peak()) {
            assert!(after - before < 64 << 20, "{} MB more", (after - before) >> 20);
        }
    }

    #[test]
    fn what_is_more_than_an_import_has_is_refused() {
        let bounds = |rows, changes| Some(Bounds { rows, changes });
        assert_eq!(read(500, bounds(500, 5)).unwrap().changes.len(), 5);
        let refused = read(501, bounds(500, 5)).unwrap_err();
        assert!(refused.contains("more than 500 rows"), "{refused}");
        let refused = read(500, bounds(500, 4)).unwrap_err();
        assert!(refused.contains("more than 4 prices; take fewer, with --provider"), "{refused}");
    }

    #[test]
    fn an_address_is_shown_without_a_key() {
        let shown = ImportSource::shown;
        assert_eq!(shown("https://me:key@a.test:8/b/c.json?key=1#x"), "https://a.test:8/b/c.json");
        assert_eq!(shown("https://a.test"), "https://a.test/");
        assert_eq!(shown("a list.json"), "a list.json");
    }
}
