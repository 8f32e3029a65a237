//! A bank whose leases are lines in a file, synced to the disk before a lease is given: what
//! durability costs at the least. One account, without a limit.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tenfold_domain::{AccountId, Millis, TokenId};
use tenfold_gateway::{
    Bank, Buyer, Denied, Later, Lease, Left, NotRecorded, Payer, Refused, Scope, Spend,
};

/// The one access token.
pub(crate) const TOKEN: &str = "tf-loopback";

pub(crate) struct Books {
    file: Arc<Mutex<File>>,
    payer: Arc<Payer>,
    next: AtomicU64,
}

impl Books {
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let payer = Payer {
            account: AccountId(1),
            name: "loopback".to_owned(),
            token: TokenId(1),
            scopes: vec![Scope::Ask, Scope::Look, Scope::Metrics],
            models: Vec::new(),
        };
        let file = Arc::new(Mutex::new(File::create(path)?));
        Ok(Self { file, payer: Arc::new(payer), next: AtomicU64::new(1) })
    }

    async fn record(&self, line: String) -> std::io::Result<()> {
        let file = Arc::clone(&self.file);
        let write = move || {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(line.as_bytes())?;
            file.sync_data()
        };
        tokio::task::spawn_blocking(write).await.map_err(std::io::Error::other)?
    }
}

impl Bank for Books {
    fn payer(&self, secret: &str) -> Result<Arc<Payer>, Denied> {
        if secret == TOKEN { Ok(Arc::clone(&self.payer)) } else { Err(Denied::Unknown) }
    }

    fn lease<'a>(
        &'a self,
        buyer: Buyer,
        at_least: Spend,
        model: &'a str,
    ) -> Later<'a, Result<Lease, Refused>> {
        Box::pin(async move {
            let id = self.next.fetch_add(1, Ordering::Relaxed);
            let line = format!("lease {id} {model} {}\n", at_least.money.0);
            let recorded = self.record(line).await;
            recorded.map_err(|why| Refused::NotRecorded { why: why.to_string() })?;
            let account = buyer.account;
            Ok(Lease { id, account, given: at_least, lasts: Millis(3_600_000) })
        })
    }

    fn settle(&self, lease: Lease, spent: Spend) -> Later<'_, Result<(), NotRecorded>> {
        Box::pin(async move {
            let line = format!("settle {} {}\n", lease.id, spent.money.0);
            let recorded = self.record(line).await;
            recorded.map_err(|why| NotRecorded { lease: lease.id, why: why.to_string() })
        })
    }

    fn left(&self, _: AccountId) -> Left {
        Left::default()
    }
}
