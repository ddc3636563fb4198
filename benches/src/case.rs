//! What a caller may send, and what must come of it.

/// A caller's situation: a row of the truth table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    /// A good credential of somebody who may call the operation.
    Valid,
    /// The same an hour after its end.
    Expired,
    /// The same an hour before its start.
    NotYetValid,
    /// A token for another service.
    WrongAudience,
    /// A token that says to be from another issuer.
    WrongIssuer,
    /// A token whose signature is not the issuer's.
    BadSignature,
    /// A good credential of somebody who may do other things, but not call the operation.
    LackingPermission,
    /// Nothing.
    NoCredential,
    /// What is a credential in its outer form only.
    Garbage,
}

impl Case {
    /// All of them, in the order of the table.
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

    /// Its column in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::NotYetValid => "too early",
            Self::WrongAudience => "other aud",
            Self::WrongIssuer => "other iss",
            Self::BadSignature => "bad sig",
            Self::LackingPermission => "may not",
            Self::NoCredential => "nothing",
            Self::Garbage => "garbage",
        }
    }

    /// The status that is right.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Valid => 200,
            Self::LackingPermission => 403,
            _ => 401,
        }
    }
}
