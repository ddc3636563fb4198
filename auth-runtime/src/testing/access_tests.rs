//! The tests that a policy generates for a running service.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Display},
    future::Future,
    pin::Pin,
    sync::Arc,
};

use poem::{EndpointExt, IntoEndpoint, endpoint::BoxEndpoint, test::TestClient};
use tokio::sync::OnceCell;

use super::{
    arguments::Arguments,
    plan::{Object, Planner, RulePlan},
    refused::{RefusedCredential, RefusedCredentials},
    test_request::TestRequest,
};
use crate::{
    declared::{AuthSchema, unknown_name},
    review::{AccessPolicy, AccessPolicyBuilder, Target},
};

/// The service as the tests call it.
pub(super) type Client = Arc<TestClient<BoxEndpoint<'static>>>;
type MakeClient = dyn Fn() -> Pin<Box<dyn Future<Output = Client> + Send>> + Send + Sync;
type Fixture = Arc<dyn Fn(TestRequest) -> TestRequest + Send + Sync>;

/// Tests a running service against its policy: one test for each operation and kind of caller.
///
/// For each operation, the callers are chosen so that a weaker rule would treat at least one of them differently:
///
/// - no credential, an invalid credential for each scheme, and each credential of [`refuses`](Self::refuses)
/// - each role alone
/// - callers with the minimum that the rule requires, and each of them without one required property
/// - a caller of each scheme, and one with a limited credential
///
/// The policy determines the expected result of each request: 401, 403, 404 for a rule with `hide`, or admitted. Only
/// the first line sends credentials. The other callers use [`ActAs`](super::ActAs).
///
/// In a test target with `harness = false`, each test is listed by name, and the arguments of `cargo test` work:
///
/// ```toml
/// [[test]]
/// name = "access"
/// harness = false
/// ```
///
/// ```no_run
/// # use std::process::ExitCode;
/// # use auth_runtime::{prelude::*, review::{AccessPolicy, AccessPolicyBuilder}};
/// # #[derive(Auth, Clone)] struct Auth { #[scheme(api_key(header = "X-API-Key"))] key: ApiKeys }
/// # mod my_app {
/// #     pub fn policy() -> auth_runtime::review::AccessPolicyBuilder<super::Auth> { auth_runtime::review::AccessPolicy::of() }
/// #     pub fn app() -> poem::Route { poem::Route::new() }
/// # }
/// use auth_runtime::testing::AccessTests;
///
/// fn main() -> ExitCode {
///     AccessTests::new(my_app::policy(), || async { my_app::app() }).main()
/// }
/// ```
///
/// [`run`](Self::run) does the same inside one test.
pub struct AccessTests {
    policy: AccessPolicy,
    arguments: Arguments,
    make: Box<MakeClient>,
    shared: OnceCell<Client>,
    fixtures: BTreeMap<(String, Object), Fixture>,
    defaults: Vec<Fixture>,
    pub(super) skipped: BTreeMap<String, String>,
    credentials: Vec<RefusedCredential>,
    left_out_schemes: BTreeSet<String>,
    mcp: Option<String>,
    only: Option<String>,
}

impl fmt::Debug for AccessTests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTests").field("rules", &self.policy.rules().len()).finish_non_exhaustive()
    }
}

