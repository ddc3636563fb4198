//! Tells access tokens from other kinds of tokens, which let no caller in (RFC 8725, section 3.11).
//!
//! A claim that marks a refresh token or an ID token comes first, and rejects it. Then the issuer's own statement
//! decides: the header parameter `typ`, or else the claims `token_use` and `typ`, which must agree. Without a
//! statement, a `nonce` decides.

use std::{fmt, sync::Arc};

use super::{
    error::TokenError,
    json::{Json, Object},
};

/// The header parameter `typ` of an access token (RFC 9068, section 2.1), with and without the optional prefix.
const ACCESS_TOKEN: [&str; 2] = ["at+jwt", "application/at+jwt"];
/// Claims that only an ID token has: hashes of the token or code beside it (OpenID Connect Core, section 3.3.2.11).
const HASHES: [&str; 2] = ["at_hash", "c_hash"];
/// Claims that state the type of a token: `token_use` of Amazon Cognito, and `typ` of Keycloak.
const STATEMENTS: [&str; 2] = ["token_use", "typ"];
/// The values of these claims in ID tokens.
const ID_TOKEN: [&str; 2] = ["id", "id_token"];
/// The values of these claims in refresh tokens. Keycloak writes `Offline` into those that outlive the session.
const REFRESH_TOKEN: [&str; 4] = ["refresh", "refresh_token", "refresh+jwt", "offline"];

/// The kind of a token, as a rule for [`Jwt::token_type`](super::Jwt::token_type) returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// It lets a client call this service.
    AccessToken,
    /// It tells a client who signed in (OpenID Connect Core, section 2), and is refused here.
    IdToken,
    /// A refresh token, a logout token or something else that is refused.
    Other,
}

/// The header and claims that show the type of a token; the input of a rule for
/// [`Jwt::token_type`](super::Jwt::token_type).
#[derive(Clone, Copy)]
pub struct TokenHints<'a> {
    header: &'a HeaderType,
    claims: &'a Object<'a>,
}

/// The header parameter `typ`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeaderType {
    /// `at+jwt`.
    AccessToken,
    /// `JWT`, which says nothing.
    Jwt,
    /// There is none.
    Absent,
    /// Another text, or no text at all.
    Other(Option<Box<str>>),
}

/// How one issuer marks its access tokens.
#[derive(Clone, Default)]
pub(super) struct TypeRule {
    /// Whether the header need not say `at+jwt`.
    pub(super) accepts_untyped: bool,
    /// Set in the module `danger` only.
    pub(super) accepts_id_tokens: bool,
    /// Replaces the default.
    pub(super) custom: Option<CustomRule>,
}

pub(super) type CustomRule = Arc<dyn Fn(TokenHints<'_>) -> TokenType + Send + Sync>;

impl<'a> TokenHints<'a> {
    pub(super) const fn new(header: &'a HeaderType, claims: &'a Object<'a>) -> Self {
        Self { header, claims }
    }

    /// Returns the header parameter `typ`, if it is a string. `at+jwt`, `application/at+jwt` and `JWT` are compared
    /// without case, and returned as `at+jwt` and `JWT`.
    #[must_use]
    pub fn header_type(&self) -> Option<&'a str> {
        match self.header {
            HeaderType::AccessToken => Some(ACCESS_TOKEN[0]),
            HeaderType::Jwt => Some("JWT"),
            HeaderType::Absent => None,
            HeaderType::Other(text) => text.as_deref(),
        }
    }

    /// Returns a claim that is a string.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&'a str> {
        match self.claims.get(name) {
            Some(Json::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns whether the token has a claim of this name, whatever its type.
    #[must_use]
    pub fn has_claim(&self, name: &str) -> bool {
        self.claims.get(name).is_some()
    }

    /// Returns what marks an ID token beyond doubt.
    fn id_token(&self) -> Option<&'static str> {
        HASHES.into_iter().find(|name| self.has_claim(name)).or_else(|| self.stated_as(&ID_TOKEN))
    }

    /// Returns the claim that states one of these types.
    fn stated_as(&self, types: &[&str]) -> Option<&'static str> {
        STATEMENTS.into_iter().find(|name| self.states(name, types))
    }

    fn states(&self, claim: &str, types: &[&str]) -> bool {
        self.claim(claim).is_some_and(|text| types.iter().any(|name| name.eq_ignore_ascii_case(text)))
    }
}

