//! Redis behind TLS: the server is verified.

use std::sync::Arc;

use auth_runtime::session::SessionStore;
use auth_store::StoreError;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{database::TestDatabase, redis::url};

/// A certificate authority.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = parameters.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(parameters, key), pem }
    }

    /// Starts a server with a certificate for this name. It passes the connections on to Redis, and its URL is returned.
    async fn server(&self, name: &str) -> String {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate], key).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (before, after) = url().split_once('@').map(|(one, other)| (one.to_owned(), other.to_owned())).unwrap();
        let (redis, path) = after.split_once('/').map(|(one, other)| (one.to_owned(), other.to_owned())).unwrap();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Ok(mut client) = acceptor.accept(client).await {
                    let mut redis = TcpStream::connect(&redis).await.unwrap();
                    tokio::spawn(async move { copy_bidirectional(&mut client, &mut redis).await });
                }
            }
        });
        format!("{}@{here}/{path}", before.replacen("redis://", "rediss://", 1))
    }
}

pub(crate) async fn server_is_verified(database: TestDatabase) {
    let authority = Authority::new();
    let options = || database.redis_options().root_certificates(authority.pem.clone());
    let store = options().connect(&authority.server("127.0.0.1").await).await.unwrap();
    assert!(store.find("1").await.unwrap().is_none());
    for url in [authority.server("127.0.0.2").await, Authority::new().server("127.0.0.1").await] {
        let error = options().connect(&url).await.unwrap_err();
        assert!(matches!(error, StoreError::Database(_)) && error.to_string().contains("certificate"), "{error}");
    }
    // The authorities of the system do not know it either.
    let error = database.redis_options().connect(&authority.server("127.0.0.1").await).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
}
