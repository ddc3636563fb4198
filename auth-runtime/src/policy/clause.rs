//! A requirement as an owned tree, which needs no program.

use std::{fmt, ops::Deref};

use super::{ClaimContent, Node, Requirement};
use crate::declared::AuthSchema;

/// A [`Requirement`] with owned names.
///
/// [`Display`](fmt::Display) writes it as the attributes do. The text of a check stands in quotes.
// No variant is called `Role` or `Permission`: a second public item of such a name makes the compiler write the
// application's own type with its full path in every error.
///
/// ```
/// use auth_runtime::review::Clause;
///
/// let clause = Clause::any([Clause::role("Administrator"), Clause::permission("edit")]);
/// assert_eq!(clause.to_string(), r#"any(role("Administrator"), permission("edit"))"#);
/// assert_eq!(clause.to_string().parse::<Clause>()?, clause);
/// # Ok::<(), auth_runtime::review::ParsePolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Clause {
    /// Every authenticated caller meets it.
    Authenticated,
    /// Callers with this role meet it.
    HasRole(String),
    /// Callers with this permission meet it, directly or through a role.
    HasPermission(String),
    /// Callers whose token has this OAuth 2 scope meet it.
    HasScope(String),
    /// Callers who used this scheme meet it.
    UsesScheme(String),
    /// Callers who signed in at most this many seconds ago meet it.
    Fresh(u64),
    /// Callers whose claim has this value meet it.
    Claim {
        /// Name of the claim.
        name: String,
        /// The value that is asked for.
        value: ClaimContent,
    },
    /// Callers who signed in under one of these authentication context classes meet it.
    Acr(Vec<String>),
    /// The application decides by this expression.
    Checked(CheckText),
    /// Callers who meet the clause meet it: a rule that several operations share under this name.
    Named {
        /// Name of the rule.
        name: String,
        /// The clause of the rule.
        clause: Box<Clause>,
    },
    /// Callers who meet every clause meet it.
    All(Clauses),
    /// Callers who meet at least one clause meet it.
    Any(Clauses),
    /// Callers who do not meet the clause meet it.
    Not(Box<Clause>),
}

impl Clause {
    /// Returns the clause for a role.
    #[must_use]
    pub fn role(name: impl Into<String>) -> Self {
        Self::HasRole(name.into())
    }

    /// Returns the clause for a permission.
    #[must_use]
    pub fn permission(name: impl Into<String>) -> Self {
        Self::HasPermission(name.into())
    }

    /// Returns the clause for a scope.
    #[must_use]
    pub fn scope(name: impl Into<String>) -> Self {
        Self::HasScope(name.into())
    }

    /// Returns the clause for a scheme.
    #[must_use]
    pub fn scheme(name: impl Into<String>) -> Self {
        Self::UsesScheme(name.into())
    }

    /// Returns the clause for an expression.
    #[must_use]
    pub fn check(text: impl Into<String>) -> Self {
        Self::Checked(CheckText::new(text))
    }

    /// Returns the clause with the name of its rule.
    ///
    /// ```
    /// use auth_runtime::review::Clause;
    ///
    /// let clause = Clause::named("STAFF", Clause::role("User"));
    /// assert_eq!(clause.to_string(), r#"STAFF = role("User")"#);
    /// ```
    #[must_use]
    pub fn named(name: impl Into<String>, clause: Self) -> Self {
        Self::Named { name: name.into(), clause: Box::new(clause) }
    }

    /// Returns the clause that needs all of these. An empty list does not compile.
    #[must_use]
    pub fn all<const N: usize>(clauses: [Self; N]) -> Self {
        const { assert!(N > 0, "`all` of no clauses would admit every authenticated caller: pass at least one") }
        Self::All(Clauses(clauses.into()))
    }

    /// Returns the clause that needs at least one of these. An empty list does not compile.
    #[must_use]
    pub fn any<const N: usize>(clauses: [Self; N]) -> Self {
        const { assert!(N > 0, "`any` of no clauses would deny every caller: pass at least one") }
        Self::Any(Clauses(clauses.into()))
    }

    /// Returns the clause that needs the opposite.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it is the name of the clause")]
    pub fn not(clause: Self) -> Self {
        Self::Not(Box::new(clause))
    }

    /// Returns the clauses directly below this one.
    #[must_use]
    pub fn children(&self) -> &[Self] {
        match self {
            Self::All(clauses) | Self::Any(clauses) => clauses,
            Self::Not(clause) | Self::Named { clause, .. } => std::slice::from_ref(clause),
            _ => &[],
        }
    }

    /// Calls `visit` with each clause that has no clauses below it, from left to right.
    pub(crate) fn visit<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        if self.children().is_empty() {
            visit(self);
        }
        self.children().iter().for_each(|clause| clause.visit(visit));
    }
}

