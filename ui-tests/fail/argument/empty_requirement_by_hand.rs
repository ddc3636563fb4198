use auth_runtime::policy::Requirement;
use auth_ui_tests::Auth;

const ANY: Requirement<Auth> = Requirement::any(&[]);
const ALL: Requirement<Auth> = Requirement::all(&[]);

fn main() {
    let _ = (ANY, ALL);
}
