//! The cases of the truth table, and the expected status of each.

/// One case of the truth table: the kind of credential that the caller sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// A valid credential of a caller with the permission.
    Valid,
    /// A credential that expired an hour ago.
    Expired,
    /// A credential that becomes valid in an hour.
    NotYetValid,
    /// A token for another service.
    WrongAudience,
    /// A token that names another issuer.
    WrongIssuer,
    /// A token with a wrong signature.
    BadSignature,
    /// A valid credential of a caller without the permission.
    LackingPermission,
    /// No credential.
    NoCredential,
    /// A header with the form of a credential, but meaningless content.
    Garbage,
}

impl Case {
    /// All cases, in the order of the table.
    pub const ALL: [Self; 9] = [
        Self::Valid,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongAudience,
        Self::WrongIssuer,
        Self::BadSignature,
        Self::LackingPermission,
        Self::NoCredential,
        Self::Garbage,
    ];

    /// Returns the heading of the case's column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::NotYetValid => "not yet valid",
            Self::WrongAudience => "wrong aud",
            Self::WrongIssuer => "wrong iss",
            Self::BadSignature => "bad sig",
            Self::LackingPermission => "no permission",
            Self::NoCredential => "none",
            Self::Garbage => "garbage",
        }
    }

    /// Returns the expected status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Valid => 200,
            Self::LackingPermission => 403,
            _ => 401,
        }
    }
}
