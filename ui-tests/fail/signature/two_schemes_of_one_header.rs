use auth_runtime::prelude::*;
use auth_ui_tests::Auth;
use poem::handler;

#[protected(all(schemes("token"), schemes("password")))]
#[handler]
async fn nobody() {}

fn main() {}
