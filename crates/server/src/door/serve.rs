//! The port, and who is connected to it. Who does not send or read in time is let go.
//!
//! It is apart from the socket of the user's own commands, on which nobody is ever let go, and
//! from the gateway, whose streams are paid for and so are waited for: here a stream ends at once
//! when the server stops, and browsers come again by themselves.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::connections::Connections;
use super::patient::patient;
use super::{Door, House, Peer, Sender, Tls};

/// How long to wait when the system has no descriptor left for a connection.
const NO_ROOM: Duration = Duration::from_millis(100);
/// The longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// The most headers of a request.
const HEADERS_MAX: usize = 64;

impl Door {
    /// Answers whoever connects, until `leave` is ready. Then streams of events end at once, and
    /// what else is under way is waited for a little. `router` is one of
    /// [`router`](Self::router).
    pub async fn serve(
        &self,
        router: Router,
        listener: TcpListener,
        tls: Option<Tls>,
        leave: impl Future<Output = ()>,
    ) {
        let house = &self.house;
        let connections = Connections::new(house.terms.connections_each);
        let mut open = JoinSet::new();
        let mut leave = std::pin::pin!(leave);
        loop {
            let has_room = open.len() < house.terms.connections_max;
            tokio::select! {
                accepted = listener.accept(), if has_room => match accepted {
                    Ok((stream, address)) => {
                        let sender = Sender(address.ip());
                        // One too many is closed by being dropped. Who is behind a proxy is counted
                        // by the proxy.
                        let counted = match sender.is_proxy(&house.terms.proxies) {
                            true => Some(None),
                            false => connections.open(Peer::new(address.ip())).map(Some),
                        };
                        if let Some(counted) = counted {
                            let (house, router) = (Arc::clone(house), router.clone());
                            let talk = take(house, router, stream, sender, tls.clone());
                            open.spawn(async move {
                                talk.await;
                                drop(counted);
                            });
                        }
                    }
                    Err(error) => {
                        tracing::warn!("a connection could not be taken: {error}");
                        tokio::time::sleep(NO_ROOM).await;
                    }
                },
                Some(_) = open.join_next() => {}
                () = &mut leave => break,
            }
        }
        drop(listener);
        house.stops.send_replace(true);
        let all = async { while open.join_next().await.is_some() {} };
        if tokio::time::timeout(house.terms.last, all).await.is_err() {
            tracing::info!("connections were closed with their requests under way");
        }
    }
}

async fn take(
    house: Arc<House>,
    router: Router,
    stream: TcpStream,
    sender: Sender,
    tls: Option<Tls>,
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return talk(&house, router, stream, sender).await };
    let handshake = tokio::time::timeout(house.terms.head_time, tls.acceptor().accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = house.stopped() => return,
    };
    match shaken {
        Ok(Ok(stream)) => talk(&house, router, stream, sender).await,
        Ok(Err(error)) => tracing::debug!("a connection was not made: {error}"),
        Err(_) => tracing::debug!("a connection was not made in time"),
    }
}

async fn talk<S>(house: &House, router: Router, stream: S, sender: Sender)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(sender);
        router.call(request)
    });
    let stream = TokioIo::new(patient(stream, house.terms.reading));
    let talk = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(house.terms.head_time)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(stream, service);
    let mut talk = std::pin::pin!(talk);
    let ended = tokio::select! {
        ended = &mut talk => ended,
        () = house.stopped() => {
            talk.as_mut().graceful_shutdown();
            talk.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended: {error}");
    }
}
