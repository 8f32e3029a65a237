//! The models that there are, and adding others: those at this machine, whose files may be here or not, and those at
//! providers. Whether a provider's key is there is not told: asking the keyring may take long.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tenfold_domain::{Bytes, NanoUsd, Tokens};
use tenfold_models::{
    Cancel, Catalogue, Hosted, Listed, Model, ModelDirs, ModelsError, Presence, Price, PriceList,
    Protocol, PullOptions, RequestLimits, TokenPrices,
};
use utoipa::ToSchema;

use crate::{DeskError, House};

/// The longest conversation of a model of which nothing is said, in tokens.
pub const CONTEXT_TOKENS: u64 = 128_000;

/// A model.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ModelCard {
    /// One whose file is, or would be, on this machine.
    Here(EmbeddedModel),
    /// One at a provider.
    There(HostedModel),
}

/// A model whose file is, or would be, on this machine.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EmbeddedModel {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Whether it is used where none is named.
    pub default: bool,
    /// Whether its file is here.
    pub present: bool,
    /// How large its file is.
    pub bytes: Bytes,
    /// The hash of its file, in hexadecimal.
    pub sha256: String,
    /// Under what it is licensed, if that is known.
    pub licence: Option<String>,
    /// Whether it can be talked with.
    pub chat: bool,
    /// Whether it can fill in what is missing in a text.
    pub infill: bool,
    /// How much memory it takes.
    pub memory_bytes: Bytes,
    /// What it costs, in words.
    pub price: String,
    /// Whether that is estimated.
    pub price_is_estimate: bool,
    /// Where its file is, or would be.
    pub path: String,
}

/// A model at a provider.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HostedModel {
    /// Its name.
    pub name: String,
    /// The same.
    pub title: String,
    /// Whether it is used where none is named.
    pub default: bool,
    /// Always.
    pub hosted: bool,
    /// How its provider is spoken to.
    pub protocol: String,
    /// Where its provider is; none: the protocol's own company.
    pub address: Option<String>,
    /// What its provider calls it.
    pub model: String,
    /// The variable that holds the key; none if the provider wants none.
    pub key_variable: Option<String>,
    /// The longest conversation that it takes.
    pub context_tokens: Tokens,
    /// The most requests under way at once.
    pub at_once: Option<u32>,
    /// The most requests in any minute.
    pub requests_per_minute: Option<u32>,
    /// The most tokens in any minute.
    pub tokens_per_minute: Option<Tokens>,
    /// What it costs, in words; none if nobody has said so: it can't be asked.
    pub price: Option<String>,
    /// Never: providers say what they take.
    pub price_is_estimate: bool,
    /// What the price book calls it, if its price is from there.
    pub price_listed_as: Option<String>,
}

/// A model at a provider, as somebody adds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub struct NewHosted {
    /// How to call it here.
    pub name: String,
    /// How its provider is spoken to: `openai`, `openai-responses`, `anthropic` or `gemini`.
    pub protocol: String,
    /// What the provider calls it; as here, if nothing is said.
    #[serde(default)]
    pub model: Option<String>,
    /// Where the provider is, with the version; the protocol's own company, if nothing is said.
    #[serde(default)]
    pub address: Option<String>,
    /// The variable that holds the key; the protocol's usual one, if nothing is said.
    #[serde(default)]
    pub key_variable: Option<String>,
    /// Whether the provider wants no key.
    #[serde(default)]
    pub no_key: bool,
    /// The longest conversation that it takes, in tokens; 128,000, if nothing is said.
    #[serde(default)]
    pub context_tokens: Option<u64>,
    /// What it costs; as the price book has it, if nothing is said.
    #[serde(default)]
    pub price: Option<NewPrice>,
    /// The most requests to the provider under way at once, over all tasks.
    #[serde(default)]
    pub at_once: Option<u32>,
    /// The most requests to the provider in any minute.
    #[serde(default)]
    pub requests_per_minute: Option<u32>,
    /// The most tokens that the provider reads and writes in any minute.
    #[serde(default)]
    pub tokens_per_minute: Option<u64>,
}

/// What a model costs, as somebody says it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NewPrice {
    /// Nothing.
    Free,
    /// So many nano-dollars for a million tokens.
    Tokens {
        /// Of prompt.
        prompt: NanoUsd,
        /// Of output.
        output: NanoUsd,
        /// Of prompt that the provider has in its cache; as any other prompt, if nothing is said.
        #[serde(default)]
        cached: Option<NanoUsd>,
        /// Of prompt that is put into its cache; as any other prompt, if nothing is said.
        #[serde(default)]
        written: Option<NanoUsd>,
    },
    /// So many nano-dollars for each second that it works; of models on this machine only.
    Second(NanoUsd),
}

