//! Verifies correctly signed tokens with arbitrary claims. A second implementation with its own JSON parser must come
//! to the same result: whether the token is valid, and the caller, roles and permissions in it.
//!
//! Input: a line with four fields, separated by spaces: the paths of the roles, the permissions and the name, and the
//! leeway. Then the claims, in which `<60>` stands for a minute from now, and `<-60>` for a minute ago.

#![no_main]

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use auth_fuzz::{
    app::{self, AUDIENCE, Auth, ISSUER},
    claims::{Caller, Settings, caller},
    json::Json,
    keys::{SECRET, SignWith, token},
    mutate::{self, Random},
};
use auth_runtime::{
    authenticate::{Authenticator, Context},
    credential::{CarriedBy, Credential},
    declared::{SchemeKind, SecurityScheme, kind},
    jwt::Jwt,
};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use poem::http::{HeaderValue, header::AUTHORIZATION};

const BEARER: SecurityScheme = SecurityScheme::new("token", SchemeKind::Bearer { format: None });
/// Largest claims that fit into a header, in bytes.
const MAX_CLAIMS: usize = 6000;

static JWT: LazyLock<Jwt> =
    LazyLock::new(|| Jwt::hs256(SECRET).expect("a good secret").issuer(ISSUER).audience(AUDIENCE).cache_capacity(0));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(seed);
    let line = data[..size].iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if random.below(4) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let made = mutate::json(&data[line..size], CLAIMS, &mut random);
    let made = [&data[..line], &made].concat();
    mutate::replace(data, &made, max_size)
});

/// Members and values that the mutator inserts into the claims.
const CLAIMS: &[&str] = &[
    r#""iss":"https://issuer.example""#,
    r#""aud":["entries","x"]"#,
    r#""sub":"bob""#,
    r#""exp":<60>"#,
    r#""exp":<-60>"#,
    r#""nbf":<60>"#,
    r#""iat":<59>"#,
    r#""iat":0"#,
    r#""jti":"1""#,
    r#""nonce":"x""#,
    r#""at_hash":"x""#,
    r#""token_use":"id""#,
    r#""typ":"ID""#,
    r#""typ":"Bearer""#,
    r#""roles":["Viewer","Editor"]"#,
    r#""roles":"Viewer  Administrator""#,
    r#""permissions":"edit""#,
    r#""permissions":["products:create"]"#,
    r#""scope":"a view""#,
    r#""scp":["edit","a b"]"#,
    r#""name":"Al""#,
    r#""preferred_username":"al""#,
    r#""auth_time":<-5>"#,
    r#""a":{"b":"Viewer"}"#,
    r#""a.b":["Editor"]"#,
    r#""entries""#,
    r#""Viewer""#,
    r#""Administrator""#,
    r#""Viewer\u2003Editor""#,
    r#""Viewer\tEditor""#,
    r#""roles""#,
    r#""permissions""#,
    r#""\u0073ub""#,
    "<1>",
    "<-1>",
    "<61>",
    "<-61>",
    "<0.5>",
    r#""view edit""#,
];

fuzz_target!(|data: &[u8]| {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let Some(settings) = settings(&data[..end]) else { return };
    let before = now();
    let Some(claims) = dated(&data[end + 1..], before).filter(|claims| claims.len() <= MAX_CLAIMS) else { return };
    let actual = actual(&settings, &claims);
    let (early, late) = (caller(&claims, &settings, before), caller(&claims, &settings, now()));
    // The token may become valid or expire between the two readings.
    if early == late {
        assert_eq!(actual, early);
    }
});

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs_f64()
}

fn settings(line: &[u8]) -> Option<Settings> {
    let line = str::from_utf8(line).ok()?;
    let mut words = line.split(' ').map(str::to_owned);
    let (roles, permissions, name) = (words.next()?, words.next()?, words.next()?);
    // The documented maximum is five minutes.
    let leeway = words.next()?.parse::<u16>().ok()?.min(300).into();
    Some(Settings { roles, permissions, names: vec![name], leeway })
}

/// Replaces each distance to now, such as `<60>`, by a time in whole seconds.
fn dated(text: &[u8], now: f64) -> Option<Vec<u8>> {
    let mut rest = text;
    let mut claims = Vec::new();
    while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
        claims.extend_from_slice(&rest[..start]);
        rest = &rest[start + 1..];
        let end = rest.iter().take(12).position(|byte| *byte == b'>')?;
        let distance: f64 = str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
        claims.extend((now.floor() + distance).to_string().bytes());
        rest = &rest[end + 1..];
    }
    claims.extend_from_slice(rest);
    Some(claims)
}

/// Returns the caller that auth-runtime reads, or `None` if it rejects the token.
fn actual(settings: &Settings, claims: &[u8]) -> Option<Caller> {
    let jwt = JWT.clone().leeway(Duration::from_secs(settings.leeway)).roles_claim(&*settings.roles);
    let jwt = jwt.permissions_claim(&*settings.permissions).display_name_claim(&*settings.names[0]);
    let token = token(SignWith::Hmac, r#"{"alg":"HS256","typ":"at+jwt"}"#, claims);
    let value = HeaderValue::try_from(format!("Bearer {token}")).expect("a token");
    let request = app::request(&[(AUTHORIZATION, value)]);
    let Credential::Found(token) = CarriedBy::<kind::Bearer>::find(&request, &BEARER) else { panic!("no token") };
    match app::wait(jwt.authenticate(token, &Context::of::<Auth>())) {
        Ok(identity) => {
            // The application can read all claims.
            let Some(Json::Object(members)) = Json::read(claims) else { panic!("no claims") };
            assert_eq!((identity.issuer(), identity.claims().len()), (ISSUER, members.len()));
            Some(Caller::of(&identity))
        }
        Err(error) => {
            assert!(!error.is_unavailable());
            None
        }
    }
}
