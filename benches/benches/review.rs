//! Times the review of a large policy: `cargo bench -p auth-benches --bench review`. It fails if one of the steps takes
//! 100 ms or more.

use std::{
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

use auth_runtime::review::{AccessPolicy, Difference};

const OPERATIONS: usize = 300;
const ROLES: usize = 20;
const PERMISSIONS: usize = 100;
const LIMIT: Duration = Duration::from_millis(100);
const RUNS: usize = 10;

fn main() {
    let text = text();
    let before: AccessPolicy = text.parse().expect("a policy");
    // One role gets one more permission, and each tenth rule another requirement.
    let widened = text.replacen("holds", "holds \"p99\"", 1).replace("fresh = \"5m\"", "fresh = \"1h\"");
    let after: AccessPolicy = widened.parse().expect("a policy");
    println!("{OPERATIONS} operations, {ROLES} roles, {PERMISSIONS} permissions; best of {RUNS} runs\n");
    measure("write", || before.to_string());
    measure("read", || text.parse::<AccessPolicy>().expect("a policy"));
    measure("matrix", || before.matrix());
    measure("difference, the same", || Difference::between(&before, &before));
    measure("difference", || Difference::between(&before, &after));
    measure("page", || before.matrix().to_html("Matrix"));
    let difference = Difference::between(&before, &after);
    println!("\nthe difference: {}", difference.summary());
}

/// Prints the best time of some runs.
fn measure<T>(name: &str, work: impl Fn() -> T) {
    let run = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    let best = (0..RUNS).map(run).min().unwrap_or_default();
    println!("{name:<22} {:>9.3} ms", best.as_secs_f64() * 1_000.0);
    assert!(best < LIMIT, "{name} takes {best:?}");
}

/// Returns a policy with rules of every kind.
fn text() -> String {
    let mut text = "access-lock 1\n".to_owned();
    for permission in 0..PERMISSIONS {
        let _ = writeln!(text, "permission \"p{permission:02}\"");
    }
    for role in 0..ROLES {
        let _ = write!(text, "role \"r{role:02}\" holds");
        (0..=4 * role).for_each(|permission| {
            let _ = write!(text, " \"p{permission:02}\"");
        });
        text.push('\n');
    }
    text.push_str("scheme \"key\" basic\nscheme \"password\" basic\nscheme \"token\" oauth2\nscope \"s\"\n");
    for operation in 0..OPERATIONS {
        let (role, permission, other) = (operation % ROLES, operation % PERMISSIONS, operation * 7 % PERMISSIONS);
        let clause = match operation % 10 {
            0..=4 => format!("permission(\"p{permission:02}\")"),
            5 => format!(
                "all(any(schemes(\"key\"), schemes(\"token\")), permission(\"p{permission:02}\"), scopes(\"s\"))"
            ),
            6 => format!(
                "any(role(\"r{role:02}\"), all(permission(\"p{permission:02}\"), check = \"owns(&caller, id)\"))"
            ),
            7 => format!("all(permission(\"p{permission:02}\"), permission(\"p{other:02}\"), not(role(\"r00\")))"),
            8 => format!("all(permission(\"p{permission:02}\"), fresh = \"5m\", not(schemes(\"password\")))"),
            _ => "authenticated".to_owned(),
        };
        let _ = writeln!(
            text,
            "GET /operations/{operation} requires {clause}\n    operation \"app::Api::operation{operation}\""
        );
    }
    text
}
