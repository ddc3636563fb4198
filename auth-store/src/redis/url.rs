//! The URL of a server, and the client that connects to it.

use redis::{Client, IntoConnectionInfo, ProtocolVersion, TlsCertificates, io::tcp::TcpSettings};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use url::Url;

use crate::{StoreError, describe_url};

/// Returns the client for a URL. It does not connect.
pub(super) fn client(url: &str, root_certificates: Option<&[u8]>) -> Result<Client, StoreError> {
    let refused =
        |reason: &str| StoreError::Setting(format!("the Redis URL ({}) is invalid: {reason}", describe_url(url)));
    let parsed = Url::parse(url).map_err(|error| refused(&error.to_string()))?;
    let is_encrypted = match parsed.scheme() {
        "redis" => false,
        "rediss" => true,
        _ => return Err(refused("it must begin with redis:// or rediss://")),
    };
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(refused("it must not have parameters"));
    }
    // The parser of the crate names neither user nor password.
    let info = parsed.into_connection_info().map_err(|error| refused(&error.to_string()))?;
    // RESP3 reports a closed connection at once, and carries messages beside answers.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3).set_skip_set_lib_name();
    let info = info.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let client = if is_encrypted {
        install_cryptography();
        let root_cert = root_certificates.map(<[u8]>::to_vec);
        Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
    } else {
        Client::open(info)
    };
    client.map_err(|error| refused(&error.to_string()))
}

/// Installs the cryptography of rustls, unless the application has chosen one. The client uses the default of the
/// process, and would panic without one.
fn install_cryptography() {
    if CryptoProvider::get_default().is_none() {
        // Fails only if another thread was first.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use super::client;

    #[test]
    fn r91_refused_url_is_named_without_its_password() {
        for (url, reason) in [
            ("postgres://:secret@h/0", "must begin with redis://"),
            ("redis://:secret@h/0?protocol=resp2", "must not have parameters"),
            ("rediss://:secret@h/0#insecure", "must not have parameters"),
            ("redis://:secret@h/users", "database number"),
            ("redis://:secret@0.0.0.0/0", "wildcard"),
            ("redis://:12/secret@h/0", "invalid"),
            ("secret", "invalid"),
        ] {
            let error = client(url, None).unwrap_err().to_string();
            assert!(error.contains(reason) && !error.contains("secret"), "{url}: {error}");
        }
    }

    #[test]
    fn root_certificate_must_be_pem() {
        let error = client("rediss://h/0", Some(b"-----BEGIN CERTIFICATE-----\n")).unwrap_err();
        assert!(error.to_string().contains("certificate"), "{error}");
        assert!(client("rediss://h/0", None).is_ok());
    }
}
