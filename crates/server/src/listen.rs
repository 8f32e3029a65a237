//! The socket, and who is connected to it.

use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tenfold_engine::Engine;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::routes;

/// Connections that are open at the same time; more wait until one is closed.
const CONNECTIONS_MAX: usize = 64;
/// How long to wait when the system has no descriptor left for a connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Listens at a path; what lies there was left by an engine that died. To be called by the one
/// engine of this user, within the runtime.
///
/// # Errors
/// What the system says.
pub fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    // Its folder is the user's alone already.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Hands what is said to the engine, until `leave` is ready, no task is at work, and nobody is
/// connected any more.
pub async fn serve(engine: Arc<Engine>, listener: UnixListener, leave: impl Future<Output = ()>) {
    let router = routes::router(Arc::clone(&engine));
    let mut open = JoinSet::new();
    let mut leave = std::pin::pin!(leave);
    let mut leaves = false;
    loop {
        tokio::select! {
            accepted = listener.accept(), if open.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    open.spawn(talk(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!("a connection could not be taken: {error}");
                    tokio::time::sleep(NO_ROOM).await;
                }
            },
            Some(_) = open.join_next() => {}
            () = &mut leave, if !leaves => leaves = true,
            () = engine.idle(), if leaves && open.is_empty() => return,
        }
    }
}

/// Whoever is connected is the user, who may say nothing for hours and stop a task then. So there
/// is no limit to that: a command is there as long as its connection is.
async fn talk(stream: UnixStream, router: axum::Router) {
    let service = TowerToHyperService::new(router);
    let talk = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = talk.await {
        tracing::debug!("a connection ended: {error}");
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_for_hours_is_heard_then() {
        let router = axum::Router::new().route("/", axum::routing::get(async || "heard"));
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let serving = tokio::spawn(talk(theirs, router));
        for _ in 0..2 {
            ours.write_all(b"GET / HTTP/1.1\r\nhost: tenfold\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"heard") {
                let count = ours.read_buf(&mut answer).await.unwrap();
                assert!(count > 0, "it was closed after {}", String::from_utf8_lossy(&answer));
            }
            tokio::time::sleep(Duration::from_secs(86_400)).await;
        }
        drop(ours);
        serving.await.unwrap();
    }
}
