//! The second factor: codes of an authenticator app (RFC 6238), and recovery codes.

mod enrolment;
mod qr;
mod recovery;
mod store;
mod totp;

pub(super) use self::totp::TotpSecret;
pub use self::{
    enrolment::Enrolment,
    recovery::{RecoveryCodeHash, RecoveryCodes},
    store::{SecondFactor, SecondFactorStore},
};
