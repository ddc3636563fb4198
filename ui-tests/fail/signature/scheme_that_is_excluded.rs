use auth_runtime::prelude::*;
use auth_ui_tests::Auth;
use poem::handler;

#[protected(schemes("token"), not(schemes("token")))]
#[handler]
async fn nobody() {}

fn main() {}
