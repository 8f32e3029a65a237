//! Why there is no gateway.

use crate::NamesError;

/// Why a gateway could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GatewayError {
    /// Its names.
    #[error(transparent)]
    Names(#[from] NamesError),
    /// No way to tell providers from others.
    #[error(
        "the certificate authorities that the system trusts could not be read ({why}); without \
         them no provider can be asked: install ca-certificates"
    )]
    Tls {
        /// What went wrong.
        why: String,
    },
}
