//! The models that there are: those that ship with Tenfold and those that a person has added.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use tenfold_domain::Timestamp;

use crate::dirs::PRICES;
use crate::raw::RawCatalogue;
use crate::{
    Electricity, Entry, Hosted, Model, ModelDirs, ModelsError, Presence, Price, PriceBook,
    RequestLimits, presence,
};

/// The largest catalogue file that is read.
const FILE_LIMIT: u64 = 1 << 20;

/// All known models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    entries: Vec<Entry>,
    hosted: Vec<Hosted>,
    default: String,
    electricity: Electricity,
}

/// A model as `tenfold models list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The model.
    pub entry: Entry,
    /// Whether its file is here.
    pub presence: Presence,
    /// Whether it is the model that is used when none is named.
    pub default: bool,
}

impl Catalogue {
    /// The catalogue `shipped` and, if there is such a file, the person's own. A hosted model
    /// without a price has that of the price book, as it is now.
    ///
    /// # Errors
    /// [`ModelsError::Catalogue`] if one does not read or says what can't be;
    /// [`ModelsError::Prices`] if a price is wanted and the person's book does not read;
    /// [`ModelsError::Io`] if a file of the person's is there and can't be read.
    pub fn load(shipped: &str, user_file: &Path) -> Result<Self, ModelsError> {
        let own = read_user_file(user_file)?;
        let mut catalogue = Self::parse(shipped, own.as_deref().map(|text| (user_file, text)))?;
        if catalogue.hosted.iter().any(|hosted| hosted.price.is_none()) {
            let book = PriceBook::load(&user_file.with_file_name(PRICES))?;
            catalogue.take_prices(&book, SystemTime::now().into());
        }
        Ok(catalogue)
    }

    /// What this machine is said to draw while a model works, in watts.
    pub fn watts(&self) -> u32 {
        self.electricity.watts
    }

    /// Gives each hosted model that has no price that of a book, as it is at a moment.
    pub fn take_prices(&mut self, book: &PriceBook, at: Timestamp) {
        for hosted in self.hosted.iter_mut().filter(|hosted| hosted.price.is_none()) {
            let name = hosted.listed_in(book);
            let dated = name.as_ref().and_then(|name| book.as_of(name, at));
            let Some(price) = dated.map(|dated| &dated.price) else { continue };
            // What is billed by the second has no worst case there: nobody knows how long it is.
            if price.is_by_the_second() {
                continue;
            }
            hosted.price = Some(price.clone());
            hosted.listed = name;
        }
    }

    /// The same from texts, and without a price book: `own` is the person's file and what stands
    /// in it.
    ///
    /// # Errors
    /// [`ModelsError::Catalogue`] if one does not read or says what can't be.
    pub fn parse(shipped: &str, own: Option<(&Path, &str)>) -> Result<Self, ModelsError> {
        let shipped_name = "the shipped catalogue".to_owned();
        let own_name = own.map_or_else(String::new, |(path, _)| path.display().to_string());
        let shipped = parse(shipped).map_err(wrong(&shipped_name))?;
        let own = parse(own.map_or("", |(_, text)| text)).map_err(wrong(&own_name))?;

        let electricity = match (own.electricity, shipped.electricity) {
            (Some(own), _) => own.resolve().map_err(wrong(&own_name))?,
            (None, Some(shipped)) => shipped.resolve().map_err(wrong(&shipped_name))?,
            (None, None) => {
                return Err(wrong(&shipped_name)("it has no [electricity]".into()));
            }
        };
        let usual = match own.price {
            Some(price) => price.resolve_here().map_err(wrong(&own_name))?,
            None => Price::Electricity(electricity),
        };
        let mut entries: Vec<Entry> = Vec::new();
        let all = shipped.model.into_iter().map(|model| (model, true, &shipped_name));
        for (model, is_shipped, file) in
            all.chain(own.model.into_iter().map(|model| (model, false, &own_name)))
        {
            let entry = model.resolve(&usual, is_shipped).map_err(wrong(file))?;
            check_apart(&entries, &entry).map_err(wrong(file))?;
            entries.push(entry);
        }
        let mut hosted: Vec<Hosted> = Vec::new();
        for (model, file) in (shipped.hosted.into_iter().map(|model| (model, &shipped_name)))
            .chain(own.hosted.into_iter().map(|model| (model, &own_name)))
        {
            let model = model.resolve().map_err(wrong(file))?;
            let taken = entries.iter().map(|entry| &entry.name);
            let mut taken = taken.chain(hosted.iter().map(|hosted| &hosted.name));
            if taken.any(|name| *name == model.name) {
                return Err(wrong(file)(format!(
                    "there are two models of the name '{}'",
                    model.name
                )));
            }
            hosted.push(model);
        }
        let (default, file) = match (own.default, shipped.default) {
            (Some(name), _) => (name, &own_name),
            (None, name) => (name.unwrap_or_default(), &shipped_name),
        };
        let catalogue = Self { entries, hosted, default, electricity };
        if catalogue.model(&catalogue.default).is_err() {
            let why = format!("'default' names no model: '{}'", catalogue.default);
            return Err(wrong(file)(why));
        }
        Ok(catalogue)
    }