impl Clause {
    /// Calls `change` with each clause that has no clauses below it.
    pub(crate) fn visit_mut(&mut self, change: &mut impl FnMut(&mut Self)) {
        match self {
            Self::All(Clauses(clauses)) | Self::Any(Clauses(clauses)) => {
                for clause in clauses {
                    clause.visit_mut(change);
                }
            }
            Self::Not(clause) | Self::Named { clause, .. } => clause.visit_mut(change),
            leaf => change(leaf),
        }
    }
}

impl<A: AuthSchema> From<&Requirement<A>> for Clause {
    fn from(requirement: &Requirement<A>) -> Self {
        let clause = Self::of_node(requirement.node());
        match (requirement.name(), clause) {
            (None, clause) => clause,
            (Some(name), Self::Checked(text)) => Self::Checked(text.named(name)),
            (Some(name), clause) => Self::named(name, clause),
        }
    }
}

impl Clause {
    fn of_node<A: AuthSchema>(node: Node<A>) -> Self {
        let list = |clauses: &[Requirement<A>]| Clauses(clauses.iter().map(Self::from).collect());
        match node {
            Node::Authenticated => Self::Authenticated,
            Node::Role { name, .. } => Self::role(name),
            Node::Permission { name, .. } => Self::permission(name),
            Node::Scope { name, .. } => Self::scope(name),
            Node::Scheme { name, .. } => Self::scheme(name),
            Node::Fresh { seconds } => Self::Fresh(seconds),
            Node::Claim { name, value } => Self::Claim { name: name.to_owned(), value: value.into() },
            Node::Acr { values } => Self::Acr(values.iter().map(|value| (*value).to_owned()).collect()),
            Node::Check { source, .. } => Self::check(source),
            Node::All(clauses) => Self::All(list(clauses)),
            Node::Any(clauses) => Self::Any(list(clauses)),
            Node::Not(clause) => Self::not(clause.into()),
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authenticated => f.write_str("authenticated"),
            Self::HasRole(name) => write!(f, "role({name:?})"),
            Self::HasPermission(name) => write!(f, "permission({name:?})"),
            Self::HasScope(name) => write!(f, "scopes({name:?})"),
            Self::UsesScheme(name) => write!(f, "schemes({name:?})"),
            Self::Fresh(seconds) => write!(f, "fresh = \"{}\"", Age(*seconds)),
            Self::Claim { name, value } => write!(f, "claim({name:?} = {value})"),
            Self::Acr(values) => {
                let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
                write!(f, "acr({})", quoted.join(", "))
            }
            Self::Checked(text) => write!(f, "{text}"),
            Self::Named { name, clause } => write!(f, "{} = {clause}", RuleName(name)),
            Self::All(clauses) => write!(f, "all({clauses})"),
            Self::Any(clauses) => write!(f, "any({clauses})"),
            Self::Not(clause) => write!(f, "not({clause})"),
        }
    }
}

/// The name of a rule: bare if it is a constant's, as the attributes write it, and otherwise in quotes.
pub(crate) struct RuleName<'a>(pub(crate) &'a str);

impl RuleName<'_> {
    /// Returns whether a bare name can have this character.
    pub(crate) const fn has(character: char) -> bool {
        matches!(character, 'A'..='Z' | '0'..='9' | '_')
    }

    /// Returns whether the name can stand without quotes. A clause never begins with a capital letter.
    fn is_bare(&self) -> bool {
        self.0.starts_with(|first: char| first.is_ascii_uppercase()) && self.0.chars().all(Self::has)
    }
}

impl fmt::Display for RuleName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_bare() { f.write_str(self.0) } else { write!(f, "{:?}", self.0) }
    }
}

/// A time as the attributes write it, in the largest unit that divides it: `5m`.
pub(crate) struct Age(pub(crate) u64);

/// Units from the largest to the smallest, in seconds.
pub(crate) const UNITS: [(u64, char); 4] = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')];

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(unit, _): &(u64, char)| self.0 >= *unit && self.0.is_multiple_of(*unit);
        let (unit, letter) = UNITS.into_iter().find(fits).unwrap_or((1, 's'));
        write!(f, "{}{letter}", self.0 / unit)
    }
}

/// A list of at least one clause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clauses(Vec<Clause>);

impl Clauses {
    /// Returns the list, or nothing if it is empty: the meaning would be ambiguous.
    #[must_use]
    pub fn new(clauses: Vec<Clause>) -> Option<Self> {
        (!clauses.is_empty()).then_some(Self(clauses))
    }
}

impl Deref for Clauses {
    type Target = [Clause];

    fn deref(&self) -> &[Clause] {
        &self.0
    }
}

