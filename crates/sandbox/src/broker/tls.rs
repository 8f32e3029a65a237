//! What the command says in the clear, encrypted on its way to the host: the broker itself is
//! the one that has to be sure whom it speaks to, and so checks certificates as any client.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use rustls_platform_verifier::BuilderVerifierExt;

use super::Trust;

/// Whom to believe, looked up at the first use.
#[derive(Clone, Default)]
pub(super) struct Believed {
    trust: Trust,
    found: Arc<OnceCell<TlsConnector>>,
}

impl Believed {
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, found: Arc::default() }
    }

    /// Begins to speak TLS with `host`.
    pub(super) async fn begin<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        stream: S,
    ) -> io::Result<TlsStream<S>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let look = || async {
            let trust = self.trust.clone();
            // Reading the system's certificates takes a while.
            let config = tokio::task::spawn_blocking(move || config(&trust)).await??;
            Ok::<_, io::Error>(TlsConnector::from(Arc::new(config)))
        };
        self.found.get_or_try_init(look).await?.connect(name, stream).await
    }
}

fn config(trust: &Trust) -> io::Result<ClientConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let verified = match trust {
        Trust::System => builder.with_platform_verifier().map_err(io::Error::other)?,
        Trust::Only(certificates) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates {
                let certificate = CertificateDer::from(certificate.clone());
                roots.add(certificate).map_err(io::Error::other)?;
            }
            builder.with_root_certificates(roots)
        }
    };
    let mut config = verified.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