/// Shows the type only: the claims may hold personal data.
impl fmt::Debug for TokenHints<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenHints").field("header_type", &self.header_type()).finish_non_exhaustive()
    }
}

impl HeaderType {
    pub(super) fn read(typ: Option<&Json<'_>>) -> Self {
        match typ {
            None => Self::Absent,
            Some(Json::String(typ)) if ACCESS_TOKEN.iter().any(|name| name.eq_ignore_ascii_case(typ)) => {
                Self::AccessToken
            }
            Some(Json::String(typ)) if typ.eq_ignore_ascii_case("JWT") => Self::Jwt,
            Some(Json::String(typ)) => Self::Other(Some(typ.clone().into())),
            Some(_) => Self::Other(None),
        }
    }
}

impl TypeRule {
    /// Checks the header alone, before any key is looked for.
    pub(super) fn check_header(&self, header: &HeaderType) -> Result<(), TokenError> {
        let is_untyped_good = self.accepts_untyped || self.accepts_id_tokens;
        match header {
            _ if self.custom.is_some() => Ok(()),
            HeaderType::AccessToken => Ok(()),
            HeaderType::Jwt | HeaderType::Absent if is_untyped_good => Ok(()),
            HeaderType::Jwt | HeaderType::Absent => Err(TokenError::Untyped),
            HeaderType::Other(_) => Err(TokenError::Type("header parameter `typ`")),
        }
    }

    /// Checks that a token is an access token. No rule of the application turns a refresh token or an ID token into
    /// one.
    pub(super) fn check(&self, hints: TokenHints<'_>) -> Result<(), TokenError> {
        self.check_header(hints.header)?;
        if let Some(name) = hints.stated_as(&REFRESH_TOKEN) {
            return Err(other_type(name));
        }
        if self.accepts_id_tokens {
            return self.check_as_signed_in(hints);
        }
        if let Some(name) = hints.id_token() {
            return Err(TokenError::IdToken(name));
        }
        match &self.custom {
            Some(rule) => judged(rule(hints)),
            None => statements(hints).reduce(Result::and).unwrap_or_else(|| guessed(hints)),
        }
    }

    /// Checks a token of an issuer whose ID tokens are accepted by a switch of the module `danger`.
    fn check_as_signed_in(&self, hints: TokenHints<'_>) -> Result<(), TokenError> {
        let or_id_token = |checked| match checked {
            Err(TokenError::IdToken(_)) => Ok(()),
            checked => checked,
        };
        match &self.custom {
            Some(rule) => or_id_token(judged(rule(hints))),
            None => statements(hints).try_for_each(or_id_token),
        }
    }
}

fn judged(typ: TokenType) -> Result<(), TokenError> {
    match typ {
        TokenType::AccessToken => Ok(()),
        TokenType::IdToken => Err(TokenError::IdToken("judged by the rule of `Jwt::token_type`")),
        TokenType::Other => Err(TokenError::Type("judged by the rule of `Jwt::token_type`")),
    }
}

fn other_type(claim: &str) -> TokenError {
    TokenError::Type(if claim == "typ" { "claim `typ`" } else { "claim `token_use`" })
}

