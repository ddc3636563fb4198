//! Examples of the arguments of operations and tools, by their schemas.

use std::collections::BTreeMap;

use poem::http::Method;
use poem_openapi::registry::{MetaOperation, MetaOperationParam, MetaParamIn, MetaRequest, Registry};
use serde_json::{Value, json};

use super::{
    example::Schema,
    form,
    test_request::{TestRequest, text},
};
use crate::review::{Described, Target, mount_path};

/// The examples: a request for each operation, and the arguments of each tool.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    /// By the text of the target.
    requests: BTreeMap<String, TestRequest>,
    /// By name.
    tools: BTreeMap<String, Value>,
}

impl Arguments {
    pub(super) fn of(described: &[Described]) -> Self {
        let mut arguments = Self::default();
        for described in described {
            match described {
                Described::Api { prefix, meta, register } => arguments.add_api(prefix, *meta, *register),
                #[cfg(feature = "mcp")]
                Described::Tool { name, arguments: schema } => {
                    let example = Schema::new(schema, schema).example().unwrap_or_else(|| json!({}));
                    arguments.tools.insert((*name).to_owned(), example);
                }
            }
        }
        arguments
    }

    fn add_api(
        &mut self,
        prefix: &str,
        meta: fn() -> Vec<poem_openapi::registry::MetaApi>,
        register: fn(&mut Registry),
    ) {
        let mut registry = Registry::new();
        register(&mut registry);
        let document = json!({ "components": { "schemas": registry.schemas } });
        for path in meta().into_iter().flat_map(|api| api.paths) {
            for operation in path.operations {
                let mounted = mount_path(prefix, &path.path);
                let target = Target::route(operation.method.clone(), mounted.clone()).to_string();
                let request = request(&operation, &mounted, &document);
                self.requests.insert(target, request);
            }
        }
    }

    /// Returns the request for a target. Only operations of an API have a schema.
    pub(super) fn request(&self, target: &Target) -> TestRequest {
        let plain = || {
            let method = target.method().cloned().unwrap_or(Method::GET);
            TestRequest::new(method, target.path().unwrap_or("/"))
        };
        self.requests.get(&target.to_string()).cloned().unwrap_or_else(plain)
    }

    /// Returns the arguments of a tool, if there is one of this name.
    pub(super) fn of_tool(&self, name: &str) -> Option<&Value> {
        self.tools.get(name)
    }
}

fn request(operation: &MetaOperation, path: &str, document: &Value) -> TestRequest {
    let request = TestRequest::new(operation.method.clone(), path);
    let required = operation.params.iter().filter(|parameter| parameter.required);
    let request = required.fold(request, |request, parameter| with_parameter(request, parameter, document));
    let body = operation.request.as_ref().filter(|body| body.required);
    body.map_or_else(|| request.clone(), |body| with_body(request.clone(), body, document))
}

fn with_parameter(request: TestRequest, parameter: &MetaOperationParam, document: &Value) -> TestRequest {
    let schema = json!(parameter.schema);
    let Some(example) = Schema::new(&schema, document).example() else { return request };
    match (parameter.in_type, &example) {
        (MetaParamIn::Path, _) => request.path(&parameter.name, text(&example)),
        (MetaParamIn::Query, Value::Array(items)) => {
            items.iter().fold(request, |request, item| request.append_query(&parameter.name, item))
        }
        (MetaParamIn::Query, _) => request.query(&parameter.name, text(&example)),
        (MetaParamIn::Header, _) => request.header(&parameter.name, text(&example)),
        (MetaParamIn::Cookie, _) => request.header("Cookie", format!("{}={}", parameter.name, text(&example))),
        // The application signs or encrypts these.
        (MetaParamIn::CookiePrivate | MetaParamIn::CookieSigned, _) => request,
    }
}

/// Adds a body of the first media type that has an example. An operation with another one needs a fixture.
fn with_body(request: TestRequest, body: &MetaRequest, document: &Value) -> TestRequest {
    let example = body.content.iter().find_map(|media| {
        let schema = json!(media.schema);
        let example = Schema::new(&schema, document).example()?;
        let essence = media.content_type.split(';').next().unwrap_or_default().trim().to_owned();
        let (content_type, bytes) = encode(&essence, &example)?;
        Some((content_type, bytes))
    });
    match example {
        Some((content_type, bytes)) => request.body(content_type, bytes),
        None => request,
    }
}

/// Returns the example in a media type, with the type's parameters.
fn encode(media_type: &str, example: &Value) -> Option<(String, Vec<u8>)> {
    match media_type {
        "application/x-www-form-urlencoded" => Some((media_type.to_owned(), form::url_encoded(example))),
        "multipart/form-data" => Some((format!("{media_type}; boundary={}", form::BOUNDARY), form::multipart(example))),
        "application/json" => Some((media_type.to_owned(), example.to_string().into_bytes())),
        json if json.ends_with("+json") => Some((json.to_owned(), example.to_string().into_bytes())),
        "text/plain" | "text/html" => Some((format!("{media_type}; charset=utf-8"), text(example).into_bytes())),
        "application/octet-stream" => Some((media_type.to_owned(), b"test".to_vec())),
        _ => None,
    }
}
