//! The load: connections that ask again as soon as they are answered, and what they met.

use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Failure;

/// Requests before those that count.
const WARM: usize = 50;

/// A connection to one place.
struct Place {
    host: String,
    token: String,
    send: SendRequest<Full<Bytes>>,
}

impl Place {
    async fn connect(url: &str, token: &str) -> Result<Self, Failure> {
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        let (send, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { host, token: token.to_owned(), send })
    }

    fn request(&self, body: &'static str) -> Result<Request<Full<Bytes>>, Failure> {
        let body = Full::new(Bytes::from_static(body.as_bytes()));
        Ok(Request::post("/v1/chat/completions")
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(body)?)
    }

    /// Asks once; how long that took, in microseconds.
    async fn ask(&mut self) -> Result<u64, Failure> {
        const ASK: &str = r#"{"model":"m","max_tokens":64,"messages":[{"role":"system","content":"You are brief."},{"role":"user","content":"Say something short, please."}]}"#;
        let began = Instant::now();
        self.send.ready().await?;
        let request = self.request(ASK)?;
        let response = self.send.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() || body.is_empty() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}

/// The median and the 99th of a hundred, in microseconds.
fn quantiles(mut all: Vec<u64>) -> serde_json::Value {
    all.sort_unstable();
    let at = |percent: usize| all.get((all.len() * percent / 100).min(all.len().saturating_sub(1)));
    json!({ "p50_us": at(50), "p99_us": at(99) })
}

/// Asks over many connections at the same time.
pub(crate) async fn load(
    url: &str,
    token: &str,
    connections: usize,
    requests: usize,
) -> Result<(), Failure> {
    let mut places = Vec::new();
    for _ in 0..connections {
        let mut place = Place::connect(url, token).await?;
        place.ask().await?;
        places.push(place);
    }
    let each = requests.div_ceil(connections.max(1));
    let began = Instant::now();
    let mut all = JoinSet::new();
    for mut place in places {
        all.spawn(async move {
            let mut times = Vec::with_capacity(each);
            for _ in 0..each {
                times.push(place.ask().await?);
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = all.join_next().await {
        times.extend(done??);
    }
    let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
    let mut told = quantiles(times);
    told["requests"] = (each * connections).into();
    told["requests_per_second"] = ((each * connections) as u64 * 1_000_000 / micros).into();
    println!("{told}");
    Ok(())
}

/// Asks two places in turn, over one connection each: what the second adds to the first.
pub(crate) async fn beside(
    direct: &str,
    url: &str,
    token: &str,
    requests: usize,
) -> Result<(), Failure> {
    let mut first = Place::connect(direct, "none").await?;
    let mut second = Place::connect(url, token).await?;
    for _ in 0..WARM {
        first.ask().await?;
        second.ask().await?;
    }
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..requests {
        without.push(first.ask().await?);
        with.push(second.ask().await?);
    }
    println!("{}", json!({ "direct": quantiles(without), "through": quantiles(with) }));
    Ok(())
}

/// Opens streams, says when each has begun, and holds them until the input ends.
pub(crate) async fn streams(url: &str, token: &str, count: usize) -> Result<(), Failure> {
    const ASK: &str = r#"{"model":"slow","stream":true,"max_tokens":64,"messages":[{"role":"user","content":"Tell a long story."}]}"#;
    let mut open: Vec<(Place, hyper::body::Incoming)> = Vec::new();
    for _ in 0..count {
        let mut place = Place::connect(url, token).await?;
        let request = place.request(ASK)?;
        let response = place.send.send_request(request).await?;
        if !response.status().is_success() {
            let body = Body::new(response.into_body()).collect().await?.to_bytes();
            return Err(String::from_utf8_lossy(&body).into_owned().into());
        }
        open.push((place, response.into_body()));
    }
    for (_, body) in &mut open {
        body.frame().await.ok_or("a stream ended")??;
    }
    println!("open");
    let reading = async {
        loop {
            for (_, body) in &mut open {
                if body.frame().await.is_none() {
                    return;
                }
            }
        }
    };
    let (mut stdin, mut input) = (tokio::io::stdin(), Vec::new());
    tokio::select! {
        _ = stdin.read_to_end(&mut input) => Ok(()),
        () = reading => Err("a stream ended".into()),
    }
}
