//! JSON, read piece by piece: a file with a million rows is never in memory as a whole.
//!
//! Apart, and our own, for three things that a price hangs on and the usual reader hides:
//! numbers are kept as they are written, a key that is there twice is seen, and how much one
//! value may take has a bound. It knows nothing of prices.

use std::io::Read;

/// What one value may take, in bytes as it is written.
const VALUE_BYTES_MAX: u64 = 1 << 18;
/// How deep values may lie in each other.
const DEPTH_MAX: usize = 32;
/// How much is read at a time.
const CHUNK: usize = 64 << 10;
/// The longest number, in bytes as it is written.
const NUMBER_BYTES_MAX: usize = 64;

/// A value that was read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number as it is written; also what is none, as Python writes it (`NaN`, `Infinity`).
    Number(String),
    /// A text.
    Text(String),
    /// Several values.
    List(Vec<Json>),
    /// Values by name, in their order, and no name twice.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Reads JSON from somewhere. Every failure says at which byte.
#[derive(Debug)]
pub struct JsonReader<R> {
    from: R,
    chunk: Vec<u8>,
    next: usize,
    /// How many bytes went before this chunk.
    before: u64,
    /// How many bytes may be read in all.
    most: u64,
    /// At which byte the value at hand has become too large.
    value_ends: u64,
}

impl<R: Read> JsonReader<R> {
    /// Of at most so many bytes.
    pub fn new(from: R, most: u64) -> Self {
        Self { from, chunk: Vec::new(), next: 0, before: 0, most, value_ends: u64::MAX }
    }

    /// How many bytes were read.
    pub fn place(&self) -> u64 {
        self.before + self.next as u64
    }

    /// Steps into an object; [`JsonReader::next_key`] then tells what is in it.
    ///
    /// # Errors
    /// If there is no object here.
    pub fn enter(&mut self) -> Result<(), String> {
        self.expect(b'{', "an object")
    }

    /// Whether an object begins here.
    pub(crate) fn is_object(&mut self) -> Result<bool, String> {
        Ok(self.skip_blanks()? == Some(b'{'))
    }

    /// The next name in an object that was entered, whose value comes next; none at its end.
    /// `is_first` is whether it has told none yet.
    ///
    /// # Errors
    /// If it does not read, or the name is too long.
    pub fn next_key(&mut self, is_first: bool) -> Result<Option<String>, String> {
        match self.skip_blanks()? {
            Some(b'}') => {
                self.step();
                return Ok(None);
            }
            Some(b',') if !is_first => {
                self.step();
                self.skip_blanks()?;
            }
            Some(_) if is_first => {}
            _ => return Err(self.wrong("a comma or the end of an object")),
        }
        self.bounded(|reader| {
            let key = reader.string()?;
            reader.expect(b':', "a colon")?;
            Ok(Some(key))
        })
    }

    /// A value, whole.
    ///
    /// # Errors
    /// If it does not read, has a name twice, is too large or lies too deep.
    pub fn value(&mut self) -> Result<Json, String> {
        self.bounded(|reader| reader.value_at(0))
    }

    /// Passes over what is left: blanks, and nothing else.
    ///
    /// # Errors
    /// If there is something else.
    pub fn end(&mut self) -> Result<(), String> {
        match self.skip_blanks()? {
            None => Ok(()),
            Some(_) => Err(self.wrong("the end")),
        }
    }

