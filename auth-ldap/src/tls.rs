//! The trust in the certificate of the directory.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::DirectoryError;

/// Returns the configuration of TLS: with these certificate authorities as PEM, or those of the system.
///
/// The authorities are read at start, and the cryptography does not depend on what other crates install.
pub(crate) fn config(pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, DirectoryError> {
    let roots = match pem {
        Some(pem) => named(pem)?,
        None => of_the_system()?,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(unusable)?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// Returns all certificates of a PEM text. One that is malformed is an error, and not left out.
fn named(pem: &[u8]) -> Result<RootCertStore, DirectoryError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(unusable)?).map_err(unusable)?;
    }
    some(roots, "`certificate_authorities`")
}

fn of_the_system() -> Result<RootCertStore, DirectoryError> {
    let mut roots = RootCertStore::empty();
    // Some systems have certificates that are not valid today.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    some(roots, "the system, or in SSL_CERT_FILE and SSL_CERT_DIR")
}

fn some(roots: RootCertStore, place: &'static str) -> Result<RootCertStore, DirectoryError> {
    if roots.is_empty() { Err(DirectoryError::CertificateAuthorities { place }) } else { Ok(roots) }
}

fn unusable(error: impl std::error::Error + Send + Sync + 'static) -> DirectoryError {
    DirectoryError::Tls(Box::new(error))
}