impl NewPrice {
    /// The price itself.
    #[must_use]
    pub fn price(&self) -> Price {
        let (prompt, output, cached, written) = match self {
            Self::Free => return Price::Free,
            Self::Second(second) => return PriceList::of_time(*second).into(),
            Self::Tokens { prompt, output, cached, written } => (prompt, output, cached, written),
        };
        let written = written.unwrap_or(*prompt);
        Price::of_tokens(TokenPrices {
            cached: cached.unwrap_or(*prompt),
            written,
            written_hour: written,
            written_half_day: written,
            ..TokenPrices::of(*prompt, *output)
        })
    }
}

/// Adds a model that a provider hosts; nothing is sent. Answered with the model as it is in the
/// catalogue now, and with why it can't be asked yet, if it can't: it has no price.
///
/// # Errors
/// If there is one of that name, or what is said of it can't be; those of the file system.
pub fn connect(house: &House, new: NewHosted) -> Result<(Hosted, Option<ModelsError>), DeskError> {
    let protocol: Protocol = new.protocol.parse().map_err(DeskError::usage)?;
    let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let usual = protocol.usual_key().to_owned();
    let key = said(new.key_variable).unwrap_or(usual);
    let hosted = Hosted {
        model: said(new.model).unwrap_or_else(|| new.name.clone()),
        name: new.name,
        protocol,
        address: said(new.address),
        key: (!new.no_key).then_some(key),
        context: Tokens(new.context_tokens.unwrap_or(CONTEXT_TOKENS)),
        price: new.price.as_ref().map(NewPrice::price),
        listed: None,
        limits: RequestLimits {
            requests_per_minute: new.requests_per_minute,
            tokens_per_minute: new.tokens_per_minute.map(Tokens),
            at_once: new.at_once,
        },
    };
    tenfold_models::connect(&house.model_dirs, &hosted)?;
    let Model::Hosted(found) = house.catalogue()?.model(&hosted.name)? else {
        return Ok((hosted, None));
    };
    let unpriced = found
        .price
        .is_none()
        .then(|| ModelsError::Unpriced { name: found.name.clone(), model: found.model.clone() });
    Ok((*found, unpriced))
}

/// Adds a GGUF file of this machine, which stays where it is; answered with how it is called. All
/// of it is read, for its hash: of a large one that takes a minute.
///
/// # Errors
/// If it is no such file, or there is a model of that name; those of the file system.
pub fn add(house: &House, file: &Path, name: Option<&str>) -> Result<String, DeskError> {
    if !file.is_absolute() {
        return Err(DeskError::usage("the whole path is needed, from the root of this machine")
            .advise("what is at an address is fetched by `tenfold models add URL`"));
    }
    let name = name.filter(|name| !name.is_empty());
    let (options, cancel) = (PullOptions::default(), Cancel::new());
    let dirs = &house.model_dirs;
    let added = tenfold_models::add(dirs, file.as_os_str(), name, &options, &mut |_| (), &cancel)?;
    Ok(added.name)
}

impl ModelCard {
    /// The variable that holds its key, if its provider wants one.
    pub fn key_variable(&self) -> Option<&str> {
        match self {
            Self::Here(_) => None,
            Self::There(model) => model.key_variable.as_deref(),
        }
    }
}

/// All models: those at this machine first.
///
/// # Errors
/// If what the person has added does not read.
pub fn models(house: &House) -> Result<Vec<ModelCard>, DeskError> {
    let catalogue = house.catalogue()?;
    let listed = catalogue.list(&house.model_dirs);
    let here = listed.iter().map(|listed| ModelCard::Here(embedded(listed, &house.model_dirs)));
    let there = catalogue.hosted().iter().map(|one| ModelCard::There(hosted(one, &catalogue)));
    Ok(here.chain(there).collect())
}

fn embedded(Listed { entry, presence, default }: &Listed, dirs: &ModelDirs) -> EmbeddedModel {
    EmbeddedModel {
        name: entry.name.clone(),
        title: entry.title.clone(),
        default: *default,
        present: *presence == Presence::Present,
        bytes: entry.bytes,
        sha256: entry.sha256.to_string(),
        licence: entry.licence.clone(),
        chat: entry.chat_template,
        infill: entry.infill,
        memory_bytes: entry.memory,
        price: entry.price.to_string(),
        price_is_estimate: entry.price.is_estimate(),
        path: entry.path(dirs).to_string_lossy().into_owned(),
    }
}

fn hosted(hosted: &Hosted, catalogue: &Catalogue) -> HostedModel {
    HostedModel {
        name: hosted.name.clone(),
        title: hosted.name.clone(),
        default: catalogue.default_name() == hosted.name,
        hosted: true,
        protocol: hosted.protocol.name().to_owned(),
        address: hosted.address.clone(),
        model: hosted.model.clone(),
        key_variable: hosted.key.clone(),
        context_tokens: hosted.context,
        at_once: hosted.limits.at_once,
        requests_per_minute: hosted.limits.requests_per_minute,
        tokens_per_minute: hosted.limits.tokens_per_minute,
        price: hosted.price.as_ref().map(Price::to_string),
        price_is_estimate: false,
        price_listed_as: hosted.listed.as_ref().map(ToString::to_string),
    }
}
