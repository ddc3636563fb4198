//! The secret of an authenticator app, and its codes (RFC 6238).

use std::fmt;

use totp_rs::{Builder, Totp};
use zeroize::Zeroizing;

use crate::authenticate::Unavailable;

/// 160 bits, as RFC 4226, section 4, recommends.
const LEN: usize = 20;
/// In seconds. Some authenticator apps support no other step.
const STEP: u64 = 30;

/// The secret that a user's authenticator app shares.
pub(in super::super) struct TotpSecret(Zeroizing<[u8; LEN]>);

impl TotpSecret {
    pub(in super::super) fn generate() -> Result<Self, Unavailable> {
        let mut bytes = Zeroizing::new([0; LEN]);
        getrandom::fill(&mut *bytes).map_err(Unavailable::new)?;
        Ok(Self(bytes))
    }

    /// Returns the secret that a store kept.
    pub(in super::super) fn from_bytes(bytes: &[u8]) -> Result<Self, Unavailable> {
        let bytes = <[u8; LEN]>::try_from(bytes);
        bytes
            .map(|bytes| Self(Zeroizing::new(bytes)))
            .map_err(|_| Unavailable::new("a stored secret has a wrong length"))
    }

    pub(in super::super) fn as_bytes(&self) -> &[u8] {
        &*self.0
    }

    /// Returns the secret as people type it: base32 in groups of four.
    pub(super) fn text(&self) -> String {
        let text = self.totp("", "").secret().to_base32();
        let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| str::from_utf8(group).ok()).collect();
        groups.join(" ")
    }

    /// Returns the URI that authenticator apps read from a QR code.
    pub(super) fn uri(&self, application: &str, username: &str) -> Result<String, Unavailable> {
        self.totp(application, username).to_url().map_err(|error| Unavailable::new(error.to_string()))
    }

    /// Returns the time step of a code, if the code is that of now or of one step before or after (RFC 6238, section
    /// 5.2).
    ///
    /// `now` is in seconds since 1970. Spaces in the code are ignored, because apps show groups.
    pub(in super::super) fn step_of(&self, code: &str, now: u64) -> Option<u64> {
        let code: Zeroizing<String> = Zeroizing::new(code.split_whitespace().collect());
        self.totp("", "").check(&code, now)
    }

    /// Neither name may have a colon, which separates them in the URI.
    fn totp(&self, application: &str, username: &str) -> Totp {
        let builder = Builder::new().with_secret(*self.0).with_step_duration(STEP);
        let builder =
            builder.with_issuer(Some(application.replace(':', " "))).with_account_name(username.replace(':', " "));
        builder.build_noncompliant()
    }

    /// Returns the code of a time.
    #[cfg(test)]
    pub(in super::super) fn code(&self, now: u64) -> String {
        self.totp("", "").generate(now).to_string()
    }
}

/// Redacted.
impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::{STEP, TotpSecret};

    /// The secret of RFC 6238, appendix B.
    fn secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890").unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        for (now, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(secret().code(now), code);
            assert_eq!(secret().step_of(code, now), Some(now / STEP));
        }
    }

    #[test]
    fn a_code_is_right_for_one_step_before_and_after() {
        let now = 1_234_567_890;
        for (ahead, is_right) in [(0, false), (30, true), (60, true), (90, true), (120, false)] {
            let code = secret().code(now - 60 + ahead);
            assert_eq!(secret().step_of(&code, now).is_some(), is_right, "{ahead}");
        }
    }

    #[test]
    fn a_text_that_is_no_code_is_wrong() {
        for bad in ["", "28708", "2870820", "+28708", "28708a", "２８７０８２", "287082\0", &"2".repeat(100_000)]
        {
            assert_eq!(secret().step_of(bad, 59), None, "{bad:?}");
        }
        assert!(secret().step_of(" 287 082 ", 59).is_some());
    }

    #[test]
    fn names_with_a_colon_stay_apart_in_the_uri() {
        let uri = secret().uri("Entry: book", "alice&secret=x").unwrap();
        assert_eq!(
            uri,
            "otpauth://totp/Entry%20%20book:alice%26secret%3Dx?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Entry%20%20book"
        );
        assert_eq!(secret().text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(format!("{:?}", secret()), "[secret]");
    }
}