impl AccessTests {
    /// Returns the tests of a policy for the service that `app` makes.
    ///
    /// The tests share one service, but each request of [`mine`](Self::mine) or [`theirs`](Self::theirs) gets a new
    /// one. A failed test is repeated with
    /// a new service, because an earlier request may have deleted its object. So `app` must also create the objects
    /// that the requests name.
    pub fn new<A, F, O, E>(policy: AccessPolicyBuilder<A>, app: F) -> Self
    where
        A: AuthSchema,
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = E> + Send + 'static,
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        let make = move || -> Pin<Box<dyn Future<Output = Client> + Send>> {
            let app = app();
            Box::pin(async move { Arc::new(TestClient::new(app.await.map_to_response().boxed())) })
        };
        Self {
            arguments: Arguments::of(policy.described()),
            policy: policy.build(),
            make: Box::new(make),
            shared: OnceCell::new(),
            fixtures: BTreeMap::new(),
            defaults: Vec::new(),
            skipped: BTreeMap::new(),
            credentials: A::SCHEMES.iter().map(RefusedCredential::garbage).collect(),
            left_out_schemes: BTreeSet::new(),
            mcp: None,
            only: None,
        }
    }

    /// Sets a parameter of the path of every operation (default: an example of its schema).
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Display) -> Self {
        let (name, value) = (name.into(), value.to_string());
        self.defaults.push(Arc::new(move |request| request.path(name.clone(), &value)));
        self
    }

    /// Changes the request for a target of the policy, such as `PUT /entries/:id`.
    ///
    /// # Panics
    /// If the policy has no such target.
    #[must_use]
    #[track_caller]
    pub fn fixture(self, target: &str, change: impl Fn(TestRequest) -> TestRequest + Send + Sync + 'static) -> Self {
        self.with(target, Object::Any, change)
    }

    /// Changes the request for a target whose rule has a check, so that the check is true: the caller owns the object.
    ///
    /// # Panics
    /// If the policy has no such target.
    #[must_use]
    #[track_caller]
    pub fn mine(self, target: &str, change: impl Fn(TestRequest) -> TestRequest + Send + Sync + 'static) -> Self {
        self.with(target, Object::Mine, change)
    }

    /// Changes the request for a target whose rule has a check, so that the check is false: another user owns the
    /// object.
    ///
    /// # Panics
    /// If the policy has no such target.
    #[must_use]
    #[track_caller]
    pub fn theirs(self, target: &str, change: impl Fn(TestRequest) -> TestRequest + Send + Sync + 'static) -> Self {
        self.with(target, Object::Theirs, change)
    }

    #[track_caller]
    fn with(
        mut self,
        target: &str,
        object: Object,
        change: impl Fn(TestRequest) -> TestRequest + Send + Sync + 'static,
    ) -> Self {
        self.assert_target(target);
        self.fixtures.insert((target.to_owned(), object), Arc::new(change));
        self
    }

    /// Adds credentials that every operation must refuse, except those with `#[public]`: an expired token, the password
    /// of a disabled user.
    #[must_use]
    pub fn refuses(mut self, credentials: &impl RefusedCredentials) -> Self {
        self.credentials.extend(credentials.refused_credentials());
        self
    }

    /// Leaves out a scheme that the service of the tests does not configure.
    ///
    /// # Panics
    /// If the policy has no such scheme.
    #[must_use]
    #[track_caller]
    pub fn without_scheme(mut self, scheme: &str) -> Self {
        assert_known("scheme", self.policy.schemes().map(|(name, _)| name.to_owned()), scheme);
        self.credentials.retain(|credential| credential.scheme() != Some(scheme));
        self.left_out_schemes.insert(scheme.to_owned());
        self
    }

    /// Calls the MCP tools of the policy at this path. Without it, they are reported as not covered.
    #[must_use]
    pub fn mcp(self, path: impl Into<String>) -> Self {
        Self { mcp: Some(path.into()), ..self }
    }

    /// Leaves out a target. The report shows the reason.
    ///
    /// # Panics
    /// If the policy has no such target.
    #[must_use]
    #[track_caller]
    pub fn skip(mut self, target: &str, reason: impl Into<String>) -> Self {
        self.assert_target(target);
        self.skipped.insert(target.to_owned(), reason.into());
        self
    }

    /// Runs only tests whose name contains this text. A name is, for example, `GET /entries/:id as role("Viewer")`.
    #[must_use]
    pub fn only(self, text: impl Into<String>) -> Self {
        Self { only: Some(text.into()), ..self }
    }

    #[track_caller]
    fn assert_target(&self, target: &str) {
        assert_known("operation", self.policy.rules().iter().map(|rule| rule.target.to_string()), target);
    }
}

#[track_caller]
fn assert_known(kind: &str, names: impl Iterator<Item = String>, name: &str) {
    let names: Vec<String> = names.collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(names.contains(&name), "{}", unknown_name(kind, &names, name));
}

impl AccessTests {
    /// Returns the tests of each rule that is not skipped, with the text of its target.
    pub(super) fn plans(&self) -> Vec<(String, RulePlan)> {
        let planner =
            Planner { policy: &self.policy, credentials: &self.credentials, left_out_schemes: &self.left_out_schemes };
        let rules = self.policy.rules().iter().map(|rule| (rule.target.to_string(), rule));
        let wanted = rules.filter(|(target, _)| !self.skipped.contains_key(target));
        wanted.map(|(target, rule)| (target, self.selected(planner.plan(rule)))).collect()
    }

    fn selected(&self, mut plan: RulePlan) -> RulePlan {
        let mut names = BTreeSet::new();
        for case in &mut plan.cases {
            let is_given = self.fixtures.contains_key(&(case.target.to_string(), case.object));
            // Where the checks do not decide, any object will do.
            if case.object != Object::Any && !is_given && !case.is_decided_by_checks() {
                case.object = Object::Any;
            }
        }
        plan.cases.retain(|case| {
            let name = case.to_string();
            self.only.as_ref().is_none_or(|text| name.contains(text)) && names.insert(name)
        });
        plan
    }

    /// Returns the request for a target and an object; nothing if the object needs a fixture.
    pub(super) fn request(&self, target: &Target, object: Object) -> Option<TestRequest> {
        let name = target.to_string();
        let fixture = |object| self.fixtures.get(&(name.clone(), object));
        let example = self.tool(target).unwrap_or_else(|| self.arguments.request(target));
        let example = self.defaults.iter().fold(example, |request, change| change(request));
        let request = fixture(Object::Any).into_iter().fold(example, |request, change| change(request));
        match object {
            Object::Any => Some(request),
            object => fixture(object).map(|change| change(request)),
        }
    }

    /// Returns the call of a tool, if the target is one and the tests know the path of the tools.
    fn tool(&self, target: &Target) -> Option<TestRequest> {
        let (Target::Named { name }, Some(path)) = (target, &self.mcp) else { return None };
        Some(TestRequest::of_tool(path, name, self.arguments.of_tool(name)?.clone()))
    }

    /// Whether a target has a path, is a tool, or has a fixture with a path.
    pub(super) fn can_call(&self, target: &Target) -> bool {
        let has_fixture = || self.fixtures.keys().any(|(name, _)| *name == target.to_string());
        target.path().is_some() || self.tool(target).is_some() || has_fixture()
    }

    /// Returns a new service.
    pub(super) async fn new_client(&self) -> Client {
        (self.make)().await
    }

    /// Returns the service that the tests share.
    pub(super) async fn shared_client(&self) -> Client {
        Arc::clone(self.shared.get_or_init(|| self.new_client()).await)
    }
}
