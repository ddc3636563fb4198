//! Runs all tests, inside one test or as a test program, and reports.

use std::{
    fmt,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use libtest_mimic::{Arguments, Failed, Trial};

use super::{access_tests::AccessTests, plan::RulePlan};

/// The results of the tests.
///
/// [`Display`](fmt::Display) writes the failures, the operations without a test, and a summary.
#[derive(Clone, Debug)]
pub struct AccessReport {
    operations: usize,
    passed: usize,
    failures: Vec<String>,
    skipped: Vec<String>,
    left_out: usize,
    elapsed: Duration,
}

impl AccessReport {
    /// Returns the number of operations, handlers, subtrees and tools that are not skipped.
    #[must_use]
    pub const fn operations(&self) -> usize {
        self.operations
    }

    /// Returns the number of tests that passed.
    #[must_use]
    pub const fn passed(&self) -> usize {
        self.passed
    }

    /// Returns a text for each test that failed, and for each operation that no test covers.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Returns how long the tests took.
    #[must_use]
    pub const fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Stops the test if one failed, or if nothing was tested.
    ///
    /// # Panics
    /// If a test failed, or if nothing was tested; with the report.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.failures.is_empty() && self.passed > 0, "the service and its policy differ\n{self}");
    }
}

impl fmt::Display for AccessReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "{failure}")?;
        }
        for skipped in &self.skipped {
            writeln!(f, "skipped: {skipped}")?;
        }
        if self.left_out > 0 {
            writeln!(f, "{}", left_out(self.left_out))?;
        }
        let Self { operations, passed, failures, elapsed, .. } = self;
        write!(f, "{operations} operations: {passed} tests passed, {} failed, in {elapsed:.1?}", failures.len())
    }
}

fn left_out(callers: usize) -> String {
    format!("left out: {callers} callers, because two checks of one rule would differ")
}

impl AccessTests {
    /// Runs all tests.
    ///
    /// ```
    /// # use auth_runtime::{prelude::*, review::AccessPolicy};
    /// # use poem_openapi::{OpenApi, payload::PlainText};
    /// # permissions! { pub enum Permission { View = "view" } }
    /// # roles! { pub enum Role: Permission { Viewer = "Viewer" => [View], Guest = "Guest" } }
    /// # #[derive(Auth, Clone)] #[auth(permissions = Permission, roles = Role)]
    /// # struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
    /// # struct Entries;
    /// # #[protected]
    /// # #[OpenApi]
    /// # impl Entries {
    /// #     #[permission("view")]
    /// #     #[oai(path = "/entries", method = "get")]
    /// #     async fn list(&self) -> PlainText<&'static str> { PlainText("entries") }
    /// # }
    /// use auth_runtime::testing::AccessTests;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let policy = AccessPolicy::of::<Auth>().api::<Entries>("/");
    /// let app = || async { Auth { key: ApiKeys::default() }.service(Entries, "Entries", "1.0") };
    /// AccessTests::new(policy, app).run().await.assert_passed();
    /// # }
    /// ```
    pub async fn run(self) -> AccessReport {
        let start = Instant::now();
        let plans = self.plans();
        let skipped = self.skipped.iter().map(|(target, reason)| format!("{target}: {reason}")).collect();
        let mut report = AccessReport {
            operations: plans.len(),
            passed: 0,
            failures: Vec::new(),
            skipped,
            left_out: plans.iter().map(|(_, plan)| plan.left_out).sum(),
            elapsed: Duration::ZERO,
        };
        for (target, plan) in plans {
            if let Some(gap) = self.gap(&target, &plan) {
                report.failures.push(gap);
            }
            for case in plan.cases.iter().filter(|case| self.can_call(&case.target)) {
                match self.judge(case).await {
                    Ok(()) => report.passed += 1,
                    Err(failure) => report.failures.push(failure),
                }
            }
        }
        report.elapsed = start.elapsed();
        report
    }

    /// Runs the tests as the `main` of a test target with `harness = false`. It takes the arguments of `cargo test`: a
    /// filter, `--list`, `--exact`, `--test-threads` and so on.
    ///
    /// # Panics
    /// If the system has no threads for the tests.
    #[must_use]
    pub fn main(self) -> ExitCode {
        let arguments = Arguments::from_args();
        let runtime = tokio::runtime::Runtime::new().expect("the tests need threads");
        let trials = Arc::new(self).trials(runtime.handle());
        libtest_mimic::run(&arguments, trials).exit_code()
    }

    fn trials(self: Arc<Self>, runtime: &tokio::runtime::Handle) -> Vec<Trial> {
        let ignored = |name: String| Trial::test(name, || Ok(())).with_ignored_flag(true);
        let skip = |(target, reason): (&String, &String)| ignored(format!("{target} (skipped: {reason})"));
        let mut trials: Vec<Trial> = self.skipped.iter().map(skip).collect();
        for (target, plan) in self.plans() {
            if let Some(gap) = self.gap(&target, &plan) {
                trials.push(Trial::test(format!("{target} is covered"), move || Err(Failed::from(gap))));
            }
            if plan.left_out > 0 {
                trials.push(ignored(format!("{target} ({})", left_out(plan.left_out))));
            }
            for case in plan.cases.into_iter().filter(|case| self.can_call(&case.target)) {
                let (tests, runtime) = (Arc::clone(&self), runtime.clone());
                trials.push(Trial::test(case.to_string(), move || {
                    runtime.block_on(tests.judge(&case)).map_err(Failed::from)
                }));
            }
        }
        trials
    }

    /// Returns why an operation is not covered, if it is not.
    fn gap(&self, target: &str, plan: &RulePlan) -> Option<String> {
        let is_unreachable = plan.cases.first().is_some_and(|case| !self.can_call(&case.target));
        if is_unreachable {
            return Some(format!(
                "{target} is not covered: it has no path; give one with \
                 `.fixture({target:?}, |request| request.method(..).uri(..))`, the path of its tools with `.mcp(\"/mcp\")`, \
                 or leave it out with `.skip({target:?}, \"reason\")`"
            ));
        }
        let gap = plan.gap.as_ref()?;
        Some(format!("{target} is not covered: {gap}; leave it out with `.skip({target:?}, \"reason\")`"))
    }
}
