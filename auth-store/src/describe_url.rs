//! A URL as messages show it.

use url::Url;

/// Returns the part of a URL after its host.
fn after_host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.find(['/', '?', '#']).map(|end| &rest[end..])
}

/// Returns a URL for messages: without user, password and parameters.
///
/// ```
/// use auth_store::describe_url;
///
/// assert_eq!(describe_url("postgres://app:secret@db.example:5433/users?sslmode=require"), "postgres://db.example:5433/users");
/// assert_eq!(describe_url("sqlite:users.db?mode=rwc"), "sqlite:users.db");
/// ```
#[must_use]
pub fn describe_url(url: &str) -> String {
    if url.starts_with("sqlite:") && !url.contains('@') {
        return url.split('?').next().unwrap_or_default().to_owned();
    }
    let Ok(mut parsed) = Url::parse(url) else { return "a URL that cannot be read".to_owned() };
    // An `@` behind the host may end a password that the parser takes for host, port and path.
    let is_clear = parsed.has_host() && !after_host(url).is_some_and(|rest| rest.contains('@'));
    if !is_clear || parsed.set_username("").is_err() || parsed.set_password(None).is_err() {
        return parsed.scheme().to_owned();
    }
    parsed.set_query(None);
    parsed.set_fragment(None);
    parsed.to_string()
}

#[cfg(test)]
mod tests {
    use super::describe_url;

    #[test]
    fn r91_described_url_has_no_secret() {
        for url in [
            "postgres://app:secret@h/db",
            "mysql://app:secret@h:1/db?password=secret",
            "postgres://secret@/db?host=/run&password=secret",
            "postgres:///db?password=secret",
            "postgres://app:sec#secret@h/db",
            "postgres://app:12/secret@h/db",
            "postgres://app:12?secret@h/db",
            "mysql:secret",
            "sqlite://app:secret@h/db",
            "redis://:secret@h:6379/0",
            "rediss://app:12/secret@h/0",
        ] {
            let shown = describe_url(url);
            assert!(!shown.contains("secret") && !shown.contains("12"), "{shown}");
        }
    }
}
