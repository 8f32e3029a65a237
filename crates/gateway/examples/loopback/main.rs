//! What stands between: a gateway, a provider on the loopback, and a load, each a process.
//! `cargo xtask bench gateway` runs them.
//!
//! - `loopback provider` answers at once, or, model `slow`, a word each second; it prints where.
//! - `loopback gateway PROVIDER FILE` is a gateway whose books are a store in that file; it prints
//!   where.
//! - `loopback load URL TOKEN CONNECTIONS REQUESTS` asks as fast as it is answered, and prints how
//!   long that took.
//! - `loopback beside DIRECT URL TOKEN REQUESTS` asks both in turn, and prints both.
//! - `loopback streams URL TOKEN COUNT` opens streams, says when all have begun, and holds them
//!   until its input ends.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod books;
mod load;
mod provider;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tenfold_domain::{NanoUsd, Tokens};
use tenfold_gateway::{
    Aliases, Behind, CheapestFirst, Gateway, Offer, Offered, Open, Terms, Untraced,
};
use tenfold_models::{Hosted, Price, Protocol, RequestLimits, TokenPrices};
use tokio::net::TcpListener;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["provider"] => provider::serve().await,
        ["gateway", provider, file] => gateway(provider, Path::new(file)).await,
        ["load", url, token, connections, requests] => {
            load::load(url, token, number(connections), number(requests)).await
        }
        ["beside", direct, url, token, requests] => {
            load::beside(direct, url, token, number(requests)).await
        }
        ["streams", url, token, count] => load::streams(url, token, number(count)).await,
        _ => Err("loopback provider|gateway|load|beside|streams …".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or(1)
}

/// A gateway to two models at the provider, with money enough.
async fn gateway(provider: &str, file: &Path) -> Result<(), Failure> {
    let bank = Arc::new(books::open(file).await?);
    let models = ["m", "slow"].map(|name| Offered::hosted(&hosted(name, provider), |_| None));
    let models = models.into_iter().collect::<Result<Vec<_>, _>>()?;
    let offer = Offer::of(models, &Aliases::default());
    let (gate, chooser) = (Arc::new(Open), Arc::new(CheapestFirst));
    let behind = Behind { bank, gate, chooser, traces: Arc::new(Untraced) };
    let gateway = Gateway::new(behind, &offer, Terms::default())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    gateway.serve(listener, std::future::pending()).await;
    Ok(())
}

fn hosted(name: &str, provider: &str) -> Hosted {
    Hosted {
        name: name.to_owned(),
        protocol: Protocol::Openai,
        address: Some(format!("{provider}/v1/")),
        model: name.to_owned(),
        key: None,
        context: Tokens(128_000),
        price: Some(Price::of_tokens(TokenPrices {
            cached: NanoUsd(100_000_000),
            ..TokenPrices::of(NanoUsd(1_000_000_000), NanoUsd(4_000_000_000))
        })),
        listed: None,
        limits: RequestLimits::default(),
    }
}
