//! What the document says is what happens: for every operation of a large API, from the served document alone.

use std::collections::BTreeSet;

use auth_runtime::prelude::*;
use poem::{Endpoint, Route};
use poem_openapi::{ApiResponse, OpenApi, param::Path, payload::PlainText};
use serde_json::{Value, json};

use crate::fixture::{Auth, By, Call, Caller, Permission, Role, call, get};

const OK: PlainText<&str> = PlainText("ok");

/// Operations whose rules are all written by one macro.
macro_rules! operations {
    ($api:ident, [$($floor:tt)*], $prefix:literal, $($name:ident: $(#[$rule:meta])+;)+) => {
        pub(crate) struct $api;

        #[protected($($floor)*)]
        #[OpenApi(prefix_path = $prefix)]
        impl $api {
            $(
                $(#[$rule])+
                #[oai(path = concat!("/", stringify!($name)), method = "get")]
                async fn $name(&self) -> PlainText<&'static str> {
                    OK
                }
            )+
        }
    };
}
