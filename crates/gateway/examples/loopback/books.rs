//! The bank of the loopback's gateway: the one that people have, over a store's journal. One
//! account, below others, each with an allowance that is enough.

use std::path::Path;
use std::sync::Arc;

use tenfold_domain::{
    AccessToken, AccountChange, AccountId, AccountKind, Allowance, NanoUsd, Period, Quantity,
    Timestamp, TokenId,
};
use tenfold_gateway::Till;
use tenfold_store::{Books, Sheet, Store, hash_of};

use crate::Failure;

/// The one access token.
const TOKEN: &str = "tf-loopback";

/// How far below the root the account is that pays.
const DEEP: u32 = 4;

/// A bank whose journal is this file, which is made.
pub(crate) async fn open(file: &Path) -> Result<Till, Failure> {
    let books = Arc::new(Books::open(Arc::new(Store::open(file)?)).await?);
    for parent in 1..=DEEP {
        let most = Quantity::Money(NanoUsd::dollars(1_000_000));
        let allowance = Allowance { per: Period::Month, ..Allowance::once(most) };
        let open = AccountChange::Open {
            parent: AccountId(parent),
            name: format!("a{parent}"),
            kind: AccountKind::Person,
            allowances: vec![allowance],
            models: None,
        };
        change(&books, &open).await?;
    }
    let token = AccessToken {
        token: TokenId(0),
        account: AccountId(DEEP + 1),
        label: "loopback".to_owned(),
        hash: hash_of(TOKEN),
        expires: None,
        models: None,
        scopes: None,
        by: String::new(),
    };
    change(&books, &AccountChange::Issue(token)).await?;
    Ok(Till::new(books, || {}))
}

async fn change(books: &Books, change: &AccountChange) -> Result<(), Failure> {
    let decide = |sheet: &Sheet| Ok(((), sheet.ledger().change(change, ("", Timestamp(1)))?));
    Ok(books.record(decide, |()| Vec::new()).await?)
}
