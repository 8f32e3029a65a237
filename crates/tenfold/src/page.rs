//! The page of this program, as its command line opens it. Apart from `main` because it knows both
//! the page and the engine.

use std::sync::Arc;

use tenfold_cli::Opening;
use tenfold_domain::Problem;
use tenfold_engine::Engine;
use tenfold_server::{Page, PageTerms};
use tokio::task::JoinHandle;

/// Answers browsers until it is told to end.
///
/// # Errors
/// Why it can't be opened so.
pub(crate) fn open(engine: Arc<Engine>, opening: Opening) -> Result<JoinHandle<()>, Problem> {
    let Opening { machine, listener, address, hosts, proxies, tls, unencrypted, leave } = opening;
    let terms = PageTerms { machine, address, hosts, proxies, tls, unencrypted };
    let page = Page::open(engine, listener, terms)?;
    Ok(tokio::spawn(async move {
        let left = async {
            // Who has gone without a word has left, too.
            let _ = leave.await;
        };
        page.serve(left).await;
    }))
}
