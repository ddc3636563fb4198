//! Counts the password hashes of an import by form.

use std::collections::BTreeMap;

use auth_runtime::password::{HashInfo, HashStrength};
use serde::Serialize;

/// The number of imported hashes of each form and strength.
#[derive(Default)]
pub(super) struct HashForms(BTreeMap<(&'static str, bool), u64>);

/// One form in JSON.
#[derive(Serialize)]
pub(super) struct HashForm {
    form: &'static str,
    /// Whether the hash is below the minimum strength.
    weak: bool,
    count: u64,
}

impl HashForms {
    pub(super) fn add(&mut self, hash: HashInfo) {
        let is_weak = matches!(hash.strength(), HashStrength::Weak(_));
        *self.0.entry((hash.form(), is_weak)).or_default() += 1;
    }

    /// Returns the forms in the order of their names.
    pub(super) fn all(&self) -> Vec<HashForm> {
        self.0.iter().map(|((form, weak), count)| HashForm { form, weak: *weak, count: *count }).collect()
    }

    /// Returns the counts in one line, unless there are none.
    pub(super) fn sentence(&self) -> Option<String> {
        let forms = self.all().into_iter().map(|HashForm { form, weak, count }| {
            let weak = if weak { " (weak, replaced at the next sign-in)" } else { "" };
            format!("{count} {form}{weak}")
        });
        let forms: Vec<_> = forms.collect();
        (!forms.is_empty()).then(|| format!("password hashes: {}", forms.join(", ")))
    }
}
