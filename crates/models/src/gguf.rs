//! The header of a GGUF file: what model this is, and what it can do.
//!
//! Written here and not left to llama.cpp, because a file that a person adds comes from
//! anywhere: this reader is handed bytes, never maps a file, allocates no more than a few
//! kilobytes whatever the header claims, and gives up with a reason. The format is described
//! in `docs/gguf.md` of the ggml project.

mod bounded;
mod facts;

use std::io::Read;

use tenfold_domain::{Bytes, Tokens};

use bounded::Bounded;
use facts::Facts;

/// The largest header that is read: about ten times that of a vocabulary of 256,000 tokens.
const HEADER_LIMIT: u64 = 128 << 20;
/// The most key-value pairs; real files have fewer than a hundred.
const PAIR_LIMIT: u64 = 65_536;
/// The most tensors; the largest models have a few thousand.
const TENSOR_LIMIT: u64 = 262_144;
/// The longest key or name of a tensor.
const NAME_LIMIT: u64 = 1_024;
/// The most dimensions of a tensor.
const DIMENSION_LIMIT: u32 = 8;
/// How deep arrays may lie in arrays.
const DEPTH_LIMIT: u32 = 4;

/// What the header of a GGUF file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GgufHeader {
    /// The format's version, 2 or 3.
    pub version: u32,
    /// `general.architecture`, as in "qwen2".
    pub architecture: String,
    /// `general.type`, "model" if it does not say: an adapter or a projector is no model.
    pub kind: String,
    /// `general.name`.
    pub name: Option<String>,
    /// `general.license`.
    pub licence: Option<String>,
    /// The longest context that the model was trained for.
    pub context: Option<Tokens>,
    /// The number of weights, added up over the tensors.
    pub parameters: u64,
    /// How many bytes one token takes in the key-value cache, with 16-bit numbers; `None` if
    /// the header does not give what is needed to know.
    pub cache_bytes_per_token: Option<Bytes>,
    /// Whether there is a chat template.
    pub chat_template: bool,
    /// Whether there are tokens for infilling: prefix, suffix and middle.
    pub infill: bool,
    /// Of how many files this is one.
    pub split_count: u64,
    /// The file is longer than this: its last tensor begins here.
    pub at_least: Bytes,
}

/// Why bytes are not the header of a GGUF model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GgufError {
    /// The first four bytes are not "GGUF".
    #[error("it does not begin with the letters GGUF; only models in the GGUF format can be used")]
    NotGguf,
    /// A version that nobody reads.
    #[error(
        "it is GGUF version {0}, and only 2 and 3 can be read; get a file that was converted \
         lately"
    )]
    Version(u32),
    /// Made for big-endian machines.
    #[error("its numbers are big-endian; get the file for little-endian machines, the usual one")]
    BigEndian,
    /// It ends in the middle of its header.
    #[error("it ends within its header, after {0} bytes; it has not been copied whole")]
    Truncated(u64),
    /// A number in it is beyond all reason.
    #[error("its header claims {claimed} {what}, and no more than {limit} are read; it is damaged")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much.
        claimed: u64,
        /// What is read at most.
        limit: u64,
    },
    /// It contradicts itself or the format.
    #[error("its header is damaged: {0}")]
    Malformed(&'static str),
    /// The bytes could not be read.
    #[error("it could not be read: {0}")]
    Read(#[source] std::io::Error),
}

/// Reads the header of a GGUF file from its beginning. Reads in large pieces: what is left in
/// `source` afterwards does not begin right behind the header.
///
/// # Errors
/// [`GgufError`], for whatever is not the whole header of a GGUF file of version 2 or 3. No
/// input makes this panic, or take more than 128 MiB of input and some kilobytes of memory.
pub fn read_header(source: impl Read) -> Result<GgufHeader, GgufError> {
    let mut input = Bounded::new(source, HEADER_LIMIT);
    if input.bytes::<4>()? != *b"GGUF" {
        return Err(GgufError::NotGguf);
    }
    let version = input.u32()?;
    match version {
        2 | 3 => {}
        _ if matches!(version.swap_bytes(), 1..=3) => return Err(GgufError::BigEndian),
        _ => return Err(GgufError::Version(version)),
    }
    let tensors = limited("tensors", input.u64()?, TENSOR_LIMIT)?;
    let pairs = limited("key-value pairs", input.u64()?, PAIR_LIMIT)?;
    let mut facts = Facts::default();
    for _ in 0..pairs {
        let key = input.name()?;
        facts.read_pair(&key, &mut input)?;
    }
    let (parameters, last_offset) = read_tensors(tensors, &mut input)?;
    let alignment = facts.alignment()?;
    let data = input.position().next_multiple_of(alignment);
    let at_least = Bytes(data.saturating_add(last_offset));
    facts.into_header(version, parameters, at_least)
}

/// Reads the list of tensors: the number of all weights, and where the last one begins.
fn read_tensors(count: u64, input: &mut Bounded<impl Read>) -> Result<(u64, u64), GgufError> {
    let (mut parameters, mut last_offset) = (0u64, 0u64);
    for _ in 0..count {
        input.name()?;
        let dimensions = input.u32()?;
        limited("dimensions", dimensions.into(), DIMENSION_LIMIT.into())?;
        let mut weights = 1u64;
        for _ in 0..dimensions {
            weights = weights.saturating_mul(input.u64()?);
        }
        parameters = parameters.saturating_add(weights);
        input.u32()?;
        last_offset = last_offset.max(input.u64()?);
    }
    Ok((parameters, last_offset))
}

fn limited(what: &'static str, claimed: u64, limit: u64) -> Result<u64, GgufError> {
    if claimed > limit {
        return Err(GgufError::TooMuch { what, claimed, limit });
    }
    Ok(claimed)
}
