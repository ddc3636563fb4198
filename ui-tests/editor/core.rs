//! Stands for `core`: the one macro by which mistakes are reported. So the test needs no source of the standard library.

/// Reports an error.
#[rustc_builtin_macro]
#[macro_export]
macro_rules! compile_error {
    ($message:expr $(,)?) => {};
}
