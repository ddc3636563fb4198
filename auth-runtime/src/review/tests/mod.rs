//! Tests of the document, its text and its analysis, against random policies.

mod random;
mod text;
