//! Several tenants of one issuer: a template for the claim `iss`, and the tenants that are accepted.

use std::{collections::BTreeSet, fmt, sync::Arc};

use super::{
    error::{JwtError, TokenError},
    json::{Json, Object},
};

/// The longest name of a tenant, in bytes.
const MAX_TENANT: usize = 128;

/// The tenants of an issuer whose tokens are accepted; the input of [`JwtKey::tenants`](super::JwtKey::tenants).
#[derive(Clone)]
pub struct Tenants(Rule);

#[derive(Clone)]
enum Rule {
    Listed(Arc<BTreeSet<String>>),
    Asked(TenantRule),
}

type TenantRule = Arc<dyn Fn(&str) -> bool + Send + Sync>;

impl Tenants {
    /// Accepts these tenants and no others. A name is compared byte by byte.
    ///
    /// ```
    /// use auth_runtime::jwt::Tenants;
    ///
    /// let tenants = Tenants::listed(["72f988bf-86f1-41af-91ab-2d7cd011db47"])?;
    /// assert!(Tenants::listed(["../common"]).is_err());
    /// # Ok::<(), auth_runtime::jwt::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Empty`] if there is none. [`JwtError::Tenant`] if a name is empty, longer than 128 bytes or only
    /// dots, or has characters other than ASCII letters, digits, `-`, `_` and `.`.
    pub fn listed<T: Into<String>>(tenants: impl IntoIterator<Item = T>) -> Result<Self, JwtError> {
        let tenants: BTreeSet<String> = tenants.into_iter().map(Into::into).collect();
        match tenants.iter().find(|tenant| !is_tenant(tenant)) {
            _ if tenants.is_empty() => Err(JwtError::Empty("tenant")),
            Some(bad) => Err(JwtError::Tenant(bad.clone())),
            None => Ok(Self(Rule::Listed(Arc::new(tenants)))),
        }
    }

    /// Accepts a tenant if a function returns true.
    ///
    /// The function runs for each request, after the signature was verified, so a tenant that it drops is out from the
    /// next request on. It must not block: let it look into memory.
    ///
    /// ```
    /// use std::{collections::HashSet, sync::{Arc, RwLock}};
    /// use auth_runtime::jwt::Tenants;
    ///
    /// let customers = Arc::new(RwLock::new(HashSet::from(["72f988bf-86f1-41af-91ab-2d7cd011db47".to_owned()])));
    /// let tenants = Tenants::accepted_by({
    ///     let customers = customers.clone();
    ///     move |tenant| customers.read().is_ok_and(|customers| customers.contains(tenant))
    /// });
    /// ```
    #[must_use]
    pub fn accepted_by(rule: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self(Rule::Asked(Arc::new(rule)))
    }

    /// Checks a tenant, and returns it if it must be checked again with each request.
    fn check(&self, tenant: &str) -> Result<Option<AcceptedTenant>, TokenError> {
        match &self.0 {
            Rule::Listed(listed) if listed.contains(tenant) => Ok(None),
            Rule::Asked(rule) if rule(tenant) => {
                Ok(Some(AcceptedTenant { rule: Arc::clone(rule), name: tenant.into() }))
            }
            Rule::Listed(_) | Rule::Asked(_) => Err(TokenError::Tenant),
        }
    }
}

/// Shows the list, or that there is a function.
impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Rule::Listed(tenants) => f.debug_tuple("Tenants").field(tenants).finish(),
            Rule::Asked(_) => f.debug_struct("Tenants").finish_non_exhaustive(),
        }
    }
}

