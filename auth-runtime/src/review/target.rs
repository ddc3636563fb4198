//! Targets of rules: routes, subtrees, and operations without a path.

use std::{cmp::Ordering, fmt};

use poem::http::Method;

/// The route, subtree or name that a rule guards.
///
/// ```
/// use auth_runtime::review::Target;
/// use poem::http::Method;
///
/// assert_eq!(Target::route(Method::GET, "/entries/:id").to_string(), "GET /entries/:id");
/// assert_eq!(Target::subtree("/reports/*").to_string(), "ANY /reports/*");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// A method of a path, in Poem's syntax: `GET /entries/:id`.
    Route {
        /// The method.
        method: Method,
        /// The path.
        path: String,
    },
    /// All methods of a path, or of all paths below it: `ANY /reports/*`.
    Subtree {
        /// The path.
        path: String,
    },
    /// A name without a path: an operation that poem-openapi does not list, or a tool.
    Named {
        /// The name.
        name: String,
    },
}

impl Target {
    /// The words that stand in the place of a method.
    pub(super) const SUBTREE: &str = "ANY";
    pub(super) const NAMED: &str = "CALL";

    /// Returns the target for a method of a path.
    ///
    /// # Panics
    /// If the method is `ANY` or `CALL`, which denote other kinds of targets.
    #[must_use]
    pub fn route(method: Method, path: impl Into<String>) -> Self {
        assert!(
            ![Self::SUBTREE, Self::NAMED].contains(&method.as_str()),
            "the method `{method}` stands for another kind of target"
        );
        Self::Route { method, path: path.into() }
    }

    /// Returns the target for all methods of a path, or of all paths below it.
    #[must_use]
    pub fn subtree(path: impl Into<String>) -> Self {
        Self::Subtree { path: path.into() }
    }

    /// Returns the target for something that has no path.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self::Named { name: name.into() }
    }

    /// Returns the method, if the target is a route.
    #[must_use]
    pub const fn method(&self) -> Option<&Method> {
        if let Self::Route { method, .. } = self { Some(method) } else { None }
    }

    /// Returns the path; `None` for a target without one.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Route { path, .. } | Self::Subtree { path } => Some(path),
            Self::Named { .. } => None,
        }
    }

    /// Returns the first word of the target: its method, or what stands in its place.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Route { method, .. } => method.as_str(),
            Self::Subtree { .. } => Self::SUBTREE,
            Self::Named { .. } => Self::NAMED,
        }
    }

    /// Returns the order in a document: by path and method, and names last.
    fn key(&self) -> (bool, &str, &str) {
        match self {
            Self::Named { name } => (true, name, Self::NAMED),
            Self::Route { path, .. } | Self::Subtree { path } => (false, path, self.word()),
        }
    }
}

impl Ord for Target {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Target {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            Some(path) if is_plain(path) => write!(f, "{} {path}", self.word()),
            _ => write!(f, "{} {:?}", self.word(), self.key().1),
        }
    }
}

/// Whether a path can stand without quotation marks.
fn is_plain(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic())
}
