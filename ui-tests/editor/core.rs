//! Stands for `core`: what the editor must know to expand macros and to resolve types. So the test needs no source of the
//! standard library.

/// Reports an error.
#[rustc_builtin_macro]
#[macro_export]
macro_rules! compile_error {
    ($message:expr $(,)?) => {};
}

/// The names that each module sees.
pub mod prelude {
    /// Those of the edition.
    pub mod rust_2024 {
        pub use crate::{derive, marker::Sized};
    }
}

/// Traits of the language.
pub mod marker {
    /// A type with a size.
    #[lang = "sized"]
    pub trait Sized {}
}

/// Runs derive macros.
#[rustc_builtin_macro]
pub macro derive($item:item) {}