/// An issuer with one placeholder in its path, such as `https://login.example/{tid}/v2.0`. The placeholder is the name
/// of the claim that holds the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    text: String,
    prefix: String,
    claim: String,
    suffix: String,
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, JwtError> {
        let refused = |reason| JwtError::Template { template: text.to_owned(), reason };
        let (prefix, rest) = text.split_once('{').ok_or(refused("it has no placeholder such as `{tid}`"))?;
        let (claim, suffix) = rest.split_once('}').ok_or(refused("its `{` has no `}`"))?;
        if has_braces(prefix) || has_braces(claim) || has_braces(suffix) {
            return Err(refused("it has more than one placeholder"));
        }
        if claim.is_empty() {
            return Err(refused("the name of a claim belongs between `{` and `}`"));
        }
        // Elsewhere, a tenant could pass for the host, or for a part of it.
        if !(is_up_to_path(prefix) && (suffix.is_empty() || suffix.starts_with('/'))) {
            return Err(refused("the placeholder must be a whole segment of the path: `https://host/{tid}/`"));
        }
        let [prefix, claim, suffix] = [prefix, claim, suffix].map(str::to_owned);
        Ok(Self { text: text.to_owned(), prefix, claim, suffix })
    }

    /// Returns the tenant of this issuer, if the issuer is a filled template.
    pub(super) fn tenant_of<'a>(&self, issuer: &'a str) -> Option<&'a str> {
        let tenant = issuer.strip_prefix(&*self.prefix)?.strip_suffix(&*self.suffix)?;
        is_tenant(tenant).then_some(tenant)
    }

    fn filled(&self, tenant: &str) -> String {
        [&self.prefix, tenant, &self.suffix].concat()
    }

    /// Whether one issuer could be both: segment by segment, with a placeholder for any segment.
    fn overlaps(&self, other: &Self) -> bool {
        let segments = |template: &Self| template.text.split('/').map(str::to_owned).collect::<Vec<_>>();
        let (mine, theirs) = (segments(self), segments(other));
        let fits = |(mine, theirs): (&String, &String)| mine == theirs || has_braces(mine) || has_braces(theirs);
        mine.len() == theirs.len() && mine.iter().zip(&theirs).all(fits)
    }
}

/// The issuer of tokens as it is configured: one, or those of a template.
#[derive(Clone, Debug)]
pub(super) enum IssuerName {
    One(String),
    OfTenants(Template, Tenants),
}

impl IssuerName {
    /// Returns the name for the log.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::One(issuer) => issuer,
            Self::OfTenants(template, _) => &template.text,
        }
    }

    /// Whether tokens that name this issuer belong here. A function for tenants is not asked before the signature is
    /// verified.
    pub(super) fn fits(&self, issuer: &str) -> bool {
        match self {
            Self::One(one) => one == issuer,
            Self::OfTenants(template, tenants) => template.tenant_of(issuer).is_some_and(|tenant| match &tenants.0 {
                Rule::Listed(listed) => listed.contains(tenant),
                Rule::Asked(_) => true,
            }),
        }
    }

    /// Checks the issuer of a token. The claim of the template names the same tenant as the claim `iss`.
    pub(super) fn check(&self, issuer: &str, claims: &Object<'_>) -> Result<Option<AcceptedTenant>, TokenError> {
        if !self.fits(issuer) {
            return Err(TokenError::Issuer);
        }
        let Self::OfTenants(template, tenants) = self else { return Ok(None) };
        match claims.get(&template.claim) {
            Some(Json::String(tenant)) if template.tenant_of(issuer) == Some(tenant) => tenants.check(tenant),
            _ => Err(TokenError::TenantClaim),
        }
    }

    /// Whether one token could be of both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(issuer), other) | (other, Self::One(issuer)) => other.fits(issuer),
            (Self::OfTenants(mine, tenants), Self::OfTenants(theirs, others)) => match (&tenants.0, &others.0) {
                (Rule::Listed(listed), _) => listed.iter().any(|tenant| other.fits(&mine.filled(tenant))),
                (_, Rule::Listed(listed)) => listed.iter().any(|tenant| self.fits(&theirs.filled(tenant))),
                (Rule::Asked(_), Rule::Asked(_)) => mine.overlaps(theirs),
            },
        }
    }

    /// Whether a key that is published for this issuer, or for a template of issuers, may sign tokens of `issuer`.
    ///
    /// Only issuers with tenants are asked: Microsoft Entra publishes the keys of all tenants in one set, and marks
    /// each with the issuer that it is for.
    pub(super) fn may_use(&self, published_for: Option<&str>, issuer: &str) -> bool {
        match (self, published_for) {
            (Self::One(_), _) | (_, None) => true,
            (Self::OfTenants(..), Some(name)) => match Template::parse(name) {
                Ok(template) => template.tenant_of(issuer).is_some(),
                Err(_) => name == issuer,
            },
        }
    }
}

/// A tenant that a function has accepted, and may drop.
pub(super) struct AcceptedTenant {
    rule: TenantRule,
    name: Box<str>,
}

