//! Swagger UI with an OAuth 2 client, and with relative URLs of flows.

use std::collections::BTreeMap;

use serde_json::json;

/// The start and the end of the call in poem-openapi's page that shows the document.
const START: &str = "    SwaggerUIBundle({";
const END: &str = "    })\n</script>";

/// Resolves the URLs of OAuth 2 flows beside the page. Swagger UI resolves them below it, if its address ends with a
/// slash.
const RESOLVE: &str = r#"    {
        const page = window.location.href.split(/[?#]/)[0].replace(/\/+$/, "");
        const hasServer = (spec.servers || []).length > 0;
        for (const scheme of Object.values((spec.components || {}).securitySchemes || {}))
            for (const flow of Object.values(hasServer ? {} : scheme.flows || {}))
                for (const name of ["authorizationUrl", "tokenUrl", "refreshUrl"])
                    if (flow[name]) flow[name] = new URL(flow[name], page).href;
    }
"#;

/// The OAuth 2 client that Swagger UI uses to sign users in.
///
/// It is a public client, with PKCE (RFC 7636) and without a secret, because every reader of the page could see a
/// secret. Register the URL of the page followed by `/oauth-receiver.html` as a redirect URI.
///
/// ```
/// use auth_runtime::mount::OAuthClient;
///
/// let client = OAuthClient::new("docs").scopes(["view"]).parameter("audience", "https://api.example");
/// ```
#[derive(Clone, Debug)]
pub struct OAuthClient {
    id: String,
    scopes: Vec<String>,
    parameters: BTreeMap<String, String>,
}

impl OAuthClient {
    /// Returns a client with this identifier.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), scopes: Vec::new(), parameters: BTreeMap::new() }
    }

    /// Sets the scopes that are selected initially (default: none).
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a parameter of the authorization request, such as the `audience` of Auth0.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Returns the call of Swagger UI that sets the client.
    fn script(&self) -> String {
        let settings = json!({
            "clientId": self.id,
            "scopes": self.scopes,
            "usePkceWithAuthorizationCodeGrant": true,
            "additionalQueryStringParams": self.parameters,
        });
        // The settings must not end the script around them.
        format!("    ui.initOAuth({});\n", settings.to_string().replace('<', "\\u003c"))
    }
}

/// Returns poem-openapi's page with resolved URLs, and with the client if there is one.
pub(super) fn prepared(page: &str, client: Option<&OAuthClient>) -> String {
    let Some((before, call)) = page.rsplit_once(START) else { return page.to_owned() };
    let script = client.map_or_else(String::new, OAuthClient::script);
    let call = call.replacen(END, &format!("    }})\n{script}</script>"), 1);
    format!("{before}{RESOLVE}    const ui = SwaggerUIBundle({{{call}")
}

#[cfg(test)]
mod tests {
    use poem_openapi::OpenApiService;

    use super::{OAuthClient, RESOLVE, prepared};

    #[test]
    fn the_page_of_poem_openapi_gets_the_client_and_resolved_urls() {
        let page = OpenApiService::new((), "", "").swagger_ui_html();
        let client = OAuthClient::new("</script>").scopes(["view"]).parameter("audience", "api");
        let prepared_page = prepared(&page, Some(&client));
        assert_eq!(prepared_page.matches(RESOLVE).count(), 1);
        let settings = r#"ui.initOAuth({"clientId":"\u003c/script>","scopes":["view"],"usePkceWithAuthorizationCodeGrant":true,"additionalQueryStringParams":{"audience":"api"}});"#;
        let after = prepared_page.split_once("const ui = SwaggerUIBundle({").unwrap().1;
        assert!(after.contains(settings), "{after}");
        assert!(!prepared(&page, None).contains("ui.initOAuth({\"clientId"));
    }
}
