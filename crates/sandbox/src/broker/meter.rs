//! A connection to a host, measured: what it carries is counted, and it ends when it has been
//! silent for too long or the run has carried all that it may.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::Tally;

/// What bounds a connection.
pub(super) struct Bounds {
    pub(super) tally: Arc<Tally>,
    /// Bytes that the whole run has carried, and may.
    pub(super) carried: Arc<AtomicU64>,
    pub(super) most: u64,
    pub(super) idle: Duration,
}

/// A connection within bounds.
pub(super) struct Metered<S> {
    stream: S,
    bounds: Bounds,
    silence: Pin<Box<Sleep>>,
}

impl<S> Metered<S> {
    pub(super) fn new(stream: S, bounds: Bounds) -> Self {
        let silence = Box::pin(tokio::time::sleep(bounds.idle));
        Self { stream, bounds, silence }
    }

    /// Counts what has just been carried.
    fn carried(&mut self, bytes: usize, count: fn(&Tally) -> &AtomicU64) -> io::Result<()> {
        self.silence.as_mut().reset(Instant::now() + self.bounds.idle);
        let bytes = bytes as u64;
        count(&self.bounds.tally).fetch_add(bytes, Ordering::Relaxed);
        let before = self.bounds.carried.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.bounds.most {
            let most = self.bounds.most;
            return Err(io::Error::other(format!("more than {most} bytes were carried")));
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, into) {
            let count = into.filled().len() - before;
            return Poll::Ready(read.and_then(|()| self.carried(count, |tally| &tally.received)));
        }
        ready!(self.silence.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.stream).poll_write(cx, from))?;
        self.carried(count, |tally| &tally.sent)?;
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn bounds(most: u64) -> Bounds {
        let (tally, carried) = (Arc::default(), Arc::default());
        Bounds { tally, carried, most, idle: Duration::from_secs(60) }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_a_connection_and_a_word_puts_that_off() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut metered = Metered::new(ours, bounds(1_000));
        let speak = async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(50)).await;
                theirs.write_all(b"x").await.unwrap();
            }
            theirs
        };
        let mut heard = Vec::new();
        let (_held, read) = tokio::join!(speak, metered.read_to_end(&mut heard));
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(heard, b"xxx");
        assert_eq!(metered.bounds.tally.received().0, 3);
    }

    #[tokio::test]
    async fn both_ways_count_and_both_are_bounded() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut metered = Metered::new(ours, bounds(10));
        metered.write_all(b"123456").await.unwrap();
        theirs.write_all(b"7890").await.unwrap();
        let mut heard = [0; 4];
        metered.read_exact(&mut heard).await.unwrap();
        assert_eq!((metered.bounds.tally.sent().0, metered.bounds.tally.received().0), (6, 4));
        assert!(metered.write_all(b"1").await.is_err());
        theirs.write_all(b"1").await.unwrap();
        assert!(metered.read_u8().await.is_err());
    }
}