/// Returns what the issuer states: in the header, or else in both claims. Beside the header, another word in a claim is
/// the application's own.
fn statements(hints: TokenHints<'_>) -> impl Iterator<Item = Result<(), TokenError>> {
    let stated = |name: &'static str, access: &[&str]| {
        let is = |types: &[&str]| hints.states(name, types);
        match hints.claims.get(name)? {
            _ if is(access) => Some(Ok(())),
            _ if is(&ID_TOKEN) => Some(Err(TokenError::IdToken(name))),
            _ if name == "typ" && is(&["JWT"]) => None,
            _ => Some(Err(other_type(name))),
        }
    };
    let all = match hints.header {
        HeaderType::AccessToken => [Some(Ok(())), None],
        _ => [stated("token_use", &["access"]), stated("typ", &["Bearer", "at+jwt"])],
    };
    all.into_iter().flatten()
}

/// Judges a token that says nothing of its kind. An ID token carries the client's `nonce` back (OpenID Connect Core,
/// section 2). Access tokens of some issuers do so too, but nothing tells the two apart, so the token is refused.
fn guessed(hints: TokenHints<'_>) -> Result<(), TokenError> {
    if hints.has_claim("nonce") { Err(TokenError::MayBeIdToken("nonce")) } else { Ok(()) }
}

