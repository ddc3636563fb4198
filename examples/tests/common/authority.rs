//! Valid and invalid certificates.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::{fs, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// A certificate authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
    name: &'static str,
}

impl Authority {
    pub(crate) fn new(name: &'static str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(parameters, key), certificate, name }
    }

    /// Writes the authority's own certificate, and returns its path.
    pub(crate) fn file(&self) -> String {
        write(&format!("{}.pem", self.name), &self.certificate)
    }

    /// Returns an acceptor with a certificate for 127.0.0.1.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate], key).unwrap()).into()
    }

    /// Issues a certificate for this host, expired or not. Returns the lines for the configuration of slapd.
    pub(crate) fn issue_for(&self, host: &str, has_ended: bool) -> String {
        let mut parameters = CertificateParams::new([host.to_owned()]).unwrap();
        if has_ended {
            parameters.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap().pem();
        let name = format!("{}-{host}-{has_ended}", self.name);
        let certificate = write(&format!("{name}.pem"), &certificate);
        let key = write(&format!("{name}.key"), &key.serialize_pem());
        format!("TLSCertificateFile {certificate}\nTLSCertificateKeyFile {key}\n")
    }
}

fn write(name: &str, text: &str) -> String {
    let path = format!("{}/tls-{name}", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&path, text).unwrap();
    path
}
