//! Side-by-side benchmarks of `auth-runtime` and its peers, all in one process and without sockets.
//!
//! Everybody answers the same request with the same [`entry`], for callers with the same [`token`], signed with the
//! same [`keys`]. The [`contenders`] pass the [`truth`] table before any of the [`rows`] is measured: by
//! `benches/requests.rs` in time, by `benches/heap.rs` in heap calls, and by the script `instructions` in
//! instructions. What each of them is, and the last results, are in `README.md`.

pub mod case;
pub mod contender;
pub mod contenders;
pub mod credentials;
pub mod entry;
pub mod harness;
pub mod keys;
pub mod rows;
pub mod table;
pub mod token;
pub mod truth;
