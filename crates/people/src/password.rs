//! Passwords, and what is kept of them: Argon2id at the cost that OWASP asks for (19 MiB, two
//! passes, one lane), in the PHC string format, so that a later cost can stand beside it.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::Refusal;

/// The fewest characters of a password.
const FEWEST: usize = 10;
/// The most bytes of one: longer ones would only cost time.
pub(crate) const BYTES_MAX: usize = 1_024;
/// 19 MiB, two passes, one lane. Looked at when this is compiled.
const COST: Params = match Params::new(19 * 1_024, 2, 1, None) {
    Ok(cost) => cost,
    Err(_) => panic!("no such cost"),
};

/// What a name that nobody has is compared with, so that it costs as much as one that somebody
/// has. No password is known for it: it was drawn, not computed.
pub(crate) const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$\
    Yj5dgUPOXmW7GFlbyxjWCw$pzFM1O8eBfcm4RGcMoQpMoZ1n0b0Nb3Uca8nBTCx1k0";

/// Whether a text is a password that somebody may choose.
///
/// # Errors
/// [`Refusal::BadPassword`].
fn fits(password: &str) -> Result<(), Refusal> {
    if password.len() > BYTES_MAX {
        return Err(Refusal::BadPassword("it is longer than 1024 bytes"));
    }
    match password.chars().count() < FEWEST {
        true => Err(Refusal::BadPassword("it is shorter than 10 characters")),
        false => Ok(()),
    }
}

/// A password's hash, in the PHC string format. It takes some hundredths of a second.
///
/// # Errors
/// [`Refusal::BadPassword`].
pub(crate) fn hash(password: &str, salt: [u8; 16]) -> Result<String, Refusal> {
    fits(password)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, COST);
    let hash: PasswordHash = argon2
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|_| Refusal::BadPassword("it can't be hashed on this machine"))?;
    Ok(hash.to_string())
}

/// Whether a password is the one of a hash. It takes as long whether or not.
pub(crate) fn is_of(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; 16] = [7; 16];

    #[test]
    fn a_hash_holds_for_its_password_alone_and_says_its_cost() {
        let made = hash("correct horse", SALT).unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
        assert!(is_of("correct horse", &made));
        assert!(!is_of("correct horsf", &made));
        assert_ne!(made, hash("correct horse", [8; 16]).unwrap());
    }

    #[test]
    fn what_nobody_has_costs_what_a_hash_costs() {
        let made = hash("correct horse", SALT).unwrap();
        let (decoy, made) = (PasswordHash::new(DECOY).unwrap(), PasswordHash::new(&made).unwrap());
        assert_eq!(decoy.algorithm, made.algorithm);
        assert_eq!(decoy.version, made.version);
        assert_eq!(decoy.params, made.params);
        assert_eq!(decoy.salt.unwrap().len(), made.salt.unwrap().len());
        assert_eq!(decoy.hash.unwrap().len(), made.hash.unwrap().len());
    }

    #[test]
    fn a_password_has_its_bounds() {
        assert!(hash("123456789", SALT).is_err());
        assert!(hash("ääääääääää", SALT).is_ok());
        assert!(hash(&"x".repeat(BYTES_MAX), SALT).is_ok());
        assert!(hash(&"x".repeat(BYTES_MAX + 1), SALT).is_err());
    }
}
