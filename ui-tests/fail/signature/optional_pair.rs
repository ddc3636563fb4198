use auth_runtime::prelude::*;
use auth_ui_tests::Auth;
use poem::handler;

#[optional_auth(schemes("token"), schemes("key"))]
#[handler]
async fn index() {}

fn main() {}
