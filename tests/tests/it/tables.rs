//! More permissions, roles and scopes than fit into one word of bits.

use std::collections::BTreeSet;

use auth_runtime::prelude::*;
use poem::{Endpoint, IntoEndpoint};
use poem_openapi::{OpenApi, payload::PlainText};
use proptest::prelude::*;

use crate::{
    fixture::{By, Caller, Keys, Tokens, get},
    wide::{Wide, WideRole, WideRoleSet, WideSet},
};

#[derive(Auth, Clone, Default)]
#[auth(permissions = Wide, roles = WideRole)]
pub(crate) struct WideAuth {
    #[scheme(oauth2(client_credentials(token_url = "/token")))]
    token: Tokens,
    #[scheme(api_key(header = "X-API-Key"))]
    key: Keys,
    #[overrides]
    grants: PermissionOverrides<Wide>,
}

struct Api;

#[protected(auth = WideAuth)]
#[OpenApi]
impl Api {
    #[permission("p0")]
    #[oai(path = "/0", method = "get")]
    async fn bit_0(&self) -> PlainText<&'static str> {
        PlainText("0")
    }

    #[permission("p63")]
    #[oai(path = "/63", method = "get")]
    async fn bit_63(&self) -> PlainText<&'static str> {
        PlainText("63")
    }

    #[permission("p64")]
    #[oai(path = "/64", method = "get")]
    async fn bit_64(&self) -> PlainText<&'static str> {
        PlainText("64")
    }

    #[permission("p127")]
    #[oai(path = "/127", method = "get")]
    async fn bit_127(&self) -> PlainText<&'static str> {
        PlainText("127")
    }

    #[permission(Wide::P128)]
    #[oai(path = "/128", method = "get")]
    async fn bit_128(&self) -> PlainText<&'static str> {
        PlainText("128")
    }

    #[permission(Wide::P129)]
    #[oai(path = "/129", method = "get")]
    async fn bit_129(&self) -> PlainText<&'static str> {
        PlainText("129")
    }

    #[protected(scope("p128"))]
    #[oai(path = "/scope", method = "get")]
    async fn scope(&self) -> PlainText<&'static str> {
        PlainText("scope")
    }
}

const BITS: [usize; 6] = [0, 63, 64, 127, 128, 129];

async fn assert_has(app: &impl Endpoint, caller: &Caller, has: &[usize]) {
    for bit in BITS {
        let answer = get(&format!("/{bit}")).by(By::Key, caller).to(app).await;
        assert_eq!(answer.status, if has.contains(&bit) { 200 } else { 403 }, "{bit}");
    }
}

#[tokio::test]
async fn each_permission_beyond_one_word_is_distinct() {
    let app = WideAuth::default().service(Api, "Wide", "1").into_endpoint();
    for bit in BITS {
        assert_has(&app, &Caller::new("u").permission(&format!("p{bit}")), &[bit]).await;
    }
    for other in [1, 62, 65, 126] {
        assert_has(&app, &Caller::new("u").permission(&format!("p{other}")), &[]).await;
    }
    assert_has(&app, &Caller::new("u").permission("p130").permission("p192"), &[]).await;
}

#[tokio::test]
async fn roles_have_and_inherit_permissions_of_every_word() {
    let app = WideAuth::default().service(Api, "Wide", "1").into_endpoint();
    assert_has(&app, &Caller::new("u").role("First"), &[0, 63]).await;
    assert_has(&app, &Caller::new("u").role("Second"), &[0, 63, 64, 127]).await;
    assert_has(&app, &Caller::new("u").role("Third"), &BITS).await;
    assert_has(&app, &Caller::new("u").role("Everything"), &BITS).await;
}

#[tokio::test]
async fn overrides_cover_every_word() {
    let grants = PermissionOverrides::new().add("tests", "more", Wide::set(&[Wide::P128])).replace(
        "tests",
        "other",
        Wide::set(&[Wide::P127]),
    );
    let app = WideAuth { grants, ..WideAuth::default() }.service(Api, "Wide", "1").into_endpoint();
    assert_has(&app, &Caller::new("more").permission("p64"), &[64, 128]).await;
    assert_has(&app, &Caller::new("more"), &[128]).await;
    assert_has(&app, &Caller::new("other").role("Everything"), &[127]).await;
}

