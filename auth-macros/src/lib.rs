//! stub
use proc_macro::TokenStream;
#[proc_macro_attribute]
pub fn protected(_: TokenStream, i: TokenStream) -> TokenStream {
    i
}
#[proc_macro_attribute]
pub fn permission(_: TokenStream, i: TokenStream) -> TokenStream {
    i
}
#[proc_macro_attribute]
pub fn public(_: TokenStream, i: TokenStream) -> TokenStream {
    i
}
#[proc_macro_attribute]
pub fn optional_auth(_: TokenStream, i: TokenStream) -> TokenStream {
    i
}
#[proc_macro]
pub fn permissions(i: TokenStream) -> TokenStream {
    i
}
#[proc_macro]
pub fn roles(i: TokenStream) -> TokenStream {
    i
}
#[proc_macro]
pub fn requirement(i: TokenStream) -> TokenStream {
    i
}
#[proc_macro_derive(Auth, attributes(scheme, auth, grants))]
pub fn auth(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
