//! Whose certificates are believed.

use std::sync::Arc;

use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// Whose certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Those that this machine believes (`SSL_CERT_FILE` and `SSL_CERT_DIR`, else the system's store).
    System,
    /// Those in these PEM bytes alone: a house's own authority.
    Pem(Vec<u8>),
}

/// Why no certificate could be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The machine's store has none that can be read.
    #[error("this machine has no certificate authorities to believe{0}; install ca-certificates")]
    None(String),
    /// The given bytes hold none, or a broken one.
    #[error("the given certificate authorities cannot be used: {0}")]
    Pem(String),
}

impl Trust {
    /// Builds what a TLS connection needs.
    pub(crate) fn client(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::System => {
                let found = rustls_native_certs::load_native_certs();
                let (added, _) = roots.add_parsable_certificates(found.certs);
                if added == 0 {
                    let why = found.errors.first().map(|e| format!(": {e}"));
                    return Err(TrustError::None(why.unwrap_or_default()));
                }
            }
            Self::Pem(pem) => {
                let refused = |e: &dyn std::fmt::Display| TrustError::Pem(e.to_string());
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    let certificate = certificate.map_err(|e| refused(&e))?;
                    roots.add(certificate).map_err(|e| refused(&e))?;
                }
                if roots.is_empty() {
                    return Err(refused(&"no certificate is in them"));
                }
            }
        }
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| TrustError::Pem(e.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}
