//! The rows of the result tables: a contender in one case each.

use std::{cell::LazyCell, rc::Rc};

use crate::{
    case::Case,
    contender::Shared,
    contenders::{
        bare, floors,
        hand_written::hand_written,
        hand_written_stores,
        jwt_authorizer::jwt_authorizer,
        poem_grants::poem_grants,
        this_library::{self, Cache},
        tools,
    },
    keys::{Algorithm, Keys},
};

/// The row that all others are compared with.
pub const BARE: &str = "bare poem-openapi operation";

const HAND_WRITTEN: &str = "SecurityScheme of poem-openapi, with jsonwebtoken or a HashMap";

/// A value that is created at its first use, because generating keys and hashing passwords is slow.
type Lazy<T> = Rc<LazyCell<T, Box<dyn FnOnce() -> T>>>;

/// A contender in one case.
pub struct Row {
    /// The heading above the row.
    pub group: &'static str,
    /// The name in the table.
    pub name: String,
    /// The case that the row measures.
    pub case: Case,
    contender: Lazy<Shared>,
}

impl Row {
    /// Returns the measured implementation.
    #[must_use]
    pub fn contender(&self) -> &Shared {
        &self.contender
    }

    /// Returns whether both rows measure the same contender.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.contender, &other.contender)
    }
}

/// Returns all rows, in the order of the table.
#[must_use]
pub fn all() -> Vec<Row> {
    let keys = Algorithm::ALL.map(|algorithm| lazy(move || Keys::generate(algorithm)));
    let mut rows = floors(&keys);
    rows.extend(bares(&keys[0]));
    rows.extend(this_library(&keys));
    rows.extend(refused(&keys[0]));
    rows.extend(three_schemes(&keys[0]));
    rows.extend(mcp_tools(&keys[0]));
    rows.extend(each(HAND_WRITTEN, "hand-written", &keys, hand_written));
    rows.push(valid(HAND_WRITTEN, "hand-written, API key", lazy(hand_written_stores::keys)));
    rows.push(valid(HAND_WRITTEN, "hand-written, Basic", lazy(hand_written_stores::passwords)));
    rows.extend(each("poem-grants, with jsonwebtoken", "poem-grants", &keys, poem_grants));
    rows.extend(each("jwt-authorizer, with axum", "jwt-authorizer", &keys, jwt_authorizer));
    rows
}

/// Returns the bare poem-openapi operation, and the rows whose name contains the text.
#[must_use]
pub fn matching(text: &str) -> Vec<Row> {
    all().into_iter().filter(|row| row.name == BARE || row.name.contains(text)).collect()
}

fn floors(keys: &[Lazy<Keys>; 4]) -> Vec<Row> {
    let mut rows = each("floors", "bare signature", keys, floors::signature);
    rows.push(valid("floors", "bare look-up", from(&keys[0], floors::look_up)));
    rows
}

fn bares(keys: &Lazy<Keys>) -> Vec<Row> {
    let group = "without protection";
    vec![
        valid(group, "bare Poem handler", lazy(bare::poem)),
        valid(group, BARE, lazy(bare::poem_openapi)),
        valid(group, "bare operation, with a token", from(keys, bare::with_token)),
        valid(group, "bare axum handler", lazy(bare::axum)),
    ]
}

fn this_library(keys: &[Lazy<Keys>; 4]) -> Vec<Row> {
    let group = "auth-runtime";
    let mut rows = each(group, "new token", keys, |keys| this_library::tokens(keys, Cache::Off));
    rows.extend(each(group, "known token", keys, |keys| this_library::tokens(keys, Cache::On)));
    rows.push(valid(group, "public operation", from(&keys[0], this_library::public)));
    rows.push(valid(group, "known session", lazy(this_library::sessions)));
    rows.push(valid(group, "API key", lazy(this_library::api_keys)));
    rows.push(valid(group, "Basic, known password", lazy(this_library::passwords)));
    rows
}

fn refused(keys: &Lazy<Keys>) -> Vec<Row> {
    let group = "auth-runtime, refused";
    let new = from(keys, |keys| this_library::tokens(keys, Cache::Off));
    let known = from(keys, |keys| this_library::tokens(keys, Cache::On));
    vec![
        row(group, "denied: new token, HS256", Case::LackingPermission, &new),
        row(group, "denied: known token, HS256", Case::LackingPermission, &known),
        row(group, "bad signature, HS256", Case::BadSignature, &known),
        row(group, "garbage", Case::Garbage, &known),
        row(group, "no credential", Case::NoCredential, &known),
    ]
}

fn three_schemes(keys: &Lazy<Keys>) -> Vec<Row> {
    let group = "auth-runtime, with three schemes";
    let tokens = from(keys, this_library::any_with_tokens);
    vec![
        row(group, "three: known token, HS256", Case::Valid, &tokens),
        valid(group, "three: API key", from(keys, this_library::any_with_api_keys)),
        valid(group, "three: Basic", from(keys, this_library::any_with_passwords)),
        row(group, "three: no credential", Case::NoCredential, &tokens),
    ]
}

fn mcp_tools(keys: &Lazy<Keys>) -> Vec<Row> {
    let group = "tools of poem-mcpserver";
    let known = from(keys, tools::known_token);
    vec![
        valid(group, "tool: bare", lazy(tools::bare)),
        valid(group, "tool: public", from(keys, tools::public)),
        row(group, "tool: known token, HS256", Case::Valid, &known),
        row(group, "tool: denied", Case::LackingPermission, &known),
        row(group, "tool: no credential", Case::NoCredential, &known),
    ]
}

/// Returns one row for each algorithm.
fn each(group: &'static str, name: &str, keys: &[Lazy<Keys>; 4], contender: fn(&Keys) -> Shared) -> Vec<Row> {
    let name = |algorithm: Algorithm| format!("{name}, {}", algorithm.name());
    let rows = Algorithm::ALL.into_iter().zip(keys);
    rows.map(|(algorithm, keys)| valid(group, name(algorithm), from(keys, contender))).collect()
}

fn valid(group: &'static str, name: impl Into<String>, contender: Lazy<Shared>) -> Row {
    Row { group, name: name.into(), case: Case::Valid, contender }
}

fn row(group: &'static str, name: &str, case: Case, contender: &Lazy<Shared>) -> Row {
    Row { group, name: name.to_owned(), case, contender: Rc::clone(contender) }
}

fn from(keys: &Lazy<Keys>, contender: fn(&Keys) -> Shared) -> Lazy<Shared> {
    let keys = Rc::clone(keys);
    lazy(move || contender(&keys))
}

fn lazy<T>(make: impl FnOnce() -> T + 'static) -> Lazy<T> {
    Rc::new(LazyCell::new(Box::new(make)))
}
