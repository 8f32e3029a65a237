//! The person's own price book: read with the shipped one below it, and only ever added to.
//! Nothing here changes or removes a line that stands in it.

use std::fs;
use std::io;
use std::path::Path;

use super::raw::entry;
use super::{Dated, ModelName, PriceBook};
use crate::lock::Lock;
use crate::pull::create_dir;
use crate::whole::write_whole;
use crate::{Cancel, ModelsError};

/// The largest book that is read.
const FILE_LIMIT: u64 = 16 << 20;

/// The beginning of a person's book.
const HEAD: &str = "\
# Prices of your own. `tenfold prices import` adds to this file and changes nothing in it, and so
# may you: docs/prices.md explains each key. What you write here of a model holds from its day until
# the next that you write. Dollars for a million tokens.
";

impl PriceBook {
    /// The shipped book with the person's own over it, if there is such a file.
    ///
    /// # Errors
    /// [`ModelsError::Prices`] if it does not read; [`ModelsError::Io`] if it is there and can't
    /// be read.
    pub fn load(own: &Path) -> Result<Self, ModelsError> {
        let mut book = Self::shipped().clone();
        if let Some(text) = read(own)? {
            book.add(parse(own, &text)?);
        }
        Ok(book)
    }

    /// Adds prices to the person's own book, behind all that stands there, in one step: no
    /// reader ever sees half of it. A link to a file elsewhere stays a link.
    ///
    /// # Errors
    /// [`ModelsError::Prices`] if the book does not read, or would not with these;
    /// [`ModelsError::Cancelled`]; those of the file system.
    pub fn append(
        own: &Path,
        prices: &[(ModelName, Dated)],
        cancel: &Cancel,
    ) -> Result<(), ModelsError> {
        if let Some(dir) = own.parent() {
            create_dir(dir)?;
        }
        let path = fs::canonicalize(own).unwrap_or_else(|_| own.to_owned());
        let _lock = Lock::take(&path, cancel, || ())?;
        let mut text = read(&path)?.unwrap_or_else(|| HEAD.to_owned());
        if !text.ends_with('\n') {
            text.push('\n');
        }
        for (name, dated) in prices {
            text.push('\n');
            text += &entry(name, dated, true);
        }
        if text.len() as u64 > FILE_LIMIT {
            let why = format!("with these prices it would have more than {FILE_LIMIT} bytes");
            return Err(wrong(&path, why));
        }
        parse(&path, &text)?;
        write_whole(&path, &text)
    }
}

fn parse(path: &Path, text: &str) -> Result<PriceBook, ModelsError> {
    PriceBook::parse(text, true).map_err(|why| wrong(path, why))
}

fn wrong(path: &Path, why: String) -> ModelsError {
    ModelsError::Prices { file: path.display().to_string(), why }
}

fn read(path: &Path) -> Result<Option<String>, ModelsError> {
    let size = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ModelsError::io("read", path)(error)),
    };
    if size > FILE_LIMIT {
        let why = format!("it has {size} bytes, and a price book has at most {FILE_LIMIT}");
        return Err(wrong(path, why));
    }
    fs::read_to_string(path).map(Some).map_err(ModelsError::io("read", path))
}
