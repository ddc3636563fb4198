//! The implementations that are compared.

pub mod axum_app;
pub mod bare;
pub mod floors;
pub mod hand_written;
pub mod hand_written_stores;
pub mod jwt_authorizer;
pub mod poem_app;
pub mod poem_grants;
pub mod this_library;
pub mod tools;