impl fmt::Display for Clauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, clause) in self.iter().enumerate() {
            write!(f, "{}{clause}", if index > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// The text of a check.
///
/// Two texts are equal if they differ in spaces only, because compilers put spaces in different places. Spaces inside
/// of a string literal, and between two words, count. A check with another name is another check.
///
/// ```
/// use auth_runtime::review::CheckText;
///
/// assert_eq!(CheckText::new("owns(&caller, id)"), CheckText::new("owns (& caller , id)"));
/// assert_ne!(CheckText::new(r#"name == "a b""#), CheckText::new(r#"name == "ab""#));
/// ```
#[derive(Clone, Debug)]
pub struct CheckText {
    /// The name of `check("name") = expression`.
    name: Option<String>,
    text: String,
    /// The text without the spaces that do not count.
    key: String,
}

impl CheckText {
    /// Returns the text of an expression.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = tidy(&text.into());
        Self { name: None, key: significant(&text), text }
    }

    /// Returns the text with a name, as `check("name") = expression` gives it.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// Returns the name, if the check has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the text as the compiler wrote it, without spaces behind unary operators: `*id` for `* id`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// As `access.lock` writes it.
impl fmt::Display for CheckText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "check({name:?}) = {:?}", self.text),
            None => write!(f, "check = {:?}", self.text),
        }
    }
}

impl From<&str> for CheckText {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl PartialEq for CheckText {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for CheckText {}

impl PartialOrd for CheckText {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CheckText {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.key, &self.name).cmp(&(&other.key, &other.name))
    }
}

impl std::hash::Hash for CheckText {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.key, &self.name).hash(state);
    }
}

/// Returns an expression without the spaces that do not count.
fn significant(text: &str) -> String {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut key = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' { string_length(rest) } else { char_length(rest) };
        let (token, after) = rest.split_at(length);
        rest = after;
        if !first.is_whitespace() {
            key.push_str(token);
        } else if key.ends_with(is_word) && rest.starts_with(is_word) {
            key.push(' ');
        }
    }
    key
}

/// Returns an expression without the spaces that the compiler puts behind unary operators.
fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' { string_length(rest) } else { char_length(rest) };
        let (token, after) = rest.split_at(length);
        rest = after;
        if !(first.is_whitespace() && ends_with_unary(&tidied)) {
            tidied.push_str(token);
        }
    }
    tidied
}

/// Whether the last character is an operator of one operand: it stands at the start, or behind another operator.
fn ends_with_unary(text: &str) -> bool {
    let Some(operator) = text.chars().next_back().filter(|last| "*&!-".contains(*last)) else { return false };
    let before = &text[..text.len() - operator.len_utf8()];
    let is_doubled = operator == '&' && before.ends_with('&');
    !is_doubled && before.trim_end().chars().next_back().is_none_or(|last| "([{,;:=<>|&*!+-/%^".contains(last))
}

/// Returns the length of the string literal at the start.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, character)| {
        let ends = *character == '"' && !escaped;
        escaped = *character == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(index, _)| index + 1)
}

/// Returns the length of the first character, or of the literal of a quotation mark.
fn char_length(text: &str) -> usize {
    let quote = ["'\"'", "'\\\"'"].into_iter().find(|literal| text.starts_with(literal));
    quote.map_or_else(|| text.chars().next().map_or(0, char::len_utf8), str::len)
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::{Age, CheckText, significant, tidy};

    #[test]
    fn checks_are_equal_if_name_and_significant_text_are() {
        let check = CheckText::new("owns (& caller , id)");
        assert_eq!(check.name(), None);
        let named = check.clone().named("owner");
        assert_eq!(named.name(), Some("owner"));
        assert_ne!(named, check);
        let same = CheckText::from("owns(&caller, id)");
        let other = CheckText::new("owns(&caller, other)");
        let hasher = RandomState::new();
        assert_eq!((&check, hasher.hash_one(&check)), (&same, hasher.hash_one(&same)));
        assert_ne!(hasher.hash_one(&check), hasher.hash_one(&other));
        assert_ne!(hasher.hash_one(&check), hasher.hash_one(&named));
    }

    #[test]
    fn spaces_count_in_literals_and_between_words() {
        for (text, key) in [
            ("owns (& caller , id)", "owns(&caller,id)"),
            ("a  as   u8", "a as u8"),
            (r#"name == "a  \" b" && x"#, r#"name=="a  \" b"&&x"#),
            (r#"c == '"' && name == "a  b""#, r#"c=='"'&&name=="a  b""#),
            (r#"open == "a  b"#, r#"open=="a  b"#),
            (r#"owns ("a" , "" , "ab" , "\\" , b)"#, r#"owns("a","","ab","\\",b)"#),
        ] {
            assert_eq!(significant(text), key);
        }
    }

    #[test]
    fn no_space_stands_behind_a_unary_operator() {
        for (text, tidied) in [
            ("self.is_author(caller, * id)", "self.is_author(caller, *id)"),
            ("* id == - 1 && ! done || & a < & * b", "*id == -1 && !done || &a < &*b"),
            ("a * b - c & d && e != f", "a * b - c & d && e != f"),
            (r#"name == "( * " && c == '"' && x == * y"#, r#"name == "( * " && c == '"' && x == *y"#),
        ] {
            assert_eq!(tidy(text), tidied);
        }
    }

    #[test]
    fn an_age_is_written_in_the_largest_unit_that_divides_it() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (90, "90s"), (300, "5m"), (3_600, "1h"), (604_800, "7d")] {
            assert_eq!(Age(seconds).to_string(), text);
        }
    }
}
