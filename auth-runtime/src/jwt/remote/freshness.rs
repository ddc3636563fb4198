//! For how long an answer is fresh, as its own headers say (RFC 9111, section 4.2).

use std::time::Duration;

use poem::http::{
    HeaderMap,
    header::{AGE, CACHE_CONTROL},
};

/// For how long from now; `None` if the answer does not say. `Expires` is not read: it needs two clocks to agree.
pub(super) fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let lifetime = values.flat_map(|value| value.split(',')).filter_map(lifetime).min()?;
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()).and_then(seconds).unwrap_or_default();
    Some(lifetime.saturating_sub(age))
}

/// Reads one directive. An invalid number counts as zero (RFC 9111, section 4.2.1).
fn lifetime(directive: &str) -> Option<Duration> {
    let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
    match name.trim().to_ascii_lowercase().as_str() {
        "max-age" => Some(seconds(value.trim().trim_matches('"')).unwrap_or_default()),
        "no-store" | "no-cache" => Some(Duration::ZERO),
        _ => None,
    }
}

/// A number too large to count is a long time (RFC 9111, section 1.2.2).
fn seconds(text: &str) -> Option<Duration> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use poem::http::{HeaderMap, HeaderValue, header::AGE, header::CACHE_CONTROL};

    use super::fresh_for;

    fn seconds(cache_control: &[&'static str], age: Option<&'static str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for value in cache_control {
            headers.append(CACHE_CONTROL, HeaderValue::from_static(value));
        }
        age.map(|age| headers.insert(AGE, HeaderValue::from_static(age)));
        fresh_for(&headers).as_ref().map(Duration::as_secs)
    }

    #[test]
    fn max_age_less_the_age() {
        for (cache_control, age, expected) in [
            (vec![], None, None),
            (vec![], Some("5"), None),
            (vec!["public, must-revalidate"], None, None),
            (vec!["max-age=300"], None, Some(300)),
            (vec!["public,MAX-AGE = \"300\" , immutable"], None, Some(300)),
            (vec!["max-age=300"], Some("100"), Some(200)),
            (vec!["max-age=300"], Some("400"), Some(0)),
            (vec!["max-age=300"], Some("soon"), Some(300)),
            (vec!["max-age=300", "no-cache"], None, Some(0)),
            (vec!["no-store"], None, Some(0)),
            (vec!["max-age=300, max-age=60"], None, Some(60)),
            (vec!["max-age=-1"], None, Some(0)),
            (vec!["max-age"], None, Some(0)),
            (vec!["max-age=99999999999999999999999"], None, Some(u64::from(u32::MAX))),
            (vec!["s-maxage=9"], None, None),
        ] {
            assert_eq!(seconds(&cache_control, age), expected, "{cache_control:?} {age:?}");
        }
    }
}