    /// The model of this name.
    ///
    /// # Errors
    /// [`ModelsError::Unknown`], with the names that there are.
    pub fn model(&self, name: &str) -> Result<Model, ModelsError> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.name == name) {
            return Ok(Model::Embedded(Box::new(entry.clone())));
        }
        if let Some(hosted) = self.hosted.iter().find(|hosted| hosted.name == name) {
            return Ok(Model::Hosted(Box::new(hosted.clone())));
        }
        let entries = self.entries.iter().map(|entry| entry.name.as_str());
        let known: Vec<&str> =
            entries.chain(self.hosted.iter().map(|hosted| hosted.name.as_str())).collect();
        Err(ModelsError::Unknown { name: name.to_owned(), known: known.join(", ") })
    }

    /// The model of this name that runs on this machine.
    ///
    /// # Errors
    /// [`ModelsError::Unknown`]; [`ModelsError::Elsewhere`] if it runs at a provider.
    pub fn get(&self, name: &str) -> Result<&Entry, ModelsError> {
        match self.model(name)? {
            Model::Hosted(_) => Err(ModelsError::Elsewhere { name: name.to_owned() }),
            Model::Embedded(_) => {
                let entry = self.entries.iter().find(|entry| entry.name == name);
                Ok(entry.expect("it was found a moment ago"))
            }
        }
    }

    /// The model that is used when none is named.
    pub fn default_model(&self) -> Model {
        self.model(&self.default).expect("parsing refuses a default that names no model")
    }

    /// The name of the model that is used when none is named.
    pub fn default_name(&self) -> &str {
        &self.default
    }

    /// All models that run on this machine, the shipped ones first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All models at providers.
    pub fn hosted(&self) -> &[Hosted] {
        &self.hosted
    }

    /// How much may be asked at the address of a model with its key: the least of what is said of
    /// the models there.
    pub fn limits(&self, model: &Hosted) -> RequestLimits {
        let there = self.hosted.iter().filter(|hosted| hosted.shares_limits_with(model));
        there.fold(model.limits, |limits, hosted| limits.and(hosted.limits))
    }

    /// All models with what is here of their files.
    pub fn list(&self, dirs: &ModelDirs) -> Vec<Listed> {
        let listed = |entry: &Entry| Listed {
            entry: entry.clone(),
            presence: presence(entry, dirs),
            default: entry.name == self.default,
        };
        self.entries.iter().map(listed).collect()
    }
}

fn parse(text: &str) -> Result<RawCatalogue, String> {
    toml::from_str(text).map_err(|error: toml::de::Error| error.to_string().trim_end().to_owned())
}

/// The text of the person's catalogue, `None` if there is none.
pub(crate) fn read_user_file(path: &Path) -> Result<Option<String>, ModelsError> {
    let size = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ModelsError::io("read", path)(error)),
    };
    if size > FILE_LIMIT {
        let why = format!("it has {size} bytes, and a catalogue has at most {FILE_LIMIT}");
        return Err(wrong(&path.display().to_string())(why));
    }
    fs::read_to_string(path).map(Some).map_err(ModelsError::io("read", path))
}

/// Two models may share neither a name nor a file of the cache.
fn check_apart(entries: &[Entry], new: &Entry) -> Result<(), String> {
    for entry in entries {
        if entry.name == new.name {
            return Err(format!("there are two models of the name '{}'", new.name));
        }
        if entry.place == new.place {
            return Err(format!("models '{}' and '{}' have one file", entry.name, new.name));
        }
    }
    Ok(())
}

