//! The words of `#[auth(..)]` and `#[scheme(..)]`, for editors: rust-analyzer completes them, and shows these texts.

/// Options of `#[auth(..)]`.
pub mod auth {
    /// `permissions = Permission`: the table of permissions.
    pub mod permissions {}
    /// `roles = Role`: the table of roles.
    pub mod roles {}
    /// `realm = ".."`: the protection space that challenges name (default: `api`; RFC 9110, section 11.5).
    pub mod realm {}
    /// `rejection = path`: a function that writes the body of refusals.
    pub mod rejection {}
}

/// Kinds of schemes: where the credential stands.
pub mod kind {
    /// `Authorization: Basic`, with a user name and a password (RFC 7617).
    pub mod basic {}

    /// `Authorization: Bearer` (RFC 6750).
    pub mod bearer {
        /// `format = "JWT"`: a hint in the document.
        pub mod format {}
    }

    /// `Authorization: Bearer`, with a token of an authorization server: `oauth2(password(token_url = "/auth/token"))`.
    pub mod oauth2 {
        /// The user gives name and password to the client (RFC 6749, section 4.3).
        pub mod password {
            /// `refresh_url = ".."`: the address that exchanges refresh tokens.
            pub mod refresh_url {}
            /// `token_url = "/auth/token"`: the address of the token endpoint.
            pub mod token_url {}
        }
        /// The client signs in for itself (RFC 6749, section 4.4).
        pub mod client_credentials {
            /// `refresh_url = ".."`: the address that exchanges refresh tokens.
            pub mod refresh_url {}
            /// `token_url = "/auth/token"`: the address of the token endpoint.
            pub mod token_url {}
        }
        /// The browser is sent to the authorization server (RFC 6749, section 4.1).
        pub mod authorization_code {
            /// `authorization_url = ".."`: the address that a browser is sent to.
            pub mod authorization_url {}
            /// `refresh_url = ".."`: the address that exchanges refresh tokens.
            pub mod refresh_url {}
            /// `token_url = "/auth/token"`: the address of the token endpoint.
            pub mod token_url {}
        }
        /// The authorization server returns a token in the URL (RFC 6749, section 4.2).
        pub mod implicit {
            /// `authorization_url = ".."`: the address that a browser is sent to.
            pub mod authorization_url {}
            /// `refresh_url = ".."`: the address that exchanges refresh tokens.
            pub mod refresh_url {}
        }
        /// `scopes("name" = "description", ..)`: the scopes, in place of the table of permissions.
        pub mod scopes {}
    }

    /// `Authorization: Bearer`, with a token of an OpenID Connect provider.
    pub mod openid_connect {
        /// `url = ".."`: the address of the discovery document.
        pub mod url {}
    }

    /// A key in a header, a cookie or a parameter of the query: `api_key(header = "X-API-Key")`.
    pub mod api_key {
        /// `header = "X-API-Key"`: the name of the header.
        pub mod header {}
        /// `cookie = ".."`: the name of the cookie.
        pub mod cookie {}
        /// `query = ".."`: the name of the parameter. URLs are written to logs, so prefer a header.
        pub mod query {}
    }

    /// `header = ".."`: a named header.
    pub mod header {}
    /// `cookie = ".."`: a cookie.
    pub mod cookie {}
    /// `http = ".."`: another scheme of the `Authorization` header.
    pub mod http {}
}

/// Options after the kind.
pub mod option {
    /// `name = ".."`: the name of the scheme in the document (default: the name of the field).
    pub mod name {}
    /// `max_len = 32_768`: the maximum length of the credential in bytes (default: 16 KiB).
    pub mod max_len {}
    /// A proxy or a browser adds the header, so requests of other sites are checked as with cookies.
    pub mod ambient {}
    /// Of `basic`: scripts get a challenge for which browsers open no password dialog.
    pub mod silent_for_scripts {}
}
