//! The certificate and its key, as they are read from two files of PEM.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// What is needed to speak TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct Tls {
    pub(crate) acceptor: TlsAcceptor,
}

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
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}
