//! The trait behind `derive(Auth)`, constant half: the schemes, the tables and the realm.

use super::{DeclaredNames, RoleTable, SecurityScheme, Table};

/// The security schemes, permissions and roles that an `Auth` struct declares.
///
/// Derive it: `#[derive(Auth)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares no security schemes",
    label = "does not derive `Auth`",
    note = "put `#[derive(Auth, Clone)]` on `{Self}`, and `#[scheme(..)]` on its fields"
)]
pub trait AuthSchema: Sized + 'static {
    /// The table of permissions.
    type Permission: Table;
    /// The table of roles.
    type Role: RoleTable<Permission = Self::Permission>;
    /// The schemes, in the order of the fields.
    const SCHEMES: &'static [SecurityScheme];
    /// The names of the schemes, in the same order.
    const SCHEME_NAMES: &'static [&'static str];
    /// The OAuth 2 scopes: those that schemes list, and the permissions. The permissions are left out if there are
    /// `oauth2` schemes that all list their own scopes, and no scheme is `openid_connect`.
    const SCOPES: &'static [&'static str];
    /// The protection space that challenges name (RFC 9110, section 11.5).
    const REALM: &'static str;

    /// Returns the names of all tables.
    fn declared_names() -> &'static DeclaredNames;
}
