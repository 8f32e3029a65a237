//! The port, and who is connected to it. Who does not send or read in time is let go, so that
//! nobody holds money or memory by doing nothing.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;

use crate::house::House;
use crate::routes;

/// How long the head of a request may take, on a connection that is kept open too.
const HEAD: Duration = Duration::from_secs(90);
/// How long to wait when the system has no descriptor left for a connection.
const NO_ROOM: Duration = Duration::from_millis(100);
/// How long requests that are under way are waited for at the end.
const LAST: Duration = Duration::from_secs(20);

/// Answers whoever connects, until `leave` is ready; then waits a little for what is under way.
pub(crate) async fn serve(
    house: Arc<House>,
    listener: TcpListener,
    leave: impl Future<Output = ()>,
) {
    let router = routes::router(Arc::clone(&house));
    let mut open = JoinSet::new();
    let mut leave = std::pin::pin!(leave);
    let (tell, told) = tokio::sync::watch::channel(());
    loop {
        tokio::select! {
            accepted = listener.accept(), if open.len() < house.terms().connections_max => match accepted {
                Ok((stream, _)) => {
                    open.spawn(talk(stream, router.clone(), house.terms().reading, told.clone()));
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
    drop(tell);
    let all = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST, all).await.is_err() {
        tracing::info!("connections were closed with their requests under way");
    }
}

async fn talk(
    stream: TcpStream,
    router: Router,
    reading: Duration,
    mut told: tokio::sync::watch::Receiver<()>,
) {
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let talk = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(patient(stream, reading)), service);
    let mut talk = std::pin::pin!(talk);
    let ended = tokio::select! {
        ended = &mut talk => ended,
        _ = told.changed() => {
            talk.as_mut().graceful_shutdown();
            talk.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended: {error}");
    }
}

/// A connection that fails when its other end does not read what is written to it for so long.
fn patient<S: AsyncRead + AsyncWrite>(stream: S, patience: Duration) -> Pin<Box<TimeoutStream<S>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience));
    Box::pin(stream)
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_is_let_go_and_who_reads_slowly_is_not() {
        let patience = Duration::from_secs(120);
        let (ours, mut theirs) = tokio::io::duplex(8);
        let mut ours = patient(ours, patience);
        let slow = tokio::spawn(async move {
            let mut read = [0; 8];
            for _ in 0..4 {
                tokio::time::advance(patience / 2).await;
                theirs.read_exact(&mut read).await.unwrap();
            }
            theirs
        });
        ours.write_all(&[0; 32]).await.unwrap();
        let _theirs = slow.await.unwrap();
        let gone = ours.write_all(&[0; 32]).await.unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::TimedOut);
    }
}