#[tokio::test]
async fn scopes_cover_every_word() {
    let app = WideAuth::default().service(Api, "Wide", "1").into_endpoint();
    assert_eq!(get("/scope").by(By::Token, &Caller::new("u").scope("p0 p128")).to(&app).await.status, 200);
    assert_eq!(get("/scope").by(By::Token, &Caller::new("u").scope("p0 p64 p12")).to(&app).await.status, 403);
}

#[test]
fn sets_can_be_built_in_constants() {
    const SECOND: WideSet = WideRole::Second.permissions();
    const ALL: WideSet = Wide::set(Wide::ALL);
    const REST: WideSet = ALL.difference(SECOND);
    const { assert!(SECOND.len() == 4 && ALL.len() == 130 && REST.len() == 126) }
    const { assert!(ALL.contains_all(SECOND) && !SECOND.contains_all(ALL) && !REST.intersects(SECOND)) }
    const { assert!(WideSet::EMPTY.is_empty() && !SECOND.is_empty()) }
    assert_eq!(WideRole::Everything.permissions(), ALL);
    assert!(SECOND.contains(Wide::P64) && !SECOND.contains(Wide::P65));
}

fn values() -> impl Strategy<Value = BTreeSet<Wide>> {
    prop::collection::btree_set(prop::sample::select(Wide::ALL), 0..130)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_name_survives_a_round_trip(value in prop::sample::select(Wide::ALL), role in prop::sample::select(WideRole::ALL)) {
        prop_assert_eq!(value.to_string().parse(), Ok(value));
        prop_assert_eq!(role.to_string().parse(), Ok(role));
        let json = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(&json, &format!("{:?}", value.to_string()));
        prop_assert_eq!(serde_json::from_str::<Wide>(&json).unwrap(), value);
        let json = serde_json::to_string(&role).unwrap();
        prop_assert_eq!(serde_json::from_str::<WideRole>(&json).unwrap(), role);
        prop_assert_eq!(Wide::ALL[value.index()], value);
    }

    #[test]
    fn an_undeclared_name_is_rejected(name in "p?[0-9]{0,4}|\\PC{0,12}") {
        let declared = Wide::ALL.iter().any(|value| value.to_string() == name);
        prop_assert_eq!(name.parse::<Wide>().is_ok(), declared);
        let json = serde_json::to_string(&name).unwrap();
        prop_assert_eq!(serde_json::from_str::<Wide>(&json).is_ok(), declared);
        let list = serde_json::to_string(&[&name]).unwrap();
        prop_assert_eq!(serde_json::from_str::<WideSet>(&list).is_ok(), declared);
    }

    #[test]
    fn a_set_behaves_like_a_standard_set(a in values(), b in values(), value in prop::sample::select(Wide::ALL)) {
        let (left, right): (WideSet, WideSet) = (a.iter().copied().collect(), b.iter().copied().collect());
        let set = |values: &BTreeSet<Wide>| values.iter().copied().collect::<WideSet>();
        prop_assert_eq!(left | right, set(&(&a | &b)));
        prop_assert_eq!(left.union(right), set(&(&a | &b)));
        prop_assert_eq!(left & right, set(&(&a & &b)));
        prop_assert_eq!(left.intersection(right), set(&(&a & &b)));
        prop_assert_eq!(left - right, set(&(&a - &b)));
        prop_assert_eq!(left.difference(right), set(&(&a - &b)));
        prop_assert_eq!(left.contains_all(right), a.is_superset(&b));
        prop_assert_eq!(left.intersects(right), !a.is_disjoint(&b));
        prop_assert_eq!(left.contains(value), a.contains(&value));
        prop_assert_eq!(left.is_empty(), a.is_empty());
        prop_assert_eq!(left.len(), a.len());
        prop_assert_eq!(left.iter().collect::<Vec<_>>(), a.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(left == right, a == b);
        let json = serde_json::to_string(&left).unwrap();
        prop_assert_eq!(serde_json::from_str::<WideSet>(&json).unwrap(), left);
        let listed: Vec<Wide> = a.iter().copied().collect();
        prop_assert_eq!(Wide::set(&listed), left);
    }

    #[test]
    fn a_role_inherits_the_permissions_of_its_parents(roles in prop::collection::btree_set(prop::sample::select(WideRole::ALL), 0..4)) {
        let set: WideRoleSet = roles.iter().copied().collect();
        prop_assert_eq!(set.len(), roles.len());
        if roles.contains(&WideRole::Third) {
            prop_assert!(WideRole::Third.permissions().contains_all(WideRole::First.permissions()));
        }
    }
}
