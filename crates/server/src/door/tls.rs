//! The certificate and its key, as they are read from two files of PEM, and read anew when these
//! have changed: a certificate is renewed every few weeks, and nobody starts a server anew for it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// What is needed to speak TLS 1.2 and 1.3. Cloning it gives the same.
#[derive(Clone)]
pub struct Tls {
    files: Arc<[PathBuf; 2]>,
    now: Arc<Mutex<Now>>,
}

/// What was read last.
struct Now {
    /// How the files looked then.
    looks: [Option<Look>; 2],
    acceptor: TlsAcceptor,
    /// Why what is in the files by now is not used.
    trouble: Option<String>,
}

/// By what it is seen that a file is another, or has changed: its device, its number there, its
/// length, and when it was written.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look(u64, u64, u64, i64, i64);

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that has to be read.
    #[error("the {what} can't be read from {}: {why}; it has to be PEM", path.display())]
    Unread {
        /// Which of the two.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The two do not go together.
    #[error("the certificate and the key can't be used together: {0}")]
    Unusable(#[source] rustls::Error),
}

impl Tls {
    /// Reads a certificate, with those between it and its authority, and its key.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let files = [certificate.to_owned(), key.to_owned()];
        // Looked at before they are read: what is written meanwhile is read once more.
        let looks = looks(&files);
        let now = Now { looks, acceptor: acceptor(certificate, key)?, trouble: None };
        Ok(Self { files: Arc::new(files), now: Arc::new(Mutex::new(now)) })
    }

    /// By what the next connection is made: what is in the files now, or what was there before if
    /// that can't be used. Connections that are open stay as they are.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let mut now = self.now();
        let looks = looks(&self.files);
        if looks != now.looks {
            now.looks = looks;
            match acceptor(&self.files[0], &self.files[1]) {
                Ok(acceptor) => {
                    tracing::info!("the new certificate is used from now on");
                    (now.acceptor, now.trouble) = (acceptor, None);
                }
                Err(why) => {
                    tracing::warn!("the certificate from before is used on: {why}");
                    now.trouble = Some(why.to_string());
                }
            }
        }
        now.acceptor.clone()
    }

    /// Why what is in the files by now is not used, if it is not.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.now().trouble.clone()
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn looks(files: &[PathBuf; 2]) -> [Option<Look>; 2] {
    let look = |at: Metadata| Look(at.dev(), at.ino(), at.len(), at.mtime(), at.mtime_nsec());
    [&files[0], &files[1]].map(|file| file.metadata().ok().map(look))
}

/// What the two files give.
fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let unread = |what, path: &Path, why: pem::Error| TlsError::Unread {
        what,
        path: path.to_owned(),
        why: match why {
            pem::Error::NoItemsFound => "there is none in it".to_owned(),
            why => why.to_string(),
        },
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain: Vec<_> = chain.map_err(|why| unread("certificate", certificate, why))?;
    if chain.is_empty() {
        return Err(unread("certificate", certificate, pem::Error::NoItemsFound));
    }
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|why| unread("private key", key, why))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(TlsError::Unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
