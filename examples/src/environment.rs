//! Reads settings from environment variables. Each error is one line that names the setting and shows no secret.

use std::{
    collections::HashMap, ffi::OsString, fmt, marker::PhantomData, ops::RangeInclusive, str::FromStr, time::Duration,
};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _, MapAccess, Visitor},
};

/// An invalid or missing setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct SettingError {
    setting: &'static str,
    problem: String,
}

impl SettingError {
    /// Returns an error for this setting with this problem.
    pub fn new(setting: &'static str, problem: impl fmt::Display) -> Self {
        Self { setting, problem: problem.to_string() }
    }
}

/// Environment variables.
#[derive(Clone, Default)]
pub struct Environment(HashMap<OsString, OsString>);

impl Environment {
    /// Returns the environment variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// Returns the text of a variable, if it is set.
    ///
    /// # Errors
    /// Returns an error if the value is not UTF-8, or empty: an empty value is most likely a mistake.
    pub fn text(&self, setting: &'static str) -> Result<Option<String>, SettingError> {
        match self.0.get(setting.as_ref() as &std::ffi::OsStr).map(|value| value.to_str()) {
            None => Ok(None),
            Some(Some("")) => Err(SettingError::new(setting, "is empty; set a value or remove it")),
            Some(Some(text)) => Ok(Some(text.to_owned())),
            Some(None) => Err(SettingError::new(setting, "is not UTF-8")),
        }
    }

    /// Returns the JSON value of a variable, if it is set. `expected` describes the value in the error.
    ///
    /// # Errors
    /// Returns an error if the value does not match. The error does not repeat it, because it may contain secrets.
    pub fn json<T: DeserializeOwned>(&self, setting: &'static str, expected: &str) -> Result<Option<T>, SettingError> {
        let Some(text) = self.text(setting)? else { return Ok(None) };
        let in_words = |error: serde_json::Error| {
            let (line, column) = (error.line(), error.column());
            SettingError::new(setting, format_args!("is not {expected} (see line {line}, column {column})"))
        };
        serde_json::from_str(&text).map(Some).map_err(in_words)
    }

    /// Returns whether a variable is `true` (default: `false`).
    ///
    /// # Errors
    /// Returns an error if the value is neither `true` nor `false`.
    pub fn flag(&self, setting: &'static str) -> Result<bool, SettingError> {
        match self.text(setting)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(SettingError::new(setting, "must be `true` or `false`")),
        }
    }

    /// Returns the number in a variable, if it is set.
    ///
    /// # Errors
    /// Returns an error if the value is not a number or out of range.
    pub fn number<N>(&self, setting: &'static str, accepted: RangeInclusive<N>) -> Result<Option<N>, SettingError>
    where
        N: FromStr + PartialOrd + fmt::Display,
    {
        self.in_range(setting, accepted, "number")
    }

    /// Returns the duration in a variable, given in seconds, if it is set.
    ///
    /// # Errors
    /// Returns an error if the value is not a number or out of range.
    pub fn seconds(
        &self,
        setting: &'static str,
        accepted: RangeInclusive<u64>,
    ) -> Result<Option<Duration>, SettingError> {
        Ok(self.in_range(setting, accepted, "number of seconds")?.map(Duration::from_secs))
    }

    /// Returns the port to listen on: `PORT` (default: 3000).
    ///
    /// # Errors
    /// Returns an error if the value is not a port.
    pub fn port(&self) -> Result<u16, SettingError> {
        Ok(self.number("PORT", 0..=u16::MAX)?.unwrap_or(3000))
    }

    fn in_range<N>(
        &self,
        setting: &'static str,
        accepted: RangeInclusive<N>,
        kind: &str,
    ) -> Result<Option<N>, SettingError>
    where
        N: FromStr + PartialOrd + fmt::Display,
    {
        let Some(text) = self.text(setting)? else { return Ok(None) };
        match text.parse() {
            Ok(number) if accepted.contains(&number) => Ok(Some(number)),
            _ => {
                let (least, most) = accepted.into_inner();
                Err(SettingError::new(setting, format_args!("is not a {kind} from {least} to {most}")))
            }
        }
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<K: Into<OsString>, V: Into<OsString>, const N: usize> From<[(K, V); N]> for Environment {
    fn from(variables: [(K, V); N]) -> Self {
        variables.into_iter().collect()
    }
}

/// Shows the names only, because the values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The members of a JSON object, in their order. A duplicate name is an error.
#[derive(Debug)]
pub struct Members<T>(pub Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
    type Value = Members<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Members<T>, M::Error> {
        let mut members: Vec<(String, T)> = Vec::new();
        while let Some((name, value)) = object.next_entry()? {
            if members.iter().any(|(known, _)| *known == name) {
                return Err(M::Error::custom("duplicate name"));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}
