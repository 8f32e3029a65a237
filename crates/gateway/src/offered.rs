//! A model as the gateway offers it: where it is, what it costs, what it takes.

use std::fmt;
use std::sync::Arc;

use axum::http::{HeaderValue, Uri};
use tenfold_domain::{Millis, NanoUsd, Tokens, Usage};
use tenfold_models::{Hosted, ModelsError, Tokenizer};

use crate::Wire;
use crate::bill::Tariff;
use crate::embedded::Embedded;
use crate::wire;

/// A model that can be asked through the gateway.
pub struct Offered {
    pub(crate) name: Arc<str>,
    pub(crate) tariff: Tariff,
    /// The most tokens that it writes in one answer, if that is known.
    pub(crate) output_max: Option<Tokens>,
    pub(crate) place: Place,
}

/// Where it is.
pub(crate) enum Place {
    Hosted(Box<Far>),
    Embedded(Arc<dyn Embedded>),
}

/// A hosted model, with all that each request to it needs, made once.
pub(crate) struct Far {
    pub(crate) hosted: Hosted,
    pub(crate) tokenizer: Option<Tokenizer>,
    /// The model's name there, as a JSON string.
    pub(crate) model_json: String,
    /// For OpenAI's protocols, with its scheme; and bare, for Anthropic's. Both are marked as
    /// secret, and are printed nowhere.
    pub(crate) bearer: HeaderValue,
    pub(crate) bare: HeaderValue,
    addresses: Vec<(Wire, Uri)>,
}

impl Far {
    /// Whether it is told of which trace a request is a part: somebody's own server is, and a
    /// protocol's own company is not, for it is none of its business.
    pub(crate) fn takes_traces(&self) -> bool {
        self.hosted.address.is_some()
    }

    pub(crate) fn address(&self, wire: Wire) -> Option<&Uri> {
        self.addresses.iter().find(|(known, _)| *known == wire).map(|(_, address)| address)
    }
}

/// Never with a key.
impl fmt::Debug for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offered").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Offered {
    /// A hosted model of the catalogue, with the key that `variable` gives for the name of a
    /// variable.
    ///
    /// # Errors
    /// [`ModelsError::NoKey`] if a key is wanted and not there, or can't be one;
    /// [`ModelsError::Unreachable`] if its address is none; [`ModelsError::Unpriced`].
    pub fn hosted(
        hosted: &Hosted,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ModelsError> {
        let no_key = |name: &String| ModelsError::NoKey {
            name: hosted.name.clone(),
            variable: name.clone(),
        };
        let key = match &hosted.key {
            None => "none".to_owned(),
            Some(name) => variable(name)
                .map(|key| key.trim().to_owned())
                .filter(|key| !key.is_empty())
                .ok_or_else(|| no_key(name))?,
        };
        let secret = |text: &str| {
            let mut value = HeaderValue::from_str(text)
                .map_err(|_| no_key(hosted.key.as_ref().unwrap_or(&hosted.name)))?;
            value.set_sensitive(true);
            Ok::<_, ModelsError>(value)
        };
        let address = |wire: Wire| {
            let text = wire::address(hosted, wire);
            text.parse::<Uri>().map(|uri| (wire, uri)).map_err(|why| ModelsError::Unreachable {
                name: hosted.name.clone(),
                why: format!("'{text}' is no address: {why}"),
            })
        };
        let far = Far {
            model_json: serde_json::Value::from(hosted.model.as_str()).to_string(),
            bearer: secret(&format!("Bearer {key}"))?,
            bare: secret(&key)?,
            addresses: Wire::ALL.into_iter().map(address).collect::<Result<_, _>>()?,
            tokenizer: Tokenizer::of(hosted),
            hosted: hosted.clone(),
        };
        let unpriced =
            || ModelsError::Unpriced { name: hosted.name.clone(), model: hosted.model.clone() };
        let price = hosted.price.clone().ok_or_else(unpriced)?;
        let tariff = Tariff { price, slowest: None, context: hosted.context };
        let name = hosted.name.as_str().into();
        Ok(Self { name, tariff, output_max: None, place: Place::Hosted(Box::new(far)) })
    }

    /// The embedded model.
    #[must_use]
    pub fn embedded(name: &str, tariff: Tariff, model: Arc<dyn Embedded>) -> Self {
        Self { name: name.into(), tariff, output_max: None, place: Place::Embedded(model) }
    }

    /// The same, which writes so many tokens in one answer at the most.
    #[must_use]
    pub fn writing_at_most(self, output_max: Tokens) -> Self {
        Self { output_max: Some(output_max), ..self }
    }

    /// What a call that reads and writes so much is likely to cost. One that is priced by time is
    /// taken to need half a minute.
    pub(crate) fn likely_cost(&self, prompt: Tokens, output: Tokens) -> NanoUsd {
        let usage = Usage { prompt, output, ..Usage::default() };
        self.tariff.price.cost(usage, Millis(30_000))
    }

    /// The name by which it is asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
