//! The proxy's side that the command sees: takes its connections, answers what can't be done
//! in words, and carries what can, in both directions, until the run is over.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode, client, server};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::reach::{Refused, Stream, Way};
use super::{Broker, Peer, head};

/// How soon to take a connection that could not be taken.
const LATER: Duration = Duration::from_millis(50);

type Body = Either<Full<Bytes>, Incoming>;

impl Broker {
    /// Serves whoever connects, for as long as somebody waits for this. Dropping it ends every
    /// connection.
    pub(crate) async fn serve(&self, listener: TcpListener) {
        let broker = Arc::new(self.clone());
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let mut talks = JoinSet::new();
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else {
                // This program has no descriptor left, most likely.
                tokio::time::sleep(LATER).await;
                continue;
            };
            let broker = Arc::clone(&broker);
            talks.spawn(async move {
                Talk { broker, tunnel: Mutex::default(), exchange: Mutex::default() }
                    .hold(stream)
                    .await;
                drop(place);
            });
            while talks.try_join_next().is_some() {}
        }
    }
}

/// A connection of the command's.
struct Talk {
    broker: Arc<Broker>,
    /// What it has become, once it is not ours to read any more.
    tunnel: Mutex<Option<(OnUpgrade, Box<dyn Stream>)>>,
    /// The connection to the host of the present request; there is one at a time. It ends with
    /// this.
    exchange: Mutex<JoinSet<()>>,
}

impl Talk {
    async fn hold(&self, stream: TcpStream) {
        let limits = &self.broker.limits;
        let answer = service_fn(|request| async {
            Ok::<_, Infallible>(self.answer(request).await.unwrap_or_else(refusal))
        });
        let mut http = server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(Duration::from(limits.head_time))
            .max_buf_size(usize::try_from(limits.head.0).unwrap_or(usize::MAX));
        let talk = http.serve_connection(TokioIo::new(stream), answer).with_upgrades();
        // A command that breaks off, or speaks no HTTP, has itself to thank.
        let _ = talk.await;
        let tunnel = lock(&self.tunnel).take();
        if let Some((client, mut host)) = tunnel
            && let Ok(client) = client.await
        {
            let _ = tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut host).await;
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Refused> {
        let wanted = head::wanted(&request).map_err(misunderstood)?;
        let named = |Refused { status, why }| Refused { status, why: format!("{wanted}: {why}") };
        let way = self.broker.reach(&wanted).await.map_err(named)?;
        if request.method() == Method::CONNECT {
            *lock(&self.tunnel) = Some((hyper::upgrade::on(request), way.stream));
            return Ok(Response::new(Either::Left(Full::default())));
        }
        self.pass_on(request, &wanted, way).await.map_err(named)
    }

    /// Has the host answer a request.
    async fn pass_on(
        &self,
        request: Request<Incoming>,
        wanted: &Peer,
        Way { stream, terms }: Way,
    ) -> Result<Response<Body>, Refused> {
        let (mut parts, body) = request.into_parts();
        head::to_host(&mut parts, wanted, &terms).map_err(misunderstood)?;
        let failed = |error: hyper::Error| Refused {
            status: StatusCode::BAD_GATEWAY,
            why: format!("the host did not answer: {error}"),
        };
        let mut http = client::conn::http1::Builder::new();
        http.max_buf_size(usize::try_from(self.broker.limits.head.0).unwrap_or(usize::MAX));
        let (mut host, exchange) = http.handshake(TokioIo::new(stream)).await.map_err(failed)?;
        {
            let mut only = lock(&self.exchange);
            only.abort_all();
            only.spawn(async move {
                let _ = exchange.await;
            });
        }
        let answer = host.send_request(Request::from_parts(parts, body)).await.map_err(failed)?;
        let (mut parts, body) = answer.into_parts();
        if parts.status.is_informational() {
            return Err(misunderstood("the host wants to speak something else than HTTP"));
        }
        head::to_command(&mut parts.headers, wanted, &terms);
        Ok(Response::from_parts(parts, Either::Right(body)))
    }
}

fn misunderstood(why: impl Into<String>) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, why: why.into() }
}

fn refusal(refused: Refused) -> Response<Body> {
    let Refused { status, why } = refused;
    let mut response = Response::new(Either::Left(Full::from(format!("Tenfold: {why}\n"))));
    *response.status_mut() = status;
    response
}

/// Nothing is done under these locks that could panic.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
