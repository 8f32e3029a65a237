//! The models that there are: those at this machine, whose files may be here or not, and those at
//! providers. Whether a provider's key is there is not told: asking the keyring may take long.

use serde::Serialize;
use tenfold_domain::{Bytes, Tokens};
use tenfold_models::{Catalogue, Hosted, Listed, ModelDirs, Presence, Price};
use utoipa::ToSchema;

use crate::{DeskError, House};

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
