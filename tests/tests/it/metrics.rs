//! The metrics of the feature `metrics`: their names, labels and bound.

use std::collections::BTreeMap;

use auth_runtime::prelude::*;
use metrics_util::{
    CompositeKey, MetricKind,
    debugging::{DebugValue, DebuggingRecorder},
};
use poem::IntoEndpoint;
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

use crate::fixture::{By, Call, Caller, Permission, Role, Tokens, get};

#[derive(Auth, Clone, Default)]
#[auth(permissions = Permission, roles = Role)]
struct Auth {
    #[scheme(bearer)]
    token: Tokens,
}

struct Api;

#[protected]
#[OpenApi]
impl Api {
    #[permission("edit")]
    #[oai(path = "/edit/:id", method = "get")]
    async fn edit(&self, id: Path<String>) -> PlainText<String> {
        PlainText(id.0)
    }

    #[public(reason = "test")]
    #[oai(path = "/public", method = "get")]
    async fn public(&self) -> PlainText<&'static str> {
        PlainText("public")
    }
}

/// A metric by kind, name and labels. The last parts of the operation's name are enough.
type Series = (MetricKind, String, Vec<(String, String)>);

/// Returns the metrics of these calls, with the value of a counter or the number of samples of a histogram.
fn recorded(calls: Vec<Call>) -> BTreeMap<Series, u64> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    // Of this thread only, as other tests run in parallel.
    metrics::with_local_recorder(&recorder, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let app = Auth::default().service(Api, "Metrics", "1").into_endpoint();
            for call in calls {
                call.to(&app).await;
            }
        });
    });
    let metrics = snapshotter.snapshot().into_vec();
    metrics.into_iter().map(|(key, _, _, value)| (series(&key), number(&value))).collect()
}

fn series(key: &CompositeKey) -> Series {
    let short =
        |value: &str| value.rsplit("::").take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("::");
    let labels = key.key().labels().map(|label| (label.key().to_owned(), short(label.value()))).collect();
    (key.kind(), key.key().name().to_owned(), labels)
}

fn number(value: &DebugValue) -> u64 {
    match value {
        DebugValue::Counter(count) => *count,
        DebugValue::Histogram(samples) => samples.len() as u64,
        DebugValue::Gauge(_) => panic!("a gauge"),
    }
}

fn counter(operation: &str, scheme: &str, outcome: &str) -> Series {
    let labels = [("operation", operation), ("scheme", scheme), ("outcome", outcome)];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    (MetricKind::Counter, "auth_decisions_total".to_owned(), labels)
}

fn histogram(outcome: &str) -> Series {
    let labels = vec![("outcome".to_owned(), outcome.to_owned())];
    (MetricKind::Histogram, "auth_decision_duration_seconds".to_owned(), labels)
}

#[test]
fn r91_each_decision_is_counted_and_timed() {
    let editor = Caller::new("alice").permission("edit");
    let calls = vec![
        get("/edit/1").by(By::Token, &editor),
        get("/edit/2").by(By::Token, &editor),
        get("/edit/1").by(By::Token, &Caller::new("bob")),
        get("/edit/1"),
        get("/edit/1").header("Authorization", "Bearer garbage"),
        get("/public"),
    ];
    let expected = BTreeMap::from([
        (counter("Api::edit", "token", "allowed"), 2),
        (counter("Api::edit", "token", "not_allowed"), 1),
        (counter("Api::edit", "none", "authentication_required"), 1),
        (counter("Api::edit", "token", "invalid_credentials"), 1),
        (histogram("allowed"), 2),
        (histogram("not_allowed"), 1),
        (histogram("authentication_required"), 1),
        (histogram("invalid_credentials"), 1),
    ]);
    assert_eq!(recorded(calls), expected);
}

#[test]
fn r91_the_number_of_series_does_not_depend_on_callers() {
    let calls = (0..100).flat_map(|number| {
        let caller = Caller::new(&format!("user{number}")).issuer(&format!("https://issuer{number}"));
        let path = format!("/edit/{number}?{number}=1");
        [
            get(&path).by(By::Token, &caller.clone().permission("edit")),
            get(&path).by(By::Token, &caller),
            get(&path).header("Authorization", format!("Bearer garbage{number}")),
            get(&path).header("Authorization", format!("Scheme{number} garbage")),
            get(&format!("/missing/{number}")),
        ]
    });
    let recorded = recorded(calls.collect());
    assert_eq!(recorded.values().sum::<u64>(), 2 * 400);
    assert_eq!(recorded.len(), 4 + 3, "{recorded:#?}");
}