    fn bounded<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        self.value_ends = self.place() + VALUE_BYTES_MAX;
        let outcome = read(self);
        self.value_ends = u64::MAX;
        outcome
    }

    fn value_at(&mut self, depth: usize) -> Result<Json, String> {
        if depth >= DEPTH_MAX {
            return Err(format!(
                "byte {}: more than {DEPTH_MAX} values in each other",
                self.place()
            ));
        }
        match self.skip_blanks()? {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            Some(b'a'..=b'z' | b'A'..=b'Z') => self.word(),
            _ => Err(self.wrong("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        self.step();
        let mut fields: Vec<(String, Json)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        loop {
            match self.skip_blanks()? {
                Some(b'}') => {
                    self.step();
                    return Ok(Json::Object(fields));
                }
                Some(b',') if !fields.is_empty() => self.step(),
                Some(_) if fields.is_empty() => {}
                _ => return Err(self.wrong("a comma or the end of an object")),
            }
            self.skip_blanks()?;
            let key = self.string()?;
            self.expect(b':', "a colon")?;
            let value = self.value_at(depth + 1)?;
            if !seen.insert(key.clone()) {
                return Err(format!("byte {}: '{key}' is there twice", self.place()));
            }
            fields.push((key, value));
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, String> {
        self.step();
        let mut values = Vec::new();
        loop {
            match self.skip_blanks()? {
                Some(b']') if values.is_empty() => {
                    self.step();
                    return Ok(Json::List(values));
                }
                Some(_) => values.push(self.value_at(depth + 1)?),
                None => return Err(self.wrong("a value")),
            }
            match self.skip_blanks()? {
                Some(b',') => self.step(),
                Some(b']') => {
                    self.step();
                    return Ok(Json::List(values));
                }
                _ => return Err(self.wrong("a comma or the end of a list")),
            }
        }
    }

    /// A number as it is written. Whether it is a good one is for whoever wants it as one.
    fn number(&mut self) -> Result<String, String> {
        let mut text = String::new();
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_alphanumeric() && !b"+-.".contains(&byte) {
                break;
            }
            if text.len() >= NUMBER_BYTES_MAX {
                let place = self.place();
                return Err(format!(
                    "byte {place}: a number of more than {NUMBER_BYTES_MAX} bytes"
                ));
            }
            text.push(char::from(byte));
            self.step();
        }
        match is_number(&text) || text == "-Infinity" {
            true => Ok(text),
            false => Err(format!("byte {}: '{text}' is no number", self.place())),
        }
    }

    fn word(&mut self) -> Result<Json, String> {
        let mut text = String::new();
        while let Some(byte) = self.peek()?.filter(u8::is_ascii_alphabetic) {
            if text.len() > "Infinity".len() {
                break;
            }
            text.push(char::from(byte));
            self.step();
        }
        match text.as_str() {
            "null" => Ok(Json::Null),
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            "NaN" | "Infinity" => Ok(Json::Number(text)),
            _ => Err(format!("byte {}: '{text}' is no value", self.place())),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect(b'"', "a text in quotes")?;
        let mut bytes = Vec::new();
        loop {
            match self.peek()? {
                None | Some(0..=0x1f) => return Err(self.wrong("the end of a text")),
                Some(b'"') => {
                    self.step();
                    let place = self.place();
                    return String::from_utf8(bytes)
                        .map_err(|_| format!("byte {place}: a text that is not UTF-8"));
                }
                Some(b'\\') => {
                    self.step();
                    let character = self.escaped()?;
                    bytes.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Some(byte) => {
                    bytes.push(byte);
                    self.step();
                }
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        let Some(byte) = self.peek()? else { return Err(self.wrong("the end of a text")) };
        self.step();
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.four_digits()?;
                match first {
                    0xd800..=0xdbff => {
                        self.expect_byte(b'\\', "the other half of a character")?;
                        self.expect_byte(b'u', "the other half of a character")?;
                        let second = self.four_digits()?;
                        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
                        let whole = low.map(|low| 0x10000 + ((first - 0xd800) << 10) + low);
                        let character = whole.and_then(char::from_u32);
                        character.ok_or_else(|| self.wrong("the other half of a character"))?
                    }
                    _ => char::from_u32(first).ok_or_else(|| self.wrong("a whole character"))?,
                }
            }
            _ => return Err(self.wrong("an escape that there is")),
        })
    }

    fn four_digits(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek()?.and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.wrong("four digits")) };
            code = code * 16 + digit;
            self.step();
        }
        Ok(code)
    }

    /// Passes over blanks, and one byte that has to be there.
    fn expect(&mut self, byte: u8, what: &str) -> Result<(), String> {
        self.skip_blanks()?;
        self.expect_byte(byte, what)
    }

    fn expect_byte(&mut self, byte: u8, what: &str) -> Result<(), String> {
        if self.peek()? != Some(byte) {
            return Err(self.wrong(what));
        }
        self.step();
        Ok(())
    }

    /// Passes over blanks; tells what comes then.
    fn skip_blanks(&mut self) -> Result<Option<u8>, String> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.step(),
                other => return Ok(other),
            }
        }
    }

    fn step(&mut self) {
        self.next += 1;
    }

    fn peek(&mut self) -> Result<Option<u8>, String> {
        if self.place() >= self.value_ends {
            return Err(format!(
                "byte {}: one value takes more than {VALUE_BYTES_MAX} bytes",
                self.place()
            ));
        }
        if self.next >= self.chunk.len() {
            self.before += self.chunk.len() as u64;
            self.next = 0;
            self.chunk.clear();
            if self.before >= self.most {
                return Err(format!("it has more than {} bytes", self.most));
            }
            let mut some = (&mut self.from).take(CHUNK as u64);
            some.read_to_end(&mut self.chunk).map_err(|error| error.to_string())?;
        }
        Ok(self.chunk.get(self.next).copied())
    }

    fn wrong(&self, wanted: &str) -> String {
        match self.chunk.get(self.next) {
            None => format!("it ends at byte {}, where {wanted} should be", self.place()),
            Some(byte) => {
                let found = char::from(*byte).escape_default();
                format!("byte {}: '{found}', where {wanted} should be", self.place())
            }
        }
    }
}

