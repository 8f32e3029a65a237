//! `tenfold account token`, `tokens` and `revoke`: by what programs spend from an account. The
//! secret is made here and said once; only its hash goes any further.

use clap::Args;
use comfy_table::Cell;
use serde_json::json;
use tenfold_desk::{account, duration};
use tenfold_domain::{
    AccessToken, AccountChange, LedgerEvent, Millis, Scope, Timestamp, TokenId, hex,
};
use tenfold_store::hash_of;

use super::change::say;
use super::{OfOne, ledger, named, now};
use crate::arguments::Format;
use crate::context::Context;
use crate::table::table;
use crate::terminal::{self, one_line};
use crate::trouble::Trouble;

/// How many random bytes a secret has.
const SECRET_BYTES: usize = 32;
/// What it begins with, so that who finds one knows what it is.
const PREFIX: &str = "tf-";

/// Make an access token, with which a program spends from an account
///
/// It is said once, and not kept: only its hash is.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    of: OfOne,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "")]
    label: String,
    /// How long it holds, as in 30d; for ever, if not given
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    expires: Option<Millis>,
    /// The models that may be asked with it, with commas between them; all that the account may
    /// ask, if not given
    #[arg(long, value_name = "MODELS", value_delimiter = ',')]
    models: Option<Vec<String>>,
    /// What it is for, with commas between: ask (models, and for work on the page's API), look
    /// (which models there are, what is left, what became of work), metrics (the gateway's, of
    /// all accounts: for a token of the topmost one)
    #[arg(long, value_name = "SCOPES", value_delimiter = ',', default_value = "ask,look")]
    scope: Vec<Scope>,
}

/// List access tokens
#[derive(Debug, Args)]
pub(crate) struct TokensArgs {
    #[command(flatten)]
    format: Format,
}

/// Revoke an access token, at once and for ever
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// Its number
    #[arg(value_name = "TOKEN")]
    token: u32,
}

/// Performs `tenfold account token`.
pub(crate) async fn issue(context: &Context, args: TokenArgs) -> Result<(), Trouble> {
    let account = named(&ledger(context)?, &args.of.account)?;
    let secret = secret()?;
    let token = AccessToken {
        token: TokenId(0),
        account,
        label: args.label,
        hash: hash_of(&secret),
        expires: args.expires.map(|long| Timestamp(now().0.saturating_add(long.0))),
        models: args.models,
        scopes: Some(args.scope),
        by: String::new(),
    };
    let events = say(context, &AccountChange::Issue(token)).await?;
    let Some(LedgerEvent::Issued(token)) = events.first() else {
        return Err(Trouble::internal("the engine did not say which token it is"));
    };
    if args.of.format.json {
        return terminal::print_json(&json!({ "token": token.token, "secret": secret }));
    }
    terminal::note(&format!(
        "access token {}; it is not said again: `tenfold account revoke {}` ends it",
        token.token, token.token
    ));
    terminal::print(&secret)
}

/// Performs `tenfold account tokens`.
pub(crate) fn list(context: &Context, args: &TokensArgs) -> Result<(), Trouble> {
    let (known, at) = (ledger(context)?, now());
    if args.format.json {
        return terminal::print_json(&account::tokens(&known));
    }
    let rows = known.tokens().iter().map(|(token, revoked)| {
        let stands = match (revoked, token.expires) {
            (true, _) => "revoked".to_owned(),
            (false, Some(expires)) if expires <= at => format!("expired {expires}"),
            (false, Some(expires)) => format!("until {expires}"),
            (false, None) => "holds".to_owned(),
        };
        let cells = [
            token.token.to_string(),
            one_line(&known.shown(token.account), 64),
            stands,
            scopes(token),
            one_line(&token.label, 64),
        ];
        cells.map(Cell::new).to_vec()
    });
    terminal::print(&table(&["token", "account", "holds", "may", "for"], rows))
}

fn scopes(token: &AccessToken) -> String {
    token.scopes().into_iter().map(Scope::name).collect::<Vec<_>>().join(", ")
}

/// Performs `tenfold account revoke`.
pub(crate) async fn revoke(context: &Context, args: &RevokeArgs) -> Result<(), Trouble> {
    say(context, &AccountChange::Revoke { token: TokenId(args.token) }).await?;
    terminal::print(&format!("access token {} holds no longer", args.token))
}

fn secret() -> Result<String, Trouble> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        Trouble::internal(format!("this machine gives no random numbers: {error}"))
    })?;
    Ok(format!("{PREFIX}{}", hex(&bytes)))
}
