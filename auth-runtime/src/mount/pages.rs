//! Endpoints that serve the OpenAPI document, and pages that show it.

use poem::{Endpoint, Response, endpoint::make_sync};

/// Serves text with headers against framing by other sites and against MIME sniffing.
pub(super) fn text(content_type: &'static str, body: String) -> impl Endpoint + use<> {
    make_sync(move |_| {
        Response::builder()
            .content_type(content_type)
            .header("X-Content-Type-Options", "nosniff")
            .header("Content-Security-Policy", "frame-ancestors 'none'")
            .body(body.clone())
    })
}

/// Pages of poem-openapi with our document in place of theirs.
#[cfg(any(
    feature = "swagger-ui",
    feature = "redoc",
    feature = "scalar",
    feature = "rapidoc",
    feature = "openapi-explorer"
))]
pub(super) mod page {
    use poem::{Endpoint, Route};
    #[cfg(any(feature = "swagger-ui", feature = "rapidoc"))]
    use poem::{EndpointExt, Response};
    use poem_openapi::OpenApiService;

    use super::text;
    #[cfg(feature = "swagger-ui")]
    use crate::mount::swagger_ui::{OAuthClient, prepared};

    type Blank = OpenApiService<(), ()>;

    fn serve(page: String) -> impl Endpoint + use<> {
        text("text/html; charset=utf-8", page)
    }

    /// Returns a page that shows a document. The page is made for an API without operations: if the document cannot
    /// be inserted, the page shows nothing of ours.
    fn with_document(page: fn(&Blank) -> String, document: &str) -> String {
        let blank = Blank::new((), "", "");
        // The document must not close the `<script>` element around it.
        let document = document.replace('<', "\\u003c");
        page(&blank).replacen(&blank.spec(), &document, 1)
    }

    #[cfg(any(feature = "swagger-ui", feature = "rapidoc"))]
    fn with_headers(endpoint: impl Endpoint + 'static) -> impl Endpoint + 'static {
        endpoint.map_to_response().after(|response: poem::Result<Response>| async move {
            let mut response = response?;
            let headers = response.headers_mut();
            headers.insert("X-Content-Type-Options", poem::http::HeaderValue::from_static("nosniff"));
            headers.insert("Content-Security-Policy", poem::http::HeaderValue::from_static("frame-ancestors 'none'"));
            Ok::<_, poem::Error>(response)
        })
    }

    #[cfg(feature = "swagger-ui")]
    pub(in crate::mount) fn swagger_ui(document: &str, client: Option<&OAuthClient>) -> impl Endpoint + use<> {
        let page = prepared(&with_document(Blank::swagger_ui_html, document), client);
        Route::new().at("/", serve(page)).at("/oauth-receiver.html", with_headers(Blank::new((), "", "").swagger_ui()))
    }

    #[cfg(feature = "rapidoc")]
    pub(in crate::mount) fn rapidoc(document: &str) -> impl Endpoint + use<> {
        Route::new()
            .at("/", serve(with_document(Blank::rapidoc_html, document)))
            .at("/oauth-receiver.html", with_headers(Blank::new((), "", "").rapidoc()))
    }

    #[cfg(feature = "redoc")]
    pub(in crate::mount) fn redoc(document: &str) -> impl Endpoint + use<> {
        Route::new().at("/", serve(with_document(Blank::redoc_html, document)))
    }

    #[cfg(feature = "scalar")]
    pub(in crate::mount) fn scalar(document: &str) -> impl Endpoint + use<> {
        Route::new().at("/", serve(with_document(Blank::scalar_html, document)))
    }

    #[cfg(feature = "openapi-explorer")]
    pub(in crate::mount) fn openapi_explorer(document: &str) -> impl Endpoint + use<> {
        Route::new().at("/", serve(with_document(Blank::openapi_explorer_html, document)))
    }
}
