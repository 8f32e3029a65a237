//! The catalogue as it is written: parsed here, and turned into entries in one step, so that
//! nothing else ever sees a model that is half described.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tenfold_domain::{Bytes, NanoUsd, Tokens};

use crate::entry::{Entry, PartsSource, Place, Source, check_file_name, check_name};
use crate::raw_price::RawPrice;
use crate::{Electricity, Hosted, Price, RequestLimits, Sha256Sum, Slowest};

/// A conversation with tools doesn't fit into less, in tokens.
const LEAST_CONTEXT: u64 = 4_096;

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCatalogue {
    pub(crate) default: Option<String>,
    pub(crate) electricity: Option<RawElectricity>,
    /// What models on this machine cost, in the place of electricity.
    pub(crate) price: Option<RawPrice>,
    #[serde(default)]
    pub(crate) model: Vec<RawModel>,
    #[serde(default)]
    pub(crate) hosted: Vec<RawHosted>,
}

/// A model at a provider. Without a price it has that of the price book, if it is in there.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawHosted {
    pub(crate) name: String,
    pub(crate) protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    pub(crate) model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_variable: Option<String>,
    pub(crate) context_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) requests_per_minute: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens_per_minute: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at_once: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) price: Option<RawPrice>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawElectricity {
    watts: u32,
    usd_per_kwh: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawModel {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) licence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory_bytes: Option<u64>,
    #[serde(default)]
    pub(crate) chat_template: bool,
    #[serde(default)]
    pub(crate) infill: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slowest_ms_per_prompt_token: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slowest_ms_per_output_token: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) price: Option<RawPrice>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) source: Vec<RawSource>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<String>,
}

impl RawElectricity {
    pub(crate) fn resolve(self) -> Result<Electricity, String> {
        let per_kwh = amount(&self.usd_per_kwh)?;
        if self.watts == 0 || per_kwh == NanoUsd::ZERO {
            return Err("by [electricity] models here cost nothing; if that is meant, write \
                        price = \"free\" above it"
                .into());
        }
        Ok(Electricity { watts: self.watts, per_kwh })
    }
}

impl RawModel {
    /// The entry that this describes; `usual` is its price if it names none.
    pub(crate) fn resolve(self, usual: &Price, shipped: bool) -> Result<Entry, String> {
        let named = format!("model '{}': ", self.name);
        self.resolve_unnamed(usual, shipped).map_err(|why| named + &why)
    }

    fn resolve_unnamed(self, usual_price: &Price, shipped: bool) -> Result<Entry, String> {
        check_name(&self.name)?;
        let place = match (self.file, self.path) {
            (Some(file), None) => {
                check_file_name(&file)?;
                Place::Cached(file)
            }
            (None, Some(path)) if path.starts_with('/') => Place::Own(PathBuf::from(path)),
            (None, Some(_)) => return Err("'path' is not absolute".into()),
            _ => return Err("give either 'file' or 'path'".into()),
        };
        if self.bytes == 0 {
            return Err("'bytes' is zero".into());
        }
        let bytes = Bytes(self.bytes);
        let usual = Slowest::of_size(bytes);
        let sources = self.source.into_iter().map(|source| source.resolve(self.bytes));
        Ok(Entry {
            title: self.title.unwrap_or_else(|| self.name.clone()),
            name: self.name,
            place,
            bytes,
            sha256: self.sha256.parse::<Sha256Sum>()?,
            licence: self.licence,
            context: self.context_tokens.map(Tokens),
            memory: self.memory_bytes.map_or(bytes + bytes, Bytes),
            chat_template: self.chat_template,
            infill: self.infill,
            slowest: Slowest {
                ms_per_prompt_token: self
                    .slowest_ms_per_prompt_token
                    .unwrap_or(usual.ms_per_prompt_token),
                ms_per_output_token: self
                    .slowest_ms_per_output_token
                    .unwrap_or(usual.ms_per_output_token),
            },
            price: match self.price {
                Some(price) => price.resolve_here()?,
                None => usual_price.clone(),
            },
            sources: sources.collect::<Result<_, _>>()?,
            shipped,
        })
    }
}

impl RawHosted {
    pub(crate) fn resolve(self) -> Result<Hosted, String> {
        let named = format!("hosted model '{}': ", self.name);
        self.resolve_unnamed().map_err(|why| named + &why)
    }

    fn resolve_unnamed(self) -> Result<Hosted, String> {
        check_name(&self.name)?;
        let plain = |c: char| c.is_ascii_graphic();
        if self.model.is_empty() || self.model.len() > 200 || !self.model.chars().all(plain) {
            return Err("'model' is not what a provider calls a model".into());
        }
        if let Some(key) = &self.key_variable
            && (key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        {
            return Err("'key_variable' is not the name of a variable (the key itself never \
                        stands in a catalogue)"
                .into());
        }
        if self.context_tokens < LEAST_CONTEXT {
            return Err(format!("'context_tokens' is below {LEAST_CONTEXT}"));
        }
        let at_least_one = [
            ("requests_per_minute", self.requests_per_minute.map(u64::from)),
            ("tokens_per_minute", self.tokens_per_minute),
            ("at_once", self.at_once.map(u64::from)),
        ];
        if let Some((name, _)) = at_least_one.iter().find(|(_, limit)| *limit == Some(0)) {
            return Err(format!("'{name}' is 0, and so nothing could be asked; leave it out"));
        }
        Ok(Hosted {
            protocol: self.protocol.parse()?,
            address: self.address.as_deref().map(address).transpose()?,
            name: self.name,
            model: self.model,
            key: self.key_variable,
            context: Tokens(self.context_tokens),
            price: self.price.map(RawPrice::resolve_there).transpose()?,
            listed: None,
            limits: RequestLimits {
                requests_per_minute: self.requests_per_minute,
                tokens_per_minute: self.tokens_per_minute.map(Tokens),
                at_once: self.at_once,
            },
        })
    }
}

/// A provider's address, as all else is joined to it: with a slash at its end.
fn address(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_graphic();
    let is_address = text.starts_with("https://") || text.starts_with("http://");
    if !is_address || text.contains(['?', '#']) || !text.chars().all(plain) {
        return Err(format!(
            "'{text}' is not an https:// address, such as http://127.0.0.1:11434/v1/"
        ));
    }
    Ok(format!("{}/", text.trim_end_matches('/')))
}

impl RawSource {
    pub(crate) fn of_url(url: &str) -> Self {
        Self { url: Some(url.to_owned()), ..Self::default() }
    }

    fn resolve(self, bytes: u64) -> Result<Source, String> {
        match (self.url, self.package, self.version, self.parts, self.part_bytes, self.member) {
            (Some(url), None, None, None, None, None) => {
                if !url.starts_with("https://") && !url.starts_with("http://") {
                    return Err(format!("source '{url}' is not an https:// address"));
                }
                Ok(Source::Http { url })
            }
            (None, Some(package), Some(version), Some(parts), Some(part_bytes), Some(member)) => {
                PartsSource::new(package, version, parts, part_bytes, member, bytes)
                    .map(Source::Parts)
            }
            _ => Err("a source has either 'url', or 'package', 'version', 'parts', \
                      'part_bytes' and 'member'"
                .into()),
        }
    }
}

pub(crate) fn amount(text: &str) -> Result<NanoUsd, String> {
    text.parse().map_err(|error: tenfold_domain::MoneyError| error.to_string())
}
