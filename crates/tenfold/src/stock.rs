//! What the gateway offers, as the catalogue, the price book, the keys and the person's own settings are
//! now. Apart from the gateway because it reads files, which requests don't wait for: it looks every
//! second, and hands the gateway what has changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tenfold_engine::Engine;
use tenfold_gateway::{Aliases, Gateway, Offer, Offered, Settings, Terms, Withheld};
use tenfold_models::{Catalogue, Hosted, key};
use tokio::time::{MissedTickBehavior, interval};

use crate::gateway::here;

/// How often files are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How often all is put together anew though no file has changed: nothing else says that a key has
/// come into the keyring.
const ANEW: Duration = Duration::from_secs(60);

/// What is offered, and what it was made of.
pub(crate) struct Stock {
    engine: Arc<Engine>,
    /// The person's own names and bounds.
    file: PathBuf,
    seen: Option<Seen>,
    made: Instant,
    /// The bounds where the file says nothing.
    usual: Terms,
    /// Names that were taken: they hold on while those in the file can't be.
    aliases: Aliases,
    /// What was last said to be wrong.
    wrong: String,
}

/// What an offer is made of, but for keys.
struct Seen {
    catalogue: Arc<Catalogue>,
    settings: String,
    /// For each embedded model why it can't be asked, if it can't.
    absent: Vec<Option<String>>,
}

impl Seen {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.catalogue, &other.catalogue)
            && self.settings == other.settings
            && self.absent == other.absent
    }
}

impl Stock {
    pub(crate) fn new(engine: Arc<Engine>, file: PathBuf, usual: Terms) -> Self {
        let (aliases, wrong) = (Aliases::default(), String::new());
        Self { engine, file, seen: None, made: Instant::now(), usual, aliases, wrong }
    }

    /// What is offered now, and by which bounds.
    ///
    /// # Errors
    /// What is wrong with a file, in words.
    pub(crate) fn now(&mut self) -> Result<(Offer, Terms), String> {
        let seen = self.look()?;
        let Settings { aliases, terms } = self.settings(&seen)?;
        self.aliases = aliases;
        let offer = self.offer(&seen);
        for Withheld { name, why } in &offer.withheld {
            tracing::warn!("{name} is not offered: {why}");
        }
        (self.seen, self.made) = (Some(seen), Instant::now());
        Ok((offer, terms))
    }

    /// Offers what there is, as it changes, without an end.
    pub(crate) async fn follow(self, gateway: &Gateway) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stock = self;
        loop {
            ticks.tick().await;
            let gateway = gateway.clone();
            // A keyring may take as long as a person takes to unlock it.
            let renew = tokio::task::spawn_blocking(move || {
                stock.renew(&gateway);
                stock
            });
            match renew.await {
                Ok(renewed) => stock = renewed,
                Err(why) => {
                    tracing::error!("what is offered is not looked at any more: {why}");
                    return std::future::pending().await;
                }
            }
        }
    }

    /// Offers what has changed. What is wrong is said once, and what held before holds on.
    fn renew(&mut self, gateway: &Gateway) {
        let wrong = match self.look() {
            Ok(seen) => self.take(gateway, seen).err(),
            Err(why) => Some(why),
        };
        let wrong = wrong.unwrap_or_default();
        if wrong != self.wrong && !wrong.is_empty() {
            tracing::warn!("what has changed is not offered: {wrong}");
        }
        self.wrong = wrong;
    }

    fn take(&mut self, gateway: &Gateway, seen: Seen) -> Result<(), String> {
        let is_known = self.seen.as_ref().is_some_and(|known| known.is(&seen));
        if is_known && self.made.elapsed() < ANEW {
            // What was wrong with it still is.
            return if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong.clone()) };
        }
        let (mut offer, asked) = (self.offer(&seen), self.settings(&seen));
        (self.seen, self.made) = (Some(seen), Instant::now());
        let taken = asked.and_then(|Settings { aliases, terms }| {
            offer.aliases = aliases;
            gateway.offer(&offer).map_err(|why| self.wrong_in_file(&why))?;
            gateway.set(terms);
            Ok(())
        });
        if taken.is_ok() {
            self.aliases = offer.aliases;
            return Ok(());
        }
        // Prices hold whatever becomes of names and bounds.
        offer.aliases = self.aliases.clone();
        gateway.offer(&offer).map_err(|why| why.to_string())?;
        taken
    }

    /// Looks at the files.
    fn look(&self) -> Result<Seen, String> {
        let settings = match std::fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(format!("{}: {error}", self.file.display())),
        };
        let catalogue = self.engine.catalogue().map_err(|why| why.to_string())?;
        let why_not = |name: &str| self.engine.has_model(name).err().map(|why| why.to_string());
        let absent = catalogue.entries().iter().map(|entry| match entry.chat_template {
            true => why_not(&entry.name),
            false => Some("it was not taught to converse; name another".to_owned()),
        });
        Ok(Seen { absent: absent.collect(), catalogue, settings })
    }

    /// What the file says.
    fn settings(&self, seen: &Seen) -> Result<Settings, String> {
        Settings::read(&seen.settings, self.usual).map_err(|why| self.wrong_in_file(&why))
    }

    fn wrong_in_file(&self, why: &dyn std::error::Error) -> String {
        format!("{}: {why}", self.file.display())
    }

    /// All models that can be asked: those that are here, and those at providers that there are a
    /// key and a price for.
    fn offer(&self, seen: &Seen) -> Offer {
        let mut offer = Offer { aliases: self.aliases.clone(), ..Offer::default() };
        let withheld = |name: &str, why: String| Withheld { name: name.to_owned(), why };
        for (entry, absent) in seen.catalogue.entries().iter().zip(&seen.absent) {
            match absent {
                None => offer.models.push(Arc::new(here(&self.engine, entry))),
                Some(why) => offer.withheld.push(withheld(&entry.name, why.clone())),
            }
        }
        for hosted in seen.catalogue.hosted() {
            match there(hosted) {
                Ok(model) => offer.models.push(Arc::new(model)),
                Err(why) => offer.withheld.push(withheld(&hosted.name, why)),
            }
        }
        offer
    }
}

fn there(hosted: &Hosted) -> Result<Offered, String> {
    Offered::hosted(hosted, key).map_err(|why| why.to_string())
}
