//! Example services for `auth-runtime`. Each binary in `src/bin/` starts one of them.
//!
//! The smallest ones are one file each: `hello`, `roles`, `ownership`, `jwt`, `store` and `ldap`. The larger ones are
//! modules:
//!
//! - [`demo`] shows every kind of rule in a small service with its own users and tokens.
//! - [`resource_server`] is a template: it accepts tokens of other issuers, and reads all settings from the environment.
//! - [`own_table`] uses an existing table of users.

pub mod demo;
pub mod environment;
pub mod own_table;
pub mod resource_server;
pub mod server;

/// Compiles the code blocks of the README and the book as doctests.
#[cfg(doctest)]
mod documents {
    macro_rules! documents {
        ($($name:ident = $path:literal,)*) => {$(
            #[doc = include_str!(concat!("../../", $path))]
            pub struct $name;
        )*};
    }

    documents! {
        Llms = "llms.txt",
        Readme = "README.md",
        Tutorial1 = "docs/src/tutorial/1-open-service.md",
        Tutorial2 = "docs/src/tutorial/2-callers.md",
        Tutorial3 = "docs/src/tutorial/3-roles.md",
        Tutorial4 = "docs/src/tutorial/4-users.md",
        Tutorial5 = "docs/src/tutorial/5-ownership.md",
        Tutorial6 = "docs/src/tutorial/6-tokens.md",
        Tutorial7 = "docs/src/tutorial/7-browsers.md",
        Tutorial8 = "docs/src/tutorial/8-public.md",
        Tutorial9 = "docs/src/tutorial/9-tests.md",
        HowToApiKeys = "docs/src/how-to/api-keys.md",
        HowToAudit = "docs/src/how-to/audit.md",
        HowToAuthenticator = "docs/src/how-to/authenticator.md",
        HowToDatabase = "docs/src/how-to/database.md",
        HowToIssuerAdfs = "docs/src/how-to/issuers/adfs.md",
        HowToIssuerAuth0 = "docs/src/how-to/issuers/auth0.md",
        HowToIssuerClerk = "docs/src/how-to/issuers/clerk.md",
        HowToIssuerCloudflare = "docs/src/how-to/issuers/cloudflare.md",
        HowToIssuerCognito = "docs/src/how-to/issuers/cognito.md",
        HowToIssuerDuende = "docs/src/how-to/issuers/duende.md",
        HowToIssuerEntra = "docs/src/how-to/issuers/entra.md",
        HowToIssuerFirebase = "docs/src/how-to/issuers/firebase.md",
        HowToIssuerGoogle = "docs/src/how-to/issuers/google.md",
        HowToIssuerGoogleIap = "docs/src/how-to/issuers/google-iap.md",
        HowToIssuerHydra = "docs/src/how-to/issuers/hydra.md",
        HowToIssuerKeycloak = "docs/src/how-to/issuers/keycloak.md",
        HowToIssuerOkta = "docs/src/how-to/issuers/okta.md",
        HowToIssuerSupabase = "docs/src/how-to/issuers/supabase.md",
        HowToIssuerXsuaa = "docs/src/how-to/issuers/xsuaa.md",
        HowToIssuerZitadel = "docs/src/how-to/issuers/zitadel.md",
        HowToJwt = "docs/src/how-to/jwt.md",
        HowToLdap = "docs/src/how-to/ldap.md",
        HowToMcp = "docs/src/how-to/mcp.md",
        HowToOwnUser = "docs/src/how-to/own-user.md",
        HowToPoemRoutes = "docs/src/how-to/poem-routes.md",
        HowToProxy = "docs/src/how-to/proxy.md",
        HowToRedis = "docs/src/how-to/redis.md",
        HowToResetAndSecondFactor = "docs/src/how-to/reset-and-second-factor.md",
        HowToReviewAccess = "docs/src/how-to/review-access.md",
        HowToSessions = "docs/src/how-to/sessions.md",
        HowToSharedApis = "docs/src/how-to/shared-apis.md",
        HowToTesting = "docs/src/how-to/testing.md",
        HowToTokens = "docs/src/how-to/tokens.md",
        MigrationFastapiAuth = "docs/src/migration/fastapi-auth.md",
        MigrationFastapiSecurity = "docs/src/migration/fastapi-security.md",
        MigrationFastapi = "docs/src/migration/fastapi.md",
        MigrationPoemGrants = "docs/src/migration/poem-grants.md",
        MigrationPoemWeb = "docs/src/migration/poem-web.md",
        ReferenceAttributes = "docs/src/reference/attributes.md",
        ReferenceSchemes = "docs/src/reference/schemes.md",
    }
}
