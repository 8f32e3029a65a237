//! A connection whose other end has to read what is written to it, so that nobody holds memory
//! by not reading.

use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_io_timeout::TimeoutStream;

/// A stream that fails when a write waits too long.
pub(crate) fn patient<S: AsyncRead + AsyncWrite>(
    stream: S,
    patience: Duration,
) -> Pin<Box<TimeoutStream<S>>> {
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
        let patience = Duration::from_secs(60);
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
