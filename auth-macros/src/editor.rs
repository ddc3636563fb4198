//! Whether an editor expands the macro.

use std::{env, sync::OnceLock};

/// Whether this process is rust-analyzer, and not a compiler.
///
/// rust-analyzer compares the expansion of the text with that of the text and a word at the cursor. So an expansion for it
/// has the clauses as they stand, and the errors at its end.
pub(crate) fn is_running() -> bool {
    static IS_RUNNING: OnceLock<bool> = OnceLock::new();
    *IS_RUNNING.get_or_init(|| {
        let program = env::current_exe().ok();
        program.and_then(|path| Some(path.file_stem()?.to_str()?.starts_with("rust-analyzer"))).unwrap_or(false)
    })
}
