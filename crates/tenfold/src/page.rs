//! The page of this program, as its command line opens it. Apart from `main` because it knows both
//! the page and the engine.

use std::net::TcpListener;
use std::sync::Arc;

use tenfold_cli::Opening;
use tenfold_domain::Problem;
use tenfold_engine::Engine;
use tenfold_server::{Meanwhile, Page, PageTerms};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// Answers browsers until it is told to end.
///
/// # Errors
/// Why it can't be opened so.
pub(crate) fn open(engine: Arc<Engine>, opening: Opening) -> Result<JoinHandle<()>, Problem> {
    let (listener, terms, leave) = apart(opening);
    let page = Page::open(engine, listener, terms)?;
    Ok(tokio::spawn(page.serve(left(leave))))
}

/// Says in its place how far the records are brought up to date, until it is told to end.
///
/// # Errors
/// Why it can't be opened so.
pub(crate) fn meanwhile(
    opening: Opening,
    percent: watch::Receiver<u8>,
) -> Result<JoinHandle<()>, Problem> {
    let (listener, terms, leave) = apart(opening);
    let meanwhile = Meanwhile::open(listener, terms, percent)?;
    Ok(tokio::spawn(meanwhile.serve(left(leave))))
}

fn apart(opening: Opening) -> (TcpListener, PageTerms, oneshot::Receiver<()>) {
    let Opening { machine, listener, address, hosts, proxies, tls, unencrypted, leave } = opening;
    (listener, PageTerms { machine, address, hosts, proxies, tls, unencrypted }, leave)
}

/// Who has gone without a word has left, too.
async fn left(leave: oneshot::Receiver<()>) {
    let _ = leave.await;
}
