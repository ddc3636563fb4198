//! What the store requires of a server, and reads from `INFO` after each connect.

/// The oldest version with absolute times to live in `SET`.
const OLDEST: (u32, u32) = (6, 2);

/// The facts about a server that decide whether state is safe there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ServerInfo {
    version: Option<(u32, u32)>,
    eviction_policy: Option<String>,
    is_persistent: bool,
}

impl ServerInfo {
    /// Reads the answer to `INFO`: a line `name:value` for each fact.
    pub(super) fn parse(info: &str) -> Self {
        let field = |name: &str| {
            info.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':').map(str::to_owned))
        };
        Self {
            version: field("redis_version").as_deref().and_then(version),
            eviction_policy: field("maxmemory_policy"),
            is_persistent: field("aof_enabled").as_deref() == Some("1"),
        }
    }

    /// Returns why no state may be kept on this server.
    pub(super) fn refusal(&self) -> Option<String> {
        if self.version.is_some_and(|version| version < OLDEST) {
            return Some(format!("it needs Redis {}.{} or later, or Valkey", OLDEST.0, OLDEST.1));
        }
        match self.eviction_policy.as_deref() {
            Some("noeviction") => None,
            Some(policy) => Some(format!(
                "its maxmemory-policy is `{policy}`, so it may evict state that keeps an attacker out; set it to `noeviction`"
            )),
            None => Some("INFO does not tell its maxmemory-policy, which must be `noeviction`".to_owned()),
        }
    }

    /// Returns whether the server keeps its state over a restart, as far as it says.
    pub(super) const fn is_persistent(&self) -> bool {
        self.is_persistent
    }
}

/// Returns the first two numbers of a version.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::ServerInfo;

    fn info(version: &str, policy: &str) -> ServerInfo {
        ServerInfo::parse(&format!(
            "# Server\r\nredis_version:{version}\r\n# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:{policy}\r\naof_enabled:1\r\n"
        ))
    }

    #[test]
    fn server_that_may_evict_state_is_refused() {
        assert_eq!(info("7.0.15", "noeviction").refusal(), None);
        for policy in ["allkeys-lru", "volatile-ttl", "volatile-lru"] {
            assert!(info("7.0.15", policy).refusal().unwrap().contains(policy));
        }
        assert!(ServerInfo::parse("redis_version:7.0.15\r\n").refusal().unwrap().contains("maxmemory-policy"));
    }

    #[test]
    fn old_server_is_refused() {
        for (version, is_accepted) in [("6.0.16", false), ("6.2.0", true), ("7.2.4", true), ("10.0.0", true)] {
            assert_eq!(info(version, "noeviction").refusal().is_none(), is_accepted, "{version}");
        }
    }

    #[test]
    fn persistence_is_read() {
        assert!(info("7.0.15", "noeviction").is_persistent());
        assert!(!ServerInfo::parse("aof_enabled:0").is_persistent());
    }
}
