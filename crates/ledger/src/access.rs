//! Access tokens: which there are, and which of them hold. Apart from the accounts, so that who
//! looks at one for each request needs nothing else of the ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tenfold_domain::{AccessToken, Denied, Timestamp, TokenId};

/// The access tokens of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessTokens {
    all: BTreeMap<TokenId, AccessToken>,
    by_hash: HashMap<String, TokenId>,
    revoked: BTreeSet<TokenId>,
}

impl AccessTokens {
    /// The access token whose secret has this hash, SHA-256 in hexadecimal, if it holds now.
    ///
    /// # Errors
    /// Why it does not.
    pub fn admit(&self, hash: &str, now: Timestamp) -> Result<&AccessToken, Denied> {
        let token = self.by_hash.get(hash).and_then(|id| self.all.get(id));
        let token = token.ok_or(Denied::Unknown)?;
        if self.revoked.contains(&token.token) {
            return Err(Denied::Revoked);
        }
        match token.expires {
            Some(expires) if expires <= now => Err(Denied::Expired(expires)),
            _ => Ok(token),
        }
    }

    /// Every access token, in the order of issuing, and whether it was revoked.
    pub fn iter(&self) -> impl Iterator<Item = (&AccessToken, bool)> {
        self.all.values().map(|token| (token, self.revoked.contains(&token.token)))
    }

    /// The access token with this number.
    pub fn get(&self, token: TokenId) -> Option<&AccessToken> {
        self.all.get(&token)
    }

    pub(crate) fn next_id(&self) -> TokenId {
        let last = self.all.last_key_value().map_or(0, |(id, _)| id.0);
        TokenId(last.saturating_add(1))
    }

    pub(crate) fn holds(&self, token: TokenId) -> bool {
        self.all.contains_key(&token) && !self.revoked.contains(&token)
    }

    pub(crate) fn issue(&mut self, token: AccessToken) {
        self.by_hash.insert(token.hash.clone(), token.token);
        self.all.insert(token.token, token);
    }

    pub(crate) fn revoke(&mut self, token: TokenId) {
        if self.all.contains_key(&token) {
            self.revoked.insert(token);
        }
    }
}
