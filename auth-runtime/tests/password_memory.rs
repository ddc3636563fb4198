//! The resident memory of a process after many password hashes, in a process of its own.

#![cfg(all(feature = "basic", target_os = "linux"))]

use std::fs;

use auth_runtime::password::{PasswordPool, Passwords};

const MIB: u64 = 1024 * 1024;
/// The memory of one hash.
const HASH: u64 = 19 * MIB;

#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn r70_hashes_reuse_one_buffer_per_permit() {
    for at_once in [1, 4, 16] {
        let passwords = Passwords::new().pool(PasswordPool::new(at_once, 400));
        let before = resident();
        let hashes = (0..400).map(|number| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.hash("correct horse", &number.to_string()).await.is_ok() })
        });
        for hash in hashes.collect::<Vec<_>>() {
            assert!(hash.await.unwrap());
        }
        let grown = resident().saturating_sub(before);
        let most = HASH * 12 / 10 * u64::try_from(at_once).unwrap() + 16 * MIB;
        assert!(grown <= most, "{at_once} at once: {} MiB, at most {}", grown / MIB, most / MIB);
    }
}

/// Returns the resident memory of this process in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}
