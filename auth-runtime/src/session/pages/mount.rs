//! Mounts the pages in front of an application.

use std::{collections::BTreeMap, fmt, sync::Arc};

use poem::{Endpoint, EndpointExt, IntoResponse, Middleware, Request, Response, Result, http::Method};

use super::{
    more_pages::SharedEndpoint,
    next::wants_html,
    redirect::{RedirectedEndpoint, SignInRedirect},
    sign_in_pages::SignInPages,
};
use crate::{session::SessionStore, users::UserStore};

impl<E: Endpoint, U: UserStore, S: SessionStore> Middleware<E> for SignInPages<U, S> {
    type Output = RedirectedEndpoint<MountedPages<E>>;

    fn transform(&self, inner: E) -> Self::Output {
        let mut mounted = MountedPages { pages: BTreeMap::new(), inner };
        let own = [("login", self.login()), ("logout", self.logout()), ("sessions", self.sessions())];
        for (address, page) in own {
            mounted.add(self, address, Arc::new(page.boxed()));
        }
        if self.0.change_password.is_some() {
            mounted.add(self, "password", Arc::new(self.password().boxed()));
        }
        for more in &self.0.more {
            let (addresses, pages) = more.mount(&self.0.path, self.site_parts());
            for address in addresses {
                mounted.add(self, address, Arc::clone(&pages));
            }
        }
        for (address, _) in &self.0.own_pages {
            let path = format!("{}/{address}", self.0.path);
            assert!(mounted.pages.contains_key(&path), "`own_page` replaces {path:?}, but there is no such page");
        }
        SignInRedirect::to(format!("{}/login", self.0.path)).transform(mounted)
    }
}

/// An application with the sign-in pages in front of it: the result of `.with(pages)`.
pub struct MountedPages<E> {
    /// By their paths. All other paths are the application's.
    pages: BTreeMap<String, SharedEndpoint>,
    inner: E,
}

impl<E> MountedPages<E> {
    fn add<U, S>(&mut self, settings: &SignInPages<U, S>, address: &str, page: SharedEndpoint) {
        let own = settings.0.own_pages.iter().find(|(replaced, _)| replaced == address);
        let page = match own {
            Some((_, own)) => Arc::new(Replaced { page: Arc::clone(own), others: page }.boxed()),
            None => page,
        };
        self.pages.insert(format!("{}/{address}", settings.0.path), page);
    }
}

impl<E: Endpoint> Endpoint for MountedPages<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        match self.pages.get(request.uri().path()) {
            Some(page) => page.call(request).await,
            None => self.inner.call(request).await.map(IntoResponse::into_response),
        }
    }
}

impl<E> fmt::Debug for MountedPages<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MountedPages").field("paths", &self.pages.keys()).finish_non_exhaustive()
    }
}

/// A page of the application. Forms, and programs, reach the endpoint that it replaces.
struct Replaced {
    page: SharedEndpoint,
    others: SharedEndpoint,
}

impl Endpoint for Replaced {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let is_page = matches!(*request.method(), Method::GET | Method::HEAD) && wants_html(&request);
        if is_page { self.page.call(request).await } else { self.others.call(request).await }
    }
}
