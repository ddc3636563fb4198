//! The settings of an endpoint of tools: its tools with their rules, and the bounds of the transport.

use std::collections::HashMap;

use super::{ProtectedTools, gate::Gate};
use crate::{
    guard::AuthConfig,
    policy::{Access, Operation},
};

/// The settings of one endpoint.
pub(super) struct Settings<A: 'static> {
    pub(super) tools: HashMap<&'static str, &'static Operation<A>>,
    pub(super) gate: Gate<A>,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) origins: Vec<String>,
    pub(super) max_body: usize,
    pub(super) hide_forbidden: bool,
}

impl<A: AuthConfig> Settings<A> {
    /// Returns the defaults for the tools of a type.
    ///
    /// # Panics
    /// If a tool can only be called with schemes that are not configured, or if two tools have one name.
    pub(super) fn of<T: ProtectedTools<Auth = A>>(auth: &A, max_body: usize) -> Self {
        let tools = tools::<T>(auth);
        Self {
            gate: Gate::before(T::tools().into_iter().map(|(_, rule)| rule)),
            tools,
            name: "poem-mcpserver".to_owned(),
            version: "1.0.0".to_owned(),
            origins: Vec::new(),
            max_body,
            hide_forbidden: false,
        }
    }
}

fn tools<T: ProtectedTools>(auth: &T::Auth) -> HashMap<&'static str, &'static Operation<T::Auth>> {
    let mut tools = HashMap::new();
    for (name, operation) in T::tools() {
        let accepted = operation.accepted(auth.configured());
        assert!(
            !matches!(operation.access(), Access::Required { .. }) || !accepted.is_empty(),
            "the tool `{name}` can only be called with security schemes that are not configured",
        );
        assert!(tools.insert(name, operation).is_none(), "two tools are named `{name}`");
    }
    tools
}