/// Whether this is a number as JSON has them.
pub(crate) fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_good = exponent
        .is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent_is_good
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Json, String> {
        let mut reader = JsonReader::new(text.as_bytes(), 1 << 20);
        let value = reader.value()?;
        reader.end()?;
        Ok(value)
    }

    #[test]
    fn numbers_stay_as_they_are_written() {
        for text in ["2.5e-06", "0", "-0.0", "1E+5", "1.10", "123456789012345678901234567890"] {
            assert_eq!(read(text), Ok(Json::Number(text.into())));
        }
        for text in ["01", "1.", ".5", "+1", "1e", "--1", "0x1", &"9".repeat(65)] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(read("NaN"), Ok(Json::Number("NaN".into())));
        assert_eq!(read("-Infinity"), Ok(Json::Number("-Infinity".into())));
    }

    #[test]
    fn what_is_there_twice_too_deep_or_too_large_is_refused() {
        assert!(read("{\"a\": 1, \"a\": 1}").unwrap_err().contains("'a' is there twice"));
        assert!(read(&"[".repeat(99)).unwrap_err().contains("in each other"));
        let long = format!("\"{}\"", "x".repeat(1 << 19));
        assert!(read(&long).unwrap_err().contains("one value takes more than"));
        assert!(JsonReader::new(std::io::repeat(b' '), 99).end().unwrap_err().contains("99 bytes"));
    }

    #[test]
    fn an_object_is_told_name_by_name() {
        let mut reader = JsonReader::new("{\"a\": [1, null], \"b\\u0021\": {}} ".as_bytes(), 99);
        reader.enter().unwrap();
        assert_eq!(reader.next_key(true), Ok(Some("a".into())));
        assert_eq!(reader.value(), Ok(Json::List(vec![Json::Number("1".into()), Json::Null])));
        assert_eq!(reader.next_key(false), Ok(Some("b!".into())));
        assert_eq!(reader.value(), Ok(Json::Object(Vec::new())));
        assert_eq!(reader.next_key(false), Ok(None));
        assert_eq!(reader.end(), Ok(()));
    }

    proptest! {
        /// What the usual reader takes is taken here, and what it refuses is refused.
        #[test]
        fn it_reads_what_others_read(text in r#"[\[\]{}:,"\\ \n0-9a-eu.tr+\-N]{0,24}"#) {
            let usual: Result<serde_json::Value, _> = serde_json::from_str(&text);
            let ours = read(&text);
            let is_special = text.contains('N') || ours.as_ref().is_err_and(|e| e.contains("twice"));
            // The usual one refuses numbers that no float can hold, and we keep them.
            let is_large = usual.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
            if !is_special && !is_large {
                prop_assert_eq!(ours.is_ok(), usual.is_ok(), "{:?} {:?}", ours, usual);
            }
        }

        #[test]
        fn texts_are_read_as_others_write_them(text in ".*") {
            let written = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(read(&written), Ok(Json::Text(text)));
        }
    }
}
