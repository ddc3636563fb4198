//! An `Auth` struct: its schemes as constants, and the chain over its fields.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{LitStr, Type, parse_quote, spanned::Spanned};

use crate::{
    model::{Auth, Flow, Scheme, SchemeKind},
    paths::Private,
};

pub(crate) fn expand(auth: &Auth, p: &Private) -> TokenStream {
    let (permission, role) = tables(auth, p);
    let schemes = auth.schemes.iter().map(|scheme| declaration(scheme, p));
    let names = &auth.names;
    let scopes = scopes(auth, &permission, p);
    let authority = authority(auth, &permission, &role, p);
    let middleware = middleware(auth, p);
    quote! {
        const _: () = {
            const SCHEMES: &[#p::SecurityScheme] = &[#(#schemes),*];
            const SCOPES: &[&#p::core::primitive::str] = #scopes;
            const NAMES: &[&#p::core::primitive::str] = &[#(#names),*];

            #authority
            #middleware
        };
    }
}

fn authority(auth: &Auth, permission: &TokenStream, role: &TokenStream, p: &Private) -> TokenStream {
    let (name, realm) = (&auth.name, &auth.realm);
    let (generics, arguments, where_clause) = auth.generics.split_for_impl();
    let configured = schemes_that("is_configured", "configured", auth, p);
    let throttled = schemes_that("is_throttled", "throttled", auth, p);
    let cloned = cloned(auth, p);
    let mounted = mounted(auth, p);
    let caching = caching(auth, p);
    let cached = cached(auth, p);
    let authenticate = authenticate(auth, p);
    let events = auth.events.as_ref().map(|(field, ty)| {
        quote_spanned! {ty.span()=>
            fn event_sink(&self) -> #p::core::option::Option<&dyn #p::EventSink> {
                #p::core::option::Option::Some(&self.#field)
            }
        }
    });
    let rejection = auth.rejection.as_ref().map(|path| {
        quote_spanned! {path.span()=>
            fn rejection_body(__rejection: &#p::Rejection) -> #p::RejectionBody {
                #path(__rejection)
            }
        }
    });
    quote! {
        impl #generics #p::AuthSchema for #name #arguments #where_clause {
            type Permission = #permission;
            type Role = #role;
            const SCHEMES: &'static [#p::SecurityScheme] = SCHEMES;
            const SCHEME_NAMES: &'static [&'static #p::core::primitive::str] = NAMES;
            const SCOPES: &'static [&'static #p::core::primitive::str] = SCOPES;
            const REALM: &'static #p::core::primitive::str = #realm;

            fn declared_names() -> &'static #p::DeclaredNames {
                static NAMES: #p::DeclaredNames = #p::DeclaredNames {
                    permissions: <#permission as #p::Table>::NAMES,
                    roles: <#role as #p::Table>::NAMES,
                    scopes: SCOPES,
                    role_permissions: <#role as #p::RoleTable>::PERMISSION_WORDS,
                };
                &NAMES
            }
        }

        impl #generics #p::AuthConfig for #name #arguments #where_clause {
            #cloned
            #configured
            #throttled
            #mounted
            #caching
            #cached
            #authenticate
            #events
            #rejection
        }
    }
}

/// Emits `cloned`. A struct without `Clone` is an error at its name.
fn cloned(auth: &Auth, p: &Private) -> TokenStream {
    let at_name = p.at(auth.name.span());
    // Not at the name: in `macro_rules!` that span has another `self`.
    let this = quote!(self);
    let clone = quote_spanned!(auth.name.span()=> <Self as #at_name::core::clone::Clone>::clone(#this));
    quote! {
        fn cloned(&self) -> Self {
            #clone
        }
    }
}

/// Emits a method that gathers the schemes whose authenticators return `true` from `is`.
fn schemes_that(is: &str, method: &str, auth: &Auth, p: &Private) -> TokenStream {
    let [is, method] = [is, method].map(|name| Ident::new(name, Span::call_site()));
    let schemes = auth.schemes.iter().enumerate().map(|(index, Scheme { field, ty, .. })| {
        quote! {
            if <#ty as #p::Authenticator>::#is(&self.#field) {
                __schemes = __schemes.with(#index);
            }
        }
    });
    quote! {
        fn #method(&self) -> #p::SchemeSet {
            let mut __schemes = #p::SchemeSet::EMPTY;
            #(#schemes)*
            __schemes
        }
    }
}