impl AcceptedTenant {
    pub(super) fn is_accepted(&self) -> bool {
        (self.rule)(&self.name)
    }
}

/// Whether this is a template, and not the issuer of one tenant.
pub(super) fn has_braces(issuer: &str) -> bool {
    issuer.contains(['{', '}'])
}

/// Whether this part of a URL names the host, and ends where a segment of the path begins.
fn is_up_to_path(prefix: &str) -> bool {
    let path = prefix.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    path.is_some_and(|(host, _)| !host.is_empty()) && prefix.ends_with('/') && !prefix.contains(['?', '#'])
}

/// A name without characters that have a meaning in a URL: no `/`, no `%`, no `.` or `..` for a folder.
fn is_tenant(name: &str) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_TENANT).contains(&name.len()) && name.bytes().all(is_good) && !name.bytes().all(|byte| byte == b'.')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{IssuerName, JwtError, Template, Tenants};
    use crate::jwt::{error::TokenError, json::Object};

    const ENTRA: &str = "https://login.microsoftonline.com/{tid}/v2.0";

    fn name(template: &str, tenants: Tenants) -> IssuerName {
        IssuerName::OfTenants(Template::parse(template).unwrap(), tenants)
    }

    fn listed(template: &str, tenants: &[&str]) -> IssuerName {
        name(template, Tenants::listed(tenants.iter().copied()).unwrap())
    }

    fn asked(template: &str) -> IssuerName {
        name(template, Tenants::accepted_by(|tenant| tenant == "a1"))
    }

    #[expect(clippy::needless_pass_by_value, reason = "tests read better without references")]
    fn check(name: &IssuerName, issuer: &str, tid: Value) -> Result<bool, TokenError> {
        let claims = json!({ "tid": tid }).to_string();
        name.check(issuer, &Object::parse(&claims).unwrap()).map(|tenant| tenant.is_some())
    }

    #[test]
    fn r34_a_template_has_one_placeholder_that_is_a_whole_segment() {
        assert!(Template::parse(ENTRA).is_ok() && Template::parse("https://sts.windows.net/{tid}/").is_ok());
        for bad in [
            "https://a.example/",
            "https://a.example/{}/",
            "https://a.example/{tid",
            "https://a.example/tid}",
            "https://a.example/{tid}/{tid}",
            "https://a.example/{{tid}}/",
            "https://a.example/x{tid}/",
            "https://a.example/{tid}x",
            "https://{tid}.a.example/",
            "https://{tid}/v2.0",
            "https://{tid}",
            "https:///{tid}/v2.0",
            "//{tid}/v2.0",
            "/{tid}/v2.0",
            "{tid}/v2.0",
            "https://a.example?x=/{tid}/",
            "https://a.example/?x=/{tid}/",
            "https://a.example/#/{tid}/",
            "",
        ] {
            assert!(matches!(Template::parse(bad), Err(JwtError::Template { .. })), "{bad}");
        }
    }

    #[test]
    fn r34_a_tenant_has_no_characters_with_a_meaning_in_a_url() {
        let long = "a".repeat(129);
        for bad in ["", ".", "..", "a/b", "a%2Fb", "a b", "a?b", "a#b", "{tid}", "a@b", "a:b", "ä", "a\\b", &long] {
            assert!(matches!(Tenants::listed([bad]), Err(JwtError::Tenant(_))), "{bad}");
            let issuer = format!("https://login.microsoftonline.com/{bad}/v2.0");
            let any = name(ENTRA, Tenants::accepted_by(|_| true));
            assert!(!any.fits(&issuer), "{bad}");
            assert_eq!(check(&any, &issuer, json!(bad)), Err(TokenError::Issuer), "{bad}");
        }
        assert!(Tenants::listed(["contoso.onmicrosoft.com", "72f988bf-86f1-41af-91ab-2d7cd011db47", "a_b"]).is_ok());
        assert_eq!(Tenants::listed::<&str>([]).unwrap_err(), JwtError::Empty("tenant"));
    }

    #[test]
    fn r34_the_claim_names_the_tenant_of_the_issuer() {
        let issuer = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
        for (name, again) in [(listed(ENTRA, &["a1", "b2"]), false), (asked(ENTRA), true)] {
            assert_eq!(check(&name, &issuer("a1"), json!("a1")), Ok(again));
            for other in [json!("b2"), json!("A1"), json!(""), json!(null), json!(["a1"]), json!(1)] {
                assert_eq!(check(&name, &issuer("a1"), other.clone()), Err(TokenError::TenantClaim), "{other}");
            }
            let claims = Object::parse("{}").unwrap();
            assert!(matches!(name.check(&issuer("a1"), &claims), Err(TokenError::TenantClaim)));
            for bad in [ENTRA, "https://login.microsoftonline.com/a1/v1.0", "https://evil.example/a1/v2.0", "a1"] {
                assert_eq!(check(&name, bad, json!("a1")), Err(TokenError::Issuer), "{bad}");
            }
        }
        assert_eq!(check(&listed(ENTRA, &["a1"]), &issuer("c3"), json!("c3")), Err(TokenError::Issuer));
        assert_eq!(check(&asked(ENTRA), &issuer("c3"), json!("c3")), Err(TokenError::Tenant));
        assert!(asked(ENTRA).fits(&issuer("c3")));
    }

    #[test]
    fn one_token_is_of_one_verifier() {
        let one = |tenant: &str| IssuerName::One(format!("https://login.microsoftonline.com/{tenant}/v2.0"));
        for (first, second, overlap) in [
            (one("a1"), one("a1"), true),
            (one("a1"), one("b2"), false),
            (one("a1"), listed(ENTRA, &["a1", "b2"]), true),
            (one("c3"), listed(ENTRA, &["a1", "b2"]), false),
            // A function may say yes later.
            (one("c3"), asked(ENTRA), true),
            (listed(ENTRA, &["a1"]), listed(ENTRA, &["b2"]), false),
            (listed(ENTRA, &["a1", "b2"]), listed(ENTRA, &["b2"]), true),
            (listed(ENTRA, &["a1"]), asked("https://login.microsoftonline.com/{tenant}/v2.0"), true),
            (asked(ENTRA), asked("https://login.microsoftonline.com/{tenant}/v2.0"), true),
            (asked(ENTRA), asked("https://sts.windows.net/{tid}/"), false),
            (asked("https://a.example/{tid}/b"), asked("https://a.example/b/{tid}"), true),
            (asked("https://a.example/{tid}/b"), asked("https://a.example/b/{tid}/c"), false),
        ] {
            assert_eq!(first.overlaps(&second), overlap, "{first:?} {second:?}");
            assert_eq!(second.overlaps(&first), overlap, "{second:?} {first:?}");
        }
    }

    #[test]
    fn r34_a_key_of_one_tenant_is_for_that_tenant() {
        let issuer = "https://login.microsoftonline.com/a1/v2.0";
        let name = listed(ENTRA, &["a1", "b2"]);
        for good in [None, Some(issuer), Some("https://login.microsoftonline.com/{tenantid}/v2.0")] {
            assert!(name.may_use(good, issuer), "{good:?}");
        }
        for bad in
            ["https://login.microsoftonline.com/b2/v2.0", "https://sts.windows.net/{tenantid}/", "", "{tenantid}", "a1"]
        {
            assert!(!name.may_use(Some(bad), issuer), "{bad}");
            assert!(IssuerName::One(issuer.to_owned()).may_use(Some(bad), issuer));
        }
    }

    /// Texts that are a tenant, nearly one, or something else.
    fn tenant() -> impl Strategy<Value = String> {
        prop_oneof!["(a1|b2)", "[ab12/%.{}?#@ \\\\]{0,5}", "(a1|b2)(/|%2[fF]|\\.\\./|/\\.\\.)(a1|b2)?", ".{0,8}"]
    }

    proptest! {
        #[test]
        fn r34_only_a_listed_tenant_that_both_claims_name_is_accepted(issuer in tenant(), claim in tenant()) {
            let text = format!("https://login.microsoftonline.com/{issuer}/v2.0");
            let is_good = issuer == claim && ["a1", "b2"].contains(&&*issuer);
            let accepted = |name: &IssuerName| check(name, &text, json!(claim)).is_ok();
            prop_assert_eq!(accepted(&listed(ENTRA, &["a1", "b2"])), is_good);
            prop_assert_eq!(accepted(&asked(ENTRA)), is_good && issuer == "a1");
        }
    }
}
