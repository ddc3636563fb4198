//! The second factor: codes of an authenticator app (RFC 6238), and recovery codes.

mod enrol_and_verify;
mod enrolment;
mod qr;
mod recovery;
mod store;
mod totp;

pub(super) use self::totp::TotpSecret;
pub use self::{
    enrol_and_verify::MFA,
    enrolment::Enrolment,
    recovery::{RecoveryCodeHash, RecoveryCodes},
    store::{SecondFactor, SecondFactorStore},
};