impl fmt::Debug for TypeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeRule")
            .field("accepts_untyped", &self.accepts_untyped)
            .field("accepts_id_tokens", &self.accepts_id_tokens)
            .field("has_custom_rule", &self.custom.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::{HeaderType, TokenError, TokenHints, TokenType, TypeRule};
    use crate::jwt::json::{Json, Object};

    fn lenient() -> TypeRule {
        TypeRule { accepts_untyped: true, ..TypeRule::default() }
    }

    fn danger() -> TypeRule {
        TypeRule { accepts_id_tokens: true, ..TypeRule::default() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests read better without references")]
    fn check(rule: &TypeRule, header: Option<&str>, claims: Value) -> Result<(), TokenError> {
        let header = HeaderType::read(header.map(|typ| Json::String(typ.into())).as_ref());
        let claims = claims.to_string();
        rule.check(TokenHints::new(&header, &Object::parse(&claims).unwrap()))
    }

    /// Claims that access tokens and ID tokens of an issuer have, besides those that every token has.
    fn shapes() -> [(&'static str, Value, Value); 5] {
        let cognito = json!({ "origin_jti": "o", "event_id": "e", "auth_time": 1, "cognito:groups": ["Viewer"] });
        let keycloak = json!({ "azp": "web", "sid": "s", "acr": "1", "scope": "openid email", "email_verified": true });
        let with = |shape: &Value, more: Value| {
            let (Value::Object(mut shape), Value::Object(more)) = (shape.clone(), more) else { unreachable!() };
            shape.extend(more);
            Value::Object(shape)
        };
        [
            (
                "Amazon Cognito",
                with(&cognito, json!({ "token_use": "access", "client_id": "c", "scope": "openid" })),
                with(&cognito, json!({ "token_use": "id", "aud": "c", "email": "a@example.com" })),
            ),
            (
                "Keycloak 24",
                with(&keycloak, json!({ "typ": "Bearer", "nonce": "n", "session_state": "s" })),
                with(&keycloak, json!({ "typ": "ID", "nonce": "n", "at_hash": "h" })),
            ),
            (
                "Keycloak 25",
                with(&keycloak, json!({ "typ": "Bearer" })),
                with(&keycloak, json!({ "typ": "ID", "at_hash": "h" })),
            ),
            (
                "Entra ID",
                json!({ "ver": "2.0", "azp": "c", "azpacr": "1", "scp": "access_as_user", "oid": "o", "tid": "t" }),
                json!({ "ver": "2.0", "nonce": "n", "oid": "o", "tid": "t", "preferred_username": "a" }),
            ),
            (
                "Auth0",
                json!({ "azp": "c", "scope": "openid profile", "permissions": [], "gty": "password" }),
                json!({ "nonce": "n", "sid": "s", "nickname": "a", "email": "a@example.com" }),
            ),
        ]
    }

    #[test]
    fn r35_access_tokens_of_real_issuers_pass_and_their_id_tokens_do_not() {
        for (issuer, access, id) in shapes() {
            assert_eq!(check(&lenient(), Some("JWT"), access.clone()), Ok(()), "{issuer}");
            assert!(check(&lenient(), Some("JWT"), id.clone()).is_err(), "{issuer}");
            assert_eq!(check(&TypeRule::default(), Some("JWT"), access), Err(TokenError::Untyped), "{issuer}");
            assert_eq!(check(&danger(), Some("JWT"), id), Ok(()), "{issuer}");
        }
    }

    #[test]
    fn r35_a_stated_id_token_is_refused_without_nonce_and_at_hash() {
        assert_eq!(check(&lenient(), None, json!({ "token_use": "id" })), Err(TokenError::IdToken("token_use")));
        assert_eq!(check(&lenient(), None, json!({ "typ": "ID" })), Err(TokenError::IdToken("typ")));
        // Not even a header that contradicts it lets it in.
        assert_eq!(check(&lenient(), Some("at+jwt"), json!({ "typ": "ID" })), Err(TokenError::IdToken("typ")));
    }

    #[test]
    fn r35_other_types_that_the_claims_state_are_refused() {
        for typ in ["Refresh", "Offline", "Logout", "Serialized-ID", "Registration", "logout+jwt", ""] {
            for rule in [lenient(), danger()] {
                assert_eq!(
                    check(&rule, Some("JWT"), json!({ "typ": typ })),
                    Err(TokenError::Type("claim `typ`")),
                    "{typ}"
                );
            }
        }
        for claims in [json!({ "token_use": "refresh" }), json!({ "token_use": 1 }), json!({ "token_use": null })] {
            assert_eq!(check(&lenient(), None, claims), Err(TokenError::Type("claim `token_use`")));
        }
        assert_eq!(check(&lenient(), None, json!({ "typ": ["Bearer"] })), Err(TokenError::Type("claim `typ`")));
        assert_eq!(check(&lenient(), None, json!({ "typ": "JWT" })), Ok(()));
    }

    #[test]
    fn r35_statements_that_contradict_each_other_are_refused() {
        let as_the_application_says =
            TypeRule { custom: Some(Arc::new(|_| TokenType::AccessToken)), ..TypeRule::default() };
        for typ in ["Refresh", "refresh", "Offline", "refresh_token", "refresh+jwt"] {
            for rule in [lenient(), danger(), as_the_application_says.clone()] {
                for header in [None, Some("JWT"), Some("at+jwt")] {
                    let both = json!({ "token_use": "access", "typ": typ });
                    assert_eq!(check(&rule, header, both), Err(TokenError::Type("claim `typ`")), "{typ}");
                    let both = json!({ "token_use": typ, "typ": "Bearer" });
                    assert_eq!(check(&rule, header, both), Err(TokenError::Type("claim `token_use`")), "{typ}");
                }
            }
            let claims = json!({ "typ": typ });
            assert_eq!(check(&TypeRule::default(), Some("at+jwt"), claims), Err(TokenError::Type("claim `typ`")));
        }
        for (token_use, typ, refused) in [
            ("access", "ID", TokenError::IdToken("typ")),
            ("id", "Bearer", TokenError::IdToken("token_use")),
            ("access", "Logout", TokenError::Type("claim `typ`")),
            ("access", "user", TokenError::Type("claim `typ`")),
            ("x", "Bearer", TokenError::Type("claim `token_use`")),
        ] {
            let claims = json!({ "token_use": token_use, "typ": typ });
            assert_eq!(check(&lenient(), Some("JWT"), claims), Err(refused), "{token_use} {typ}");
        }
        let claims = json!({ "token_use": "id", "typ": "Logout" });
        assert_eq!(check(&danger(), None, claims), Err(TokenError::Type("claim `typ`")));
        for typ in ["Bearer", "at+jwt", "JWT"] {
            assert_eq!(check(&lenient(), None, json!({ "token_use": "access", "typ": typ })), Ok(()), "{typ}");
        }
    }

    #[test]
    fn r35_the_header_comes_before_the_claims() {
        for claims in [json!({ "nonce": "n" }), json!({ "typ": "user" }), json!({ "token_use": "x" })] {
            assert_eq!(check(&TypeRule::default(), Some("at+jwt"), claims), Ok(()));
        }
        assert_eq!(
            check(&lenient(), Some("logout+jwt"), json!({ "typ": "Bearer" })),
            Err(TokenError::Type("header parameter `typ`"))
        );
    }

    #[test]
    fn r35_a_token_that_states_nothing_is_judged_by_its_claims() {
        assert_eq!(check(&lenient(), None, json!({})), Ok(()));
        assert_eq!(check(&lenient(), None, json!({ "nonce": "n" })), Err(TokenError::MayBeIdToken("nonce")));
        for name in ["at_hash", "c_hash"] {
            assert_eq!(check(&lenient(), None, json!({ name: "h" })), Err(TokenError::IdToken(name)));
            assert_eq!(check(&lenient(), Some("at+jwt"), json!({ name: "h" })), Err(TokenError::IdToken(name)));
        }
    }

    #[test]
    fn r35_the_rule_of_the_application_replaces_the_default_and_lets_no_id_token_in() {
        let by_header: TypeRule = TypeRule {
            custom: Some(Arc::new(|hints| match (hints.header_type(), hints.claim("kind")) {
                (Some("example+jwt"), _) | (_, Some("access")) => TokenType::AccessToken,
                (Some("JWT"), None) if hints.has_claim("nonce") => TokenType::IdToken,
                _ => TokenType::Other,
            })),
            ..TypeRule::default()
        };
        assert_eq!(check(&by_header, Some("example+jwt"), json!({ "nonce": "n", "typ": "user" })), Ok(()));
        assert_eq!(check(&by_header, Some("JWT"), json!({ "kind": "access" })), Ok(()));
        assert!(matches!(check(&by_header, Some("JWT"), json!({ "nonce": "n" })), Err(TokenError::IdToken(_))));
        assert!(matches!(check(&by_header, Some("at+jwt"), json!({})), Err(TokenError::Type(_))));
        for id in [json!({ "typ": "ID" }), json!({ "token_use": "id" }), json!({ "at_hash": "h" })] {
            assert!(matches!(check(&by_header, Some("example+jwt"), id.clone()), Err(TokenError::IdToken(_))));
            let both = TypeRule { accepts_id_tokens: true, ..by_header.clone() };
            assert_eq!(check(&both, Some("example+jwt"), id), Ok(()));
        }
        let both = TypeRule { accepts_id_tokens: true, ..by_header };
        assert_eq!(check(&both, Some("JWT"), json!({ "nonce": "n" })), Ok(()));
        assert!(matches!(check(&both, Some("logout+jwt"), json!({})), Err(TokenError::Type(_))));
    }

    #[test]
    fn r35_the_header_type_is_read_without_regard_to_case() {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
            assert_eq!(HeaderType::read(Some(&Json::String(typ.into()))), HeaderType::AccessToken, "{typ}");
        }
        for typ in ["JWT", "jwt"] {
            assert_eq!(HeaderType::read(Some(&Json::String(typ.into()))), HeaderType::Jwt, "{typ}");
        }
        for typ in ["dpop+jwt", "logout+jwt", ""] {
            assert_eq!(HeaderType::read(Some(&Json::String(typ.into()))), HeaderType::Other(Some(typ.into())), "{typ}");
        }
        assert_eq!(HeaderType::read(None), HeaderType::Absent);
        for typ in [Json::Null, Json::Integer(1), Json::Number(1.5)] {
            assert_eq!(HeaderType::read(Some(&typ)), HeaderType::Other(None));
        }
    }
}
