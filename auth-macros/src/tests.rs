//! Golden expansions, and rules that are too small for a case of `ui-tests`.
//!
//! `INSTA_UPDATE=always cargo test -p auth-macros` rewrites the expansions. Read them before you commit.

use proc_macro2::TokenStream;
use quote::quote;

use crate::{
    errors::suggestion, expand_attribute, expand_auth, expand_configured, expand_permissions, expand_requirement,
    expand_roles, parse::attribute::AttributeName,
};

/// Formats an expansion.
fn pretty(expanded: &TokenStream) -> String {
    let file = syn::parse2(expanded.clone()).unwrap_or_else(|error| panic!("{error}: {expanded}"));
    prettyplease::unparse(&file)
}

fn protected(arguments: TokenStream, item: TokenStream) -> String {
    pretty(&expand_attribute(AttributeName::Protected, arguments, item))
}

/// Expands the operation `list` with these clauses.
fn operation(clauses: &TokenStream) -> String {
    protected(
        TokenStream::new(),
        quote! {
            #[OpenApi]
            impl Entries {
                #[protected(#clauses)]
                #[oai(path = "/", method = "get")]
                async fn list(&self) {}
            }
        },
    )
}

#[test]
fn permissions_become_an_enum_and_a_table() {
    let expanded = expand_permissions(quote! {
        /// The permissions of a caller.
        pub enum Permission {
            /// View entries
            View = "view",
            Edit = "edit",
        }
    });
    insta::assert_snapshot!(pretty(&expanded));
}

#[test]
fn roles_hold_what_they_inherit() {
    let expanded = expand_roles(quote! {
        enum Role: Permission {
            Viewer = "Viewer" => [View],
            User = "User": Viewer => ["edit", crate::Permission::Delete],
            Administrator = "Administrator" => all,
        }
    });
    // The part in common with permissions has its own snapshot.
    let expanded = pretty(&expanded);
    let roles = expanded.find("const _: ()").expect("the names that are asserted come first");
    insta::assert_snapshot!(&expanded[roles..]);
}

#[test]
fn an_auth_becomes_a_chain_over_its_fields() {
    let expanded = expand_auth(quote! {
        #[auth(permissions = Permission, roles = Role, realm = "entry book", rejection = body)]
        struct Auth<S: Store> {
            /// Access token.
            #[scheme(oauth2(password(token_url = "/auth/token"), scopes("read" = "Read")))]
            access_token: Jwt,
            #[scheme(api_key(header = "X-API-Key"), name = "machine")]
            key: ApiKeys<S>,
            #[overrides]
            overrides: PermissionOverrides<Permission>,
        }
    });
    insta::assert_snapshot!(pretty(&expanded));
}

#[test]
fn an_impl_block_stays_and_gets_a_twin_of_each_operation() {
    let expanded = protected(
        quote!(roles = "Administrator"),
        quote! {
            /// Entries.
            #[OpenApi(prefix_path = "/entries")]
            impl<S: Store> Entries<S> {
                /// Lists them.
                #[permission("view")]
                #[oai(path = "/", method = "get")]
                async fn list(&self) -> PlainText<String> {
                    PlainText(self.store.list())
                }

                #[protected(any(scopes("read"), all(fresh = "5m", check = owns(&caller, id))), hide)]
                #[oai(path = "/:id", method = "put")]
                async fn update(
                    &self,
                    caller: Principal<Auth>,
                    /// Which.
                    #[oai(name = "number")]
                    Path(mut id): Path<i64>,
                ) {
                }

                #[public(reason = "liveness probe")]
                #[oai(path = "/health", method = "get")]
                async fn health(&self) {}

                fn helper(&self) {}
            }
        },
    );
    insta::assert_snapshot!(expanded);
}

#[test]
fn a_handler_stays_inside_one_with_a_guard() {
    let expanded = protected(
        quote!(auth = access::Auth, permission("view"), check = caller.subject() == "alice"),
        quote! {
            /// Greets.
            #[cfg(unix)]
            #[handler]
            #[instrument]
            pub async fn hello(caller: Principal<Auth>) -> String {
                caller.subject().to_owned()
            }
        },
    );
    insta::assert_snapshot!(expanded);
}

