//! An entry of the directory.

use ldap3::SearchEntry;

use crate::{
    attribute::{IdAttribute, Name, text},
    error::SignInError,
};

/// An entry that a search returned.
pub(crate) struct Entry(SearchEntry);

impl Entry {
    pub(crate) const fn new(entry: SearchEntry) -> Self {
        Self(entry)
    }

    pub(crate) fn dn(&self) -> &str {
        &self.0.dn
    }

    /// Returns the identifier of the user.
    pub(crate) fn id(&self, attribute: &IdAttribute) -> Result<String, SignInError> {
        self.value(&attribute.name).and_then(|value| attribute.id(value)).ok_or(SignInError::Identifier)
    }

    /// Returns the text of an attribute, if it has one value that is a text.
    pub(crate) fn text(&self, attribute: &Name) -> Option<&str> {
        self.value(attribute).and_then(text)
    }

    /// Returns the value of an attribute that has exactly one.
    fn value(&self, attribute: &Name) -> Option<&[u8]> {
        let texts = self.0.attrs.iter().filter(|(name, _)| attribute.is(name));
        let texts = texts.flat_map(|(_, values)| values).map(String::as_bytes);
        // The library stores the values of an attribute here if one of them is not UTF-8.
        let binary = self.0.bin_attrs.iter().filter(|(name, _)| attribute.is(name));
        let mut values = texts.chain(binary.flat_map(|(_, values)| values).map(Vec::as_slice));
        values.next().filter(|_| values.next().is_none())
    }
}
