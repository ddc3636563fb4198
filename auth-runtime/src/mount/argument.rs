//! Arguments of operations that are security schemes of poem-openapi. They are checked after the rule.

use poem_openapi::{ApiExtractor, ApiExtractorType, registry::Registry};
use serde_json::{Map, Value};

/// An argument of an operation that is a `SecurityScheme` of poem-openapi.
///
/// poem-openapi lists the schemes of all arguments of an operation in one list, so that two arguments look like two
/// alternatives. This type keeps them apart: a caller needs one scheme of each argument.
#[derive(Debug, Clone)]
pub struct SecurityArgument {
    schemes: Vec<&'static str>,
    has_fallback: bool,
    declared: Map<String, Value>,
    /// Whether it is an extractor of Poem, and no security scheme.
    is_extractor: bool,
}

impl SecurityArgument {
    /// Returns an argument of type `T`, unless it is a parameter or a body.
    ///
    /// # Panics
    /// Panics if poem-openapi declares a scheme that is not JSON.
    #[must_use]
    pub fn of<'a, T: ApiExtractor<'a>>() -> Option<Self> {
        if !T::TYPES.contains(&ApiExtractorType::SecurityScheme) {
            let is_plain = |ty| matches!(ty, &ApiExtractorType::Parameter | &ApiExtractorType::RequestObject);
            return (!T::TYPES.iter().all(is_plain)).then(Self::extractor);
        }
        let mut registry = Registry::new();
        T::register(&mut registry);
        let declared = registry.security_schemes.iter().map(|(name, scheme)| {
            let mut scheme = serde_json::to_value(scheme).expect("poem-openapi declares schemes as JSON");
            complete(&mut scheme);
            ((*name).to_owned(), scheme)
        });
        Some(Self {
            schemes: T::security_schemes(),
            has_fallback: T::has_security_fallback(),
            declared: declared.collect(),
            is_extractor: false,
        })
    }

    /// Returns the arguments of each operation that are neither parameters nor a body. `rows` has the positions of the
    /// arguments of each operation in `types`.
    #[must_use]
    pub fn of_operations(types: &[Option<Self>], rows: &[&[u16]]) -> Vec<Vec<Self>> {
        let arguments = |row: &&[u16]| row.iter().filter_map(|&index| types[usize::from(index)].clone()).collect();
        rows.iter().map(arguments).collect()
    }

    fn extractor() -> Self {
        Self { schemes: Vec::new(), has_fallback: false, declared: Map::new(), is_extractor: true }
    }

    /// Whether it is a security scheme, and no other extractor of Poem.
    pub(super) const fn is_scheme(&self) -> bool {
        !self.is_extractor
    }

    /// Returns the alternatives in the order of poem-openapi. `None` is the fallback: it admits callers without a
    /// credential.
    pub(super) fn alternatives(&self) -> impl Iterator<Item = Option<&'static str>> {
        self.schemes.iter().copied().map(Some).chain(self.has_fallback.then_some(None))
    }

    /// Returns whether a caller without a credential is admitted.
    pub(super) const fn has_fallback(&self) -> bool {
        self.has_fallback
    }

    /// Returns the declarations of the schemes, as they stand in a document.
    pub(super) const fn declared(&self) -> &Map<String, Value> {
        &self.declared
    }
}

/// Adds what OpenAPI 3.0 requires of a scheme and poem-openapi leaves out: the `scopes` of a flow that has none.
fn complete(scheme: &mut Value) {
    let flows = scheme.get_mut("flows").and_then(Value::as_object_mut);
    for flow in flows.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        flow.entry("scopes").or_insert_with(|| Map::new().into());
    }
}
