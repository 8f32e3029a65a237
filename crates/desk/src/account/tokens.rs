//! Access tokens: by what programs spend from an account. Their secrets are nowhere.

use serde::Serialize;
use tenfold_domain::{AccountId, Scope, Timestamp, TokenId};
use tenfold_ledger::Ledger;
use utoipa::ToSchema;

/// An access token.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TokenCard {
    /// Its number.
    pub token: TokenId,
    /// Whose money it is.
    pub account: AccountId,
    /// What it is for.
    pub label: String,
    /// When it stops being valid, if ever.
    #[serde(rename = "expires_at_ms")]
    pub expires: Option<Timestamp>,
    /// The models that may be asked with it; none for all that the account may ask.
    pub models: Option<Vec<String>>,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// Who issued it.
    pub by: String,
    /// Whether it holds no longer.
    pub revoked: bool,
}

/// All that were issued.
pub fn tokens(known: &Ledger) -> Vec<TokenCard> {
    let all = known.tokens().iter().map(|(token, revoked)| TokenCard {
        token: token.token,
        account: token.account,
        label: token.label.clone(),
        expires: token.expires,
        models: token.models.clone(),
        scopes: token.scopes(),
        by: token.by.clone(),
        revoked,
    });
    all.collect()
}
