//! One fetch: from the addresses of an issuer to its keys.

use std::time::Duration;

use poem::http::Response;

use super::{
    discovery::Discovered,
    endpoint::Endpoint,
    fetch::{Failure, FetchRequest, Fetcher},
    freshness::fresh_for,
    settings::{KeyLocation, RemoteKeys},
};
use crate::jwt::key::jwk::{PublishedSet, published_set};

/// The media type of a key set (RFC 7517, section 8.5.2), and what most issuers send it as.
const KEY_SET: &str = "application/jwk-set+json, application/json";
const JSON: &str = "application/json";

/// The keys and addresses that an issuer has published.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) set: PublishedSet,
    pub(super) fresh_for: Option<Duration>,
    pub(super) user_info: Option<Endpoint>,
}

/// Asks the issuer; the discovery document each time, as it may have moved its keys.
pub(super) async fn fetch(settings: &RemoteKeys, fetcher: &Fetcher) -> Result<Published, Failure> {
    let (jwks, user_info) = match &settings.source {
        KeyLocation::KeySet(url) => (url.clone(), None),
        KeyLocation::Discovery { issuer, document } => {
            let answer = get(settings, fetcher, document, JSON).await?;
            let found = Discovered::read(answer.body(), issuer, &settings.plain_http)?;
            (found.jwks, found.user_info)
        }
    };
    let answer = get(settings, fetcher, &jwks, KEY_SET).await?;
    let set = published_set(answer.body(), settings.rsa_algorithm).map_err(Failure::NotAKeySet)?;
    Ok(Published { set, fresh_for: fresh_for(answer.headers()), user_info })
}

async fn get(
    settings: &RemoteKeys,
    fetcher: &Fetcher,
    url: &Endpoint,
    accept: &'static str,
) -> Result<Response<Vec<u8>>, Failure> {
    fetcher.get_document(&FetchRequest::new(url, accept, settings.limits)).await
}
