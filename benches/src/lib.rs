//! Side-by-side benchmarks of `auth-runtime` and its peers, all in one process and without sockets.
//!
//! Every contender answers the same request with the same [`entry`]. Its callers send the same [`token`], signed with
//! the same [`keys`]. All [`contenders`] must pass the [`truth`] table before any of the [`rows`] is measured.
//! `benches/requests.rs` measures time, `benches/heap.rs` counts heap calls, and the script `instructions` counts
//! instructions. `README.md` describes the rows and has the last results.

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
