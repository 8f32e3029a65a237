//! The keys of providers: from the environment, else from the operating system's keyring, where
//! a person has put them under the same name. They are never written anywhere else, and nothing
//! here says what one is.

use keyring::Entry;

use crate::ModelsError;

/// What the keyring files Tenfold's keys under.
const SERVICE: &str = "tenfold";

/// The key of this name: the variable's, if it is set, else the keyring's. Asking the keyring may
/// take as long as a person takes to unlock it; without one it is none, at once.
pub fn key(name: &str) -> Option<String> {
    first(std::env::var(name).ok(), || entry(name).ok()?.get_password().ok())
}

/// Puts a key into the keyring, in the place of the one before.
///
/// # Errors
/// [`ModelsError::NoKeyring`] if there is none, or it can't be opened.
pub fn set_key(name: &str, key: &str) -> Result<(), ModelsError> {
    entry(name)?.set_password(key).map_err(|why| no_keyring(name, &why))
}

/// Takes a key out of the keyring; false if there was none.
///
/// # Errors
/// [`ModelsError::NoKeyring`].
pub fn forget_key(name: &str) -> Result<bool, ModelsError> {
    match entry(name)?.delete_credential() {
        Ok(()) => Ok(true),
        Err(keyring::Error::NoEntry) => Ok(false),
        Err(why) => Err(no_keyring(name, &why)),
    }
}

fn entry(name: &str) -> Result<Entry, ModelsError> {
    if let Err(why) = Entry::store_status() {
        return Err(no_keyring(name, why));
    }
    Entry::new(SERVICE, name).map_err(|why| no_keyring(name, &why))
}

fn no_keyring(name: &str, why: &keyring::Error) -> ModelsError {
    ModelsError::NoKeyring { variable: name.to_owned(), why: why.to_string() }
}

/// A variable that is set to nothing is not set.
fn first(variable: Option<String>, ring: impl FnOnce() -> Option<String>) -> Option<String> {
    let is_key = |key: &String| !key.trim().is_empty();
    variable.filter(is_key).or_else(|| ring().filter(is_key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_goes_before_the_keyring_which_is_not_asked_then() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(first(some("a"), || panic!("it is not asked")), some("a"));
        assert_eq!(first(None, || some("b")), some("b"));
        assert_eq!(first(some(" "), || some("b")), some("b"));
        assert_eq!(first(None, || some("")), None);
        assert_eq!(first(None, || None), None);
    }
}
