//! The `Auth` that mounted the sessions, and what waits for it.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::set_cookie::SessionCookie;
use crate::{authenticate::Context, declared::SecurityScheme};

/// Called once with the scheme of the sessions and the declared names.
type Waiting = Box<dyn FnOnce(&'static SecurityScheme, &Context) + Send>;

/// Set when an `Auth` mounts the sessions.
#[derive(Default)]
pub(super) struct Mounting {
    mounted: OnceLock<Mounted>,
    waiting: Mutex<Vec<Waiting>>,
}

#[derive(Clone)]
struct Mounted {
    scheme: &'static SecurityScheme,
    cookie: SessionCookie,
    context: Context,
}

impl Mounting {
    pub(super) fn cookie(&self) -> Option<SessionCookie> {
        self.mounted.get().map(|mounted| mounted.cookie)
    }

    pub(super) fn context(&self) -> Option<Context> {
        self.mounted.get().map(|mounted| mounted.context)
    }

    /// # Panics
    /// If the sessions are mounted under two names, or if what waits for the `Auth` does not accept it.
    pub(super) fn set(&self, scheme: &'static SecurityScheme, cookie: SessionCookie, context: &Context) {
        let known = &self.mounted.get_or_init(|| Mounted { scheme, cookie, context: *context }).cookie;
        let (known, name) = (known.name(), cookie.name());
        assert!(known == name, "the sessions have two cookies: {known:?} and {name:?}");
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for call in waiting {
            call(scheme, context);
        }
    }

    /// Calls a function as soon as an `Auth` mounts the sessions.
    pub(super) fn when_mounted(&self, call: impl FnOnce(&'static SecurityScheme, &Context) + Send + 'static) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match self.mounted.get() {
            Some(mounted) => {
                drop(waiting);
                call(mounted.scheme, &mounted.context);
            }
            None => waiting.push(Box::new(call)),
        }
    }
}

/// A changed copy of the sessions is mounted by itself.
impl Clone for Mounting {
    fn clone(&self) -> Self {
        Self { mounted: self.mounted.clone(), waiting: Mutex::default() }
    }
}
