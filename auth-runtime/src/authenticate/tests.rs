//! Identities and errors as text, and authenticators that the configuration may leave out.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use poem::Request;

use super::{AuthenticationError, Authenticator, Context, Identity};
use crate::{
    credential::ApiKey,
    declared::{ApiKeyLocation, DeclaredNames, SchemeKind, SecurityScheme},
};

static NAMES: DeclaredNames = DeclaredNames { permissions: &[], roles: &[], scopes: &[], role_permissions: &[] };

static SCHEME: SecurityScheme =
    SecurityScheme::new("key", SchemeKind::ApiKey { location: ApiKeyLocation::Header, name: "X-API-Key" });

#[test]
fn an_identity_is_printed_without_its_claims() {
    let claims = serde_json::json!({ "email": "alice@example.com" });
    let builder = Context::new(&NAMES).identity("store", "alice").claims(claims.as_object().unwrap().clone());
    assert_eq!(format!("{builder:?}"), "IdentityBuilder { .. }");
    assert_eq!(format!("{:?}", builder.build()), r#"Identity { issuer: "store", subject: "alice", .. }"#);
}

#[test]
fn the_error_of_a_backend_is_a_source() {
    let unavailable = AuthenticationError::unavailable("connection refused");
    assert_eq!(unavailable.source().unwrap().to_string(), "connection refused");
    assert!(AuthenticationError::invalid("expired").source().is_none());
}

struct Counting(Arc<AtomicUsize>);

impl Authenticator for Counting {
    type Credential = ApiKey;

    async fn authenticate(&self, _: ApiKey, _: &Context) -> Result<Identity, AuthenticationError> {
        Err(AuthenticationError::invalid("no key is valid"))
    }

    fn cached(&self, text: &[u8], _: &Request, context: &Context) -> Option<Identity> {
        (text == b"k").then(|| context.identity("store", "alice").build())
    }

    fn mounted(&self, _: &'static SecurityScheme, _: &Context) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_configured_authenticator_is_asked_for_a_cached_credential() {
    let (keys, context) = (Some(Counting(Arc::default())), Context::new(&NAMES));
    let request = Request::default();
    assert_eq!(keys.cached(b"k", &request, &context).unwrap().subject(), "alice");
    assert!(keys.cached(b"other", &request, &context).is_none());
    assert!(None::<Counting>.cached(b"k", &request, &context).is_none());
}

#[test]
fn a_configured_authenticator_learns_that_it_is_mounted() {
    let calls = Arc::new(AtomicUsize::new(0));
    Some(Counting(Arc::clone(&calls))).mounted(&SCHEME, &Context::new(&NAMES));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}