/// Emits `mounted`, which hands each authenticator its scheme.
fn mounted(auth: &Auth, p: &Private) -> TokenStream {
    let schemes = auth.schemes.iter().enumerate().map(|(index, Scheme { field, ty, .. })| {
        quote!(<#ty as #p::Authenticator>::mounted(&self.#field, &SCHEMES[#index], &#p::Context::of::<Self>());)
    });
    quote! {
        fn mounted(&self) {
            #(#schemes)*
        }
    }
}

/// Returns the tables of `#[auth(..)]`, or empty ones.
fn tables(auth: &Auth, p: &Private) -> (TokenStream, TokenStream) {
    let permission = match (&auth.permissions, &auth.roles) {
        (Some(path), _) => quote!(#path),
        (None, Some(roles)) => quote!(<#roles as #p::RoleTable>::Permission),
        (None, None) => quote!(#p::NoPermissions),
    };
    let role = match &auth.roles {
        Some(path) => quote!(#path),
        None => quote!(#p::NoRoles<#permission>),
    };
    (permission, role)
}

fn declaration(scheme: &Scheme, p: &Private) -> TokenStream {
    let (name, description) = (&scheme.name, &scheme.description);
    let kind = match &scheme.kind {
        SchemeKind::Basic => quote!(Basic),
        SchemeKind::Bearer { format } => {
            let format = option(format.as_ref(), p);
            quote!(Bearer { format: #format })
        }
        SchemeKind::OAuth2 { flows, scopes } => {
            let flows = flows.iter().map(|each| flow(each, p));
            let scopes = scopes.as_ref().map(|scopes| {
                let scopes = scopes.iter().map(|(name, text)| quote!((#name, #text)));
                quote!(&[#(#scopes),*])
            });
            let scopes = option(scopes.as_ref(), p);
            quote!(OAuth2 { flows: &[#(#flows),*], scopes: #scopes })
        }
        SchemeKind::OpenIdConnect { url } => quote!(OpenIdConnect { url: #url }),
        SchemeKind::ApiKey { location, name } => {
            let location = format_ident!("{location}");
            quote!(ApiKey { location: #p::ApiKeyLocation::#location, name: #name })
        }
        SchemeKind::Http { scheme } => quote!(Http { scheme: #scheme }),
    };
    let max_len = scheme.max_len.map(|bound| quote!(.max_len(#bound)));
    let ambient = scheme.ambient.then(|| quote!(.ambient()));
    let silent = scheme.silent.then(|| quote!(.silent_for_scripts()));
    quote!(#p::SecurityScheme::new(#name, #p::SchemeKind::#kind).description(#description) #max_len #ambient #silent)
}

fn flow(flow: &Flow, p: &Private) -> TokenStream {
    let grant = format_ident!("{}", flow.grant);
    let [authorization, token, refresh] =
        [&flow.authorization_url, &flow.token_url, &flow.refresh_url].map(|url| option(url.as_ref(), p));
    quote! {
        #p::OAuthFlow {
            grant: #p::GrantType::#grant,
            authorization_url: #authorization,
            token_url: #token,
            refresh_url: #refresh,
        }
    }
}

fn option<T: quote::ToTokens>(value: Option<&T>, p: &Private) -> TokenStream {
    match value {
        Some(value) => quote!(#p::core::option::Option::Some(#value)),
        None => quote!(#p::core::option::Option::None),
    }
}

/// Returns the names of all scopes: the listed ones, and the permissions unless every OAuth 2 scheme lists its own.
fn scopes(auth: &Auth, permission: &TokenStream, p: &Private) -> TokenStream {
    let mut listed: Vec<&LitStr> = Vec::new();
    let mut all_listed = false;
    for scheme in &auth.schemes {
        match &scheme.kind {
            SchemeKind::OAuth2 { scopes: Some(scopes), .. } => {
                all_listed = true;
                for (scope, _) in scopes {
                    if !listed.iter().any(|known| known.value() == scope.value()) {
                        listed.push(scope);
                    }
                }
            }
            SchemeKind::OAuth2 { scopes: None, .. } | SchemeKind::OpenIdConnect { .. } => {
                return with_permissions(&listed_everywhere(auth), permission, p);
            }
            _ => {}
        }
    }
    if all_listed { quote!(&[#(#listed),*]) } else { quote!(<#permission as #p::Table>::NAMES) }
}

fn listed_everywhere(auth: &Auth) -> Vec<&LitStr> {
    let lists = auth.schemes.iter().filter_map(|scheme| match &scheme.kind {
        SchemeKind::OAuth2 { scopes, .. } => scopes.as_ref(),
        _ => None,
    });
    lists.flatten().map(|(scope, _)| scope).collect()
}

fn with_permissions(listed: &[&LitStr], permission: &TokenStream, p: &Private) -> TokenStream {
    let count = listed.len();
    quote! {
        &#p::concat::<{ <#permission as #p::Table>::NAMES.len() + #count }>(
            <#permission as #p::Table>::NAMES,
            &[#(#listed),*],
        )
    }
}

/// Emits the schemes whose authenticators cache credentials by their text.
fn caching(auth: &Auth, p: &Private) -> TokenStream {
    let types = auth.schemes.iter().map(|Scheme { ty, .. }| authenticator(ty, p));
    quote! {
        fn caching(&self) -> #p::SchemeSet {
            #p::SchemeSet::of(&[#(#types::CACHES_TEXTS),*])
        }
    }
}

/// Emits the short cut: the identity of the only credential of the request, if it is cached.
fn cached(auth: &Auth, p: &Private) -> TokenStream {
    let [request, only] = ["request", "only"].map(local);
    let cached = auth.schemes.iter().enumerate().map(|(index, Scheme { field, ty, .. })| {
        let of = authenticator(ty, p);
        quote!(#index => #of::cached(&self.#field, #only.text(), #request, &#p::Context::of::<Self>()))
    });
    let cached = quote! {
        match #only.scheme() {
            #(#cached,)*
            _ => #p::core::option::Option::None,
        }
    };
    let cached = match &auth.overrides {
        Some(field) => quote!(#p::core::option::Option::Some(self.#field.apply(#cached?))),
        None => cached,
    };
    quote! {
        fn cached(
            &self,
            #only: &#p::OnlyCredential<'_>,
            #request: &#p::poem::Request,
        ) -> #p::core::option::Option<#p::Identity> {
            #cached
        }
    }
}

/// A bound of a method would be a second error for a type that is no authenticator.
fn authenticator(ty: &Type, p: &Private) -> TokenStream {
    quote_spanned!(ty.span()=> <#ty as #p::Authenticator>)
}

/// Emits the chain: find a credential for each scheme, select one, verify it.
fn authenticate(auth: &Auth, p: &Private) -> TokenStream {
    let [request, accepted, wanted, errors] = ["request", "accepted", "wanted", "errors"].map(local);
    let credentials: Vec<Ident> = (0..auth.schemes.len()).map(|i| local(&format!("credential{i}"))).collect();
    let schemes = || auth.schemes.iter().zip(&credentials).enumerate();
    let finds = schemes().map(|(index, (scheme, credential))| find(index, scheme, credential, p));
    let steps =
        schemes().map(|(index, (scheme, credential))| step(index, scheme, credential, auth.overrides.as_ref(), p));
    quote! {
        async fn authenticate(
            &self,
            #request: &#p::poem::Request,
            #accepted: #p::SchemeSet,
            #wanted: #p::SchemeSet,
        ) -> #p::Authentication<Self> {
            #(#finds)*
            let __chosen = match #p::select(#request, #accepted, SCHEMES, &[#(#credentials.1),*]) {
                #p::Selection::One(__chosen) => __chosen,
                #p::Selection::None => return #p::Authentication::Anonymous,
                __refused => return #p::Authentication::Refused(#p::core::convert::From::from(__refused)),
            };
            let mut #errors = #p::SchemeErrors::new();
            #(#steps)*
            #p::Authentication::Refused(#errors.refusal())
        }
    }
}

/// Returns a binding. Its underscores avoid handlers of Poem: unit structs in lower case, which no binding may shadow.
fn local(name: &str) -> Ident {
    Ident::new(&format!("__{name}"), Span::mixed_site())
}

/// A credential that the scheme does not carry is an error at the type of the field.
fn find(index: usize, scheme: &Scheme, credential: &Ident, p: &Private) -> TokenStream {
    let [request, wanted] = ["request", "wanted"].map(local);
    let (ty, kind, p) = (&scheme.ty, kind(&scheme.kind), p.at(scheme.ty.span()));
    quote_spanned! {ty.span()=>
        let #credential = #p::find::<#p::kind::#kind, <#ty as #p::Authenticator>::Credential>(
            #request, #wanted, &SCHEMES[#index], #index,
        );
    }
}

/// A type that is not an authenticator is an error at the type of the field.
fn step(index: usize, scheme: &Scheme, credential: &Ident, overrides: Option<&Ident>, p: &Private) -> TokenStream {
    let [request, errors] = ["request", "errors"].map(local);
    let (field, ty) = (&scheme.field, &scheme.ty);
    let overrides = overrides.map(|field| quote!(let __identity = self.#field.apply(__identity);));
    let at_type = p.at(ty.span());
    // In `macro_rules!` the span of the type has another `self`.
    let (this, found) = (quote!(self), Ident::new("__found", ty.span()));
    let said = quote_spanned! {ty.span()=>
        <#ty as #at_type::Authenticator>::authenticate(&#this.#field, #found, &#at_type::Context::of_request::<Self>(#request)).await
    };
    quote! {
        if __chosen.contains(#index) {
            if let #p::Credential::Found(#found) = #credential.0 {
                let __throttled = <#ty as #p::Authenticator>::is_throttled(&self.#field);
                if let #p::core::option::Option::Some(__identity) = #errors.step(#index, __throttled, #said) {
                    #overrides
                    return #p::Authentication::Authenticated(#p::Principal::new(__identity, #index));
                }
            }
        }
    }
}

fn kind(kind: &SchemeKind) -> Ident {
    let kind = match kind {
        SchemeKind::Basic => "Basic",
        SchemeKind::Bearer { .. } | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => "Bearer",
        SchemeKind::ApiKey { location, .. } => location,
        SchemeKind::Http { .. } => "Http",
    };
    Ident::new(kind, Span::call_site())
}

/// `.with(auth)`.
fn middleware(auth: &Auth, p: &Private) -> TokenStream {
    let name = &auth.name;
    let (_, arguments, where_clause) = auth.generics.split_for_impl();
    let mut generics = auth.generics.clone();
    generics.params.push(parse_quote!(__E: #p::poem::Endpoint));
    let (generics, _, _) = generics.split_for_impl();
    quote! {
        impl #generics #p::poem::Middleware<__E> for #name #arguments #where_clause {
            type Output = #p::WithAuth<Self, __E>;

            fn transform(&self, __endpoint: __E) -> Self::Output {
                #p::WithAuth::new(self, __endpoint)
            }
        }
    }
}