fn wrong(file: &str) -> impl Fn(String) -> ModelsError {
    let file = file.to_owned();
    move |why| ModelsError::Catalogue { file: file.clone(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Place, SHIPPED, Source};
    use tenfold_domain::{Bytes, Millis, NanoUsd, Tokens, Usage};

    const OWN: &str = r#"
        default = "mine"
        [electricity]
        watts = 10
        usd_per_kwh = "0.10"
        [[model]]
        name = "mine"
        path = "/models/mine.gguf"
        bytes = 2_234_641_536
        sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
    "#;

    fn with_own(own: &str) -> Result<Catalogue, ModelsError> {
        Catalogue::parse(SHIPPED, Some((Path::new("/etc/models.toml"), own)))
    }

    #[test]
    fn the_shipped_catalogue_holds_the_embedded_models() {
        let catalogue = Catalogue::parse(SHIPPED, None).unwrap();
        assert_eq!(catalogue.default_name(), "qwen2.5-coder-1.5b");
        for (name, bytes) in
            [("qwen2.5-coder-1.5b", 1_117_320_768), ("qwen2.5-coder-0.5b", 491_400_064)]
        {
            let entry = catalogue.get(name).unwrap();
            assert_eq!(entry.bytes, Bytes(bytes));
            assert!(entry.shipped && entry.chat_template && entry.infill);
            assert!(matches!(entry.sources[..], [Source::Http { .. }, Source::Parts(_)]));
            assert!(entry.price.is_estimate());
            // A call of a thousand tokens each way has a bound of minutes and of cents.
            let usage = Usage { prompt: Tokens(1_000), output: Tokens(1_000), ..Usage::default() };
            let most = entry.worst_case(Tokens(1_000), Tokens(1_000));
            assert!(entry.cost(usage, Millis(30_000)) < most && most < "0.01".parse().unwrap());
            assert!(most > NanoUsd::ZERO);
        }
    }

    #[test]
    fn the_persons_file_adds_models_and_replaces_defaults() {
        let catalogue = with_own(OWN).unwrap();
        let mine = catalogue.get(catalogue.default_name()).unwrap();
        assert_eq!(mine.place, Place::Own("/models/mine.gguf".into()));
        assert!(!mine.shipped && mine.licence.is_none());
        assert_eq!(mine.memory, Bytes(2 * 2_234_641_536));
        // Twice the size of the shipped model: half as fast.
        assert_eq!(mine.slowest.ms_per_output_token, 500);
        let shipped = catalogue.get("qwen2.5-coder-1.5b").unwrap();
        assert_eq!(shipped.price, mine.price);
        assert!(matches!(mine.price, Price::Electricity(power) if power.watts == 10));
        assert_eq!(catalogue.entries().len(), 3);
    }

    #[test]
    fn the_persons_price_goes_before_electricity_and_nothing_is_said_in_so_many_words() {
        let price = |own: String| {
            let catalogue = with_own(&own)?;
            Ok::<_, ModelsError>(catalogue.get("qwen2.5-coder-1.5b")?.price.clone())
        };
        assert_eq!(price(format!("price = 'free'\n{OWN}")).unwrap(), Price::Free);
        let second = price("[price]\nusd_per_second = '0.001'".to_owned()).unwrap();
        let cost = second.cost(Usage::default(), Millis(2_000));
        assert_eq!((cost, second.is_estimate()), (NanoUsd(2_000_000), false));
        for zero in [OWN.replace("10\n", "0\n"), OWN.replace("0.10", "0.00")] {
            let error = price(zero).unwrap_err().to_string();
            assert!(error.contains("price = \"free\""), "{error}");
        }
        let zero = "[price]\nusd_per_second = '0'".to_owned();
        assert!(price(zero).unwrap_err().to_string().contains("price = \"free\""));
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_file_and_the_reason() {
        let taken = OWN.replace("\"mine\"", "\"qwen2.5-coder-1.5b\"");
        let relative = OWN.replace("/models/", "models/");
        let hash = OWN.replace("0000\"", "\"");
        let typo = OWN.replace("watts", "wats");
        let money = OWN.replace("0.10", "a dime");
        let nameless = OWN.replace("default = \"mine\"", "default = \"yours\"");
        let source = format!("{OWN}[[model.source]]\nurl = \"ftp://example.org/x\"");
        let half = format!("{OWN}[[model.source]]\npackage = \"x\"");
        let escape = OWN.replace("path = \"/models/mine.gguf\"", "file = \"../mine.gguf\"");
        for (own, reason) in [
            (taken, "two models of the name"),
            (relative, "not absolute"),
            (hash, "not a SHA-256"),
            (typo, "wats"),
            (money, "not an amount"),
            (nameless, "'default' names no model: 'yours'"),
            (source, "not an https:// address"),
            (half, "either 'url'"),
            (escape, "plain file name"),
            ("[[model".into(), "TOML parse error"),
        ] {
            let error = with_own(&own).unwrap_err().to_string();
            assert!(error.contains(reason), "{reason}: {error}");
            assert!(error.contains("/etc/models.toml can't be used"), "{error}");
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = with_own(OWN).unwrap().get("nobody").unwrap_err().to_string();
        assert!(error.contains("qwen2.5-coder-1.5b, qwen2.5-coder-0.5b, mine"), "{error}");
    }
}
