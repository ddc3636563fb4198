//! The checked model of an input. It keeps the spans of the input for later errors.

use std::fmt::{self, Display};

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprCall, Generics, Ident, ImplItemFn, ItemImpl, Lit, LitStr, Path, Signature, Type, Visibility,
};

/// A name as it was written: a string to look up, or a path to a typed value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    Literal(LitStr),
    Path(Path),
    /// `Permission::Comments(comments::Permission::Write)`: a value of a joined table.
    Call(ExprCall),
}

/// The name as in the source.
impl Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => f.write_str(&literal.value()),
            Self::Path(_) | Self::Call(_) => f.write_str(&self.to_token_stream().to_string().replace(' ', "")),
        }
    }
}

impl ToTokens for Name {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Literal(literal) => literal.to_tokens(tokens),
            Self::Path(path) => path.to_tokens(tokens),
            Self::Call(call) => call.to_tokens(tokens),
        }
    }
}

/// A condition on the caller.
#[derive(Clone, Debug)]
pub(crate) enum Requirement {
    Authenticated,
    Role(Name),
    Permission(Name),
    Scope(Name),
    Scheme(Name),
    Fresh {
        seconds: u64,
    },
    Claim {
        name: LitStr,
        value: Lit,
    },
    Acr(Vec<Name>),
    /// A constant that `requirement!` made.
    Rule(Path),
    /// Position in the operation's checks.
    Check(usize),
    All(Vec<Requirement>),
    Any(Vec<Requirement>),
    Not(Box<Requirement>),
}

impl Requirement {
    /// Calls `show` with every clause that contains no other.
    pub(crate) fn visit(&self, show: &mut impl FnMut(&Self)) {
        match self {
            Self::All(clauses) | Self::Any(clauses) => clauses.iter().for_each(|clause| clause.visit(show)),
            Self::Not(clause) => clause.visit(show),
            leaf => show(leaf),
        }
    }
}

/// `check = expression`, or `check("name") = expression`.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    /// Span of the word `check`.
    pub(crate) span: Span,
    /// Stands in documents and logs in place of the expression.
    pub(crate) name: Option<LitStr>,
    pub(crate) expression: Expr,
}

/// The access to an operation.
#[derive(Debug)]
pub(crate) enum Access {
    Public { reason: LitStr },
    Optional { requirement: Option<Requirement>, hide: bool, checks: Vec<Check> },
    Required { requirement: Requirement, hide: bool, checks: Vec<Check> },
}

impl Access {
    pub(crate) fn requirement(&self) -> Option<&Requirement> {
        match self {
            Self::Public { .. } => None,
            Self::Optional { requirement, .. } => requirement.as_ref(),
            Self::Required { requirement, .. } => Some(requirement),
        }
    }

    pub(crate) fn checks(&self) -> &[Check] {
        match self {
            Self::Public { .. } => &[],
            Self::Optional { checks, .. } | Self::Required { checks, .. } => checks,
        }
    }
}

/// The `Auth` of an item.
#[derive(Clone, Debug)]
pub(crate) struct AuthType {
    pub(crate) path: Path,
    /// Whether a type parameter of the item stands in it. Names are then looked up when the code gets its types.
    pub(crate) is_generic: bool,
}

/// An impl block whose operations are protected.
pub(crate) struct Api {
    pub(crate) auth: AuthType,
    /// `#[OpenApi(..)]`, which goes to the generated impl block; absent if the user forgot it.
    pub(crate) attribute: Option<Attribute>,
    /// The user's impl block, its methods without `#[oai]` and without our attributes.
    pub(crate) item: ItemImpl,
    pub(crate) operations: Vec<Operation>,
}

/// A method that is an operation.
pub(crate) struct Operation {
    /// The attributes of the method, with `#[oai]` and without ours.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) signature: Signature,
    pub(crate) access: Access,
}

/// An impl block whose MCP tools are protected.
pub(crate) struct Tools {
    pub(crate) auth: AuthType,
    /// `#[Tools]`, which goes to the generated impl block.
    pub(crate) attribute: Attribute,
    /// The user's impl block, its methods without `#[mcp]` and without our attributes.
    pub(crate) item: ItemImpl,
    pub(crate) methods: Vec<Tool>,
}

/// A method that is a tool.
pub(crate) struct Tool {
    /// The name that callers use.
    pub(crate) name: LitStr,
    /// The method with `#[mcp]` and without our attributes.
    pub(crate) method: ImplItemFn,
    pub(crate) access: Access,
}

/// A plain Poem handler.
pub(crate) struct Handler {
    pub(crate) auth: AuthType,
    /// `#[handler]`, which goes to the generated function.
    pub(crate) attribute: Attribute,
    /// The user's function without it and without our attributes.
    pub(crate) function: syn::ItemFn,
    /// Absent if the handler has an error.
    pub(crate) access: Option<Access>,
}

/// A table of names.
pub(crate) struct Table<E> {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) name: Ident,
    pub(crate) entries: Vec<E>,
    /// Tables whose names follow those of the entries.
    pub(crate) joined: Vec<Joined>,
}

/// `Variant(other::Permission)`: another table.
pub(crate) struct Joined {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) variant: Ident,
    pub(crate) table: Path,
}

/// A permission.
pub(crate) struct Entry {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) variant: Ident,
    pub(crate) name: LitStr,
    pub(crate) description: String,
}

/// A role.
pub(crate) struct Role {
    pub(crate) entry: Entry,
    /// Its own permissions.
    pub(crate) own: Held,
    /// Its own permissions and those of every role that it inherits from.
    pub(crate) held: Held,
}

pub(crate) enum Held {
    All,
    These(Vec<Name>),
}

/// An `Auth` struct.
pub(crate) struct Auth {
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) permissions: Option<Path>,
    pub(crate) roles: Option<Path>,
    pub(crate) realm: LitStr,
    pub(crate) rejection: Option<Path>,
    /// Empty if the struct has an error.
    pub(crate) schemes: Vec<Scheme>,
    /// The names of all schemes. Those with an error are included, so that their uses cause no second error.
    pub(crate) names: Vec<String>,
    /// The field with `#[overrides]`.
    pub(crate) overrides: Option<Ident>,
    /// The field with `#[events]`, and its type.
    pub(crate) events: Option<(Ident, Type)>,
}

/// A field with `#[scheme(..)]`.
pub(crate) struct Scheme {
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: SchemeKind,
    /// Maximum length of the credential, if it is not the default.
    pub(crate) max_len: Option<usize>,
    /// Whether a proxy adds the credential.
    pub(crate) ambient: bool,
    /// Whether scripts get a challenge that browsers do not know.
    pub(crate) silent: bool,
}

pub(crate) enum SchemeKind {
    Basic,
    Bearer { format: Option<LitStr> },
    OAuth2 { flows: Vec<Flow>, scopes: Option<Vec<(LitStr, LitStr)>> },
    OpenIdConnect { url: LitStr },
    ApiKey { location: &'static str, name: LitStr },
    Http { scheme: LitStr },
}

pub(crate) struct Flow {
    pub(crate) grant: &'static str,
    pub(crate) authorization_url: Option<LitStr>,
    pub(crate) token_url: Option<LitStr>,
    pub(crate) refresh_url: Option<LitStr>,
}