#[test]
fn a_requirement_becomes_a_constant() {
    let expanded = expand_requirement(&quote!(any(role("Administrator"), permission(Permission::Edit)), hide));
    insta::assert_snapshot!(pretty(&quote!(const RULE: &Operation<Auth> = #expanded;)));
}

#[test]
fn cfgs_inside_an_item_are_evaluated_in_a_chain() {
    let expanded = protected(
        TokenStream::new(),
        quote! {
            #[OpenApi]
            impl Entries {
                #[cfg(unix)]
                #[protected]
                #[oai(path = "/", method = "get")]
                async fn list(&self, #[cfg(feature = "paging")] page: Query<u32>) {}
            }
        },
    );
    insta::assert_snapshot!(expanded);
}

#[test]
fn an_evaluated_cfg_removes_the_parts_configured_away() {
    let expanded = expand_configured(quote! {
        { true false } protected {} #[OpenApi]
        impl Entries {
            #[cfg(unix)]
            #[protected]
            #[oai(path = "/", method = "get")]
            async fn list(&self, #[cfg(feature = "paging")] page: Query<u32>) {}

            #[cfg(feature = "paging")]
            async fn pages(&self) {}
        }
    });
    let expanded = pretty(&expanded);
    assert!(expanded.contains("async fn list(&self) {}"), "{expanded}");
    // Apart from the one on the method that only poem-openapi reads.
    let expanded = expanded.replacen("#[cfg(false)]", "", 1);
    assert!(!expanded.contains("pag") && !expanded.contains("cfg"), "{expanded}");
}

#[test]
fn times_are_counted_in_seconds() {
    for (text, seconds) in [("90s", "90u64"), ("5m", "300u64"), ("12h", "43200u64"), ("7d", "604800u64")] {
        let expanded = operation(&quote!(fresh = #text));
        assert!(expanded.contains(&format!("fresh({seconds})")), "{text}: {expanded}");
    }
    for text in
        ["", "5", "m", "0s", "-1m", "1.5h", "5 m", "5M", "5min", "99999999999999999999s", "18446744073709551615d"]
    {
        let expanded = operation(&quote!(fresh = #text));
        assert!(expanded.contains("expected a time"), "{text}: {expanded}");
    }
}

#[test]
fn one_clause_is_not_wrapped() {
    for (clauses, tree) in [
        (quote!(), "authenticated()"),
        (quote!(any(role("A"))), "role("),
        (quote!(all(any(role("A")))), "role("),
        (quote!(roles("A", "B")), "any(&["),
        (quote!(all_roles("A", "B")), "all(&["),
        (quote!(permissions("a", "b")), "all(&["),
        (quote!(any_permission("a", "b")), "any(&["),
        (quote!(schemes("a", "b")), "any(&["),
        (quote!(scopes("a", "b")), "all(&["),
        (quote!(role("A"), role("B")), "all(&["),
        (quote!(not(role("A"))), "not("),
    ] {
        let expanded: String = operation(&clauses).split_whitespace().collect();
        let expanded = expanded.replace(",>", ">");
        let root = "requirement:__private::Requirement::<__Auth>::";
        assert!(expanded.contains(&format!("{root}{tree}")), "{clauses}: {expanded}");
    }
}

#[test]
fn every_mistake_of_a_list_is_reported() {
    let expanded = operation(&quote!(rolls = "A", fresh = "5", any(), hide, hide, check, roles("A", "A")));
    assert_eq!(expanded.matches("compile_error!").count(), 6, "{expanded}");
}

#[test]
fn an_operation_with_a_mistake_hides_no_other() {
    let expanded = protected(
        TokenStream::new(),
        quote! {
            #[OpenApi]
            impl Entries {
                #[oai(path = "/", method = "get")]
                async fn list(&self) {}

                #[permission("view")]
                #[oai(path = "/", method = "post")]
                async fn add(&self) {}
            }
        },
    );
    assert_eq!(expanded.matches("compile_error!").count(), 1, "{expanded}");
    assert!(!expanded.contains("__protected_list") && expanded.contains("__protected_add"), "{expanded}");
    assert!(expanded.contains("Protected for Entries"), "{expanded}");
}

#[test]
fn a_check_that_reads_the_caller_needs_the_argument() {
    for check in [
        quote!(caller.subject() == "alice"),
        quote!(matches!(caller.subject(), "alice" | "bob")),
        quote!(is_owner(&caller)),
        quote!(async { caller.is_some() }),
    ] {
        let expanded = operation(&quote!(check = #check));
        assert!(expanded.contains("`list` has no argument `caller`"), "{check}: {expanded}");
    }
    for check in
        [quote!(self.callers().any(|caller| caller == "alice")), quote!(caller()), quote!(self.caller.is_some())]
    {
        let expanded = operation(&quote!(check = #check));
        assert!(!expanded.contains("compile_error!"), "{check}: {expanded}");
    }
}

#[test]
fn an_attribute_of_another_crate_is_not_taken_for_a_rule() {
    for (attribute, message) in [
        (quote!(#[instrument(skip(self))]), "`list` has no rule"),
        (quote!(#[instrument]), "`list` has no rule"),
        (quote!(#[guarded(role("Viewer"))]), "write `#[protected(role"),
    ] {
        let block = quote! {
            #[OpenApi]
            impl Entries {
                #attribute
                #[oai(path = "/", method = "get")]
                async fn list(&self) {}
            }
        };
        let expanded = protected(TokenStream::new(), block);
        assert!(expanded.contains(message), "{attribute}: {expanded}");
        let (_, item) = expanded.split_once("impl Entries").unwrap();
        assert!(!item.contains("instrument") && !item.contains("guarded"), "it would report once more: {item}");
    }
}

#[test]
fn a_similar_word_is_suggested() {
    let known = ["roles", "permission", "fresh"];
    assert_eq!(suggestion(&known, "rolls"), "; did you mean `roles`?");
    assert_eq!(suggestion(&known, "premission"), "; did you mean `permission`?");
    assert_eq!(suggestion(&known, "müll"), " (known: `roles`, `permission`, `fresh`)");
}

#[test]
fn a_misspelt_list_of_scopes_is_suggested() {
    for (word, hint) in [
        (quote!(scops), "; did you mean `scopes`?"),
        (quote!(device_code), " (known: `password`, `client_credentials`, `authorization_code`, `implicit`)"),
    ] {
        let expanded = expand_auth(quote! {
            struct Auth {
                #[scheme(oauth2(password(token_url = "/auth/token"), #word("read" = "Read")))]
                token: Jwt,
            }
        });
        let message = format!("unknown flow `{word}`{hint}");
        assert!(expanded.to_string().contains(&message), "{message}: {expanded}");
    }
}
