//! StartTLS (RFC 4511, section 4.14): requests TLS on a plain-text connection.
//!
//! The LDAP library supports it too, but parses nested elements without a depth limit. An attacker on the network can
//! forge the response, because the connection is not yet encrypted, and overflow the stack of the process.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Message 1: the extended operation 1.3.6.1.4.1.1466.20037.
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
/// Largest accepted response, in bytes. A valid one is far smaller.
const LONGEST: usize = 1024;

/// The tags of a response, from the outermost to the innermost.
const MESSAGE: u8 = 0x30;
const NUMBER: u8 = 0x02;
const EXTENDED_RESPONSE: u8 = 0x78;
const RESULT_CODE: u8 = 0x0a;

/// Requests TLS and reads the response, and not one byte more: plain text after it is not trusted.
pub(super) async fn start_tls<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.write_all(REQUEST).await?;
    let length = header(stream, MESSAGE).await?;
    if length > LONGEST {
        return Err(not_ldap());
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await?;
    match result_code(&message).await? {
        0 => Ok(()),
        code => Err(io::Error::other(format!("StartTLS was rejected with result code {code}"))),
    }
}

async fn result_code(mut message: &[u8]) -> io::Result<u8> {
    if (header(&mut message, NUMBER).await?, message.read_u8().await?) != (1, 1) {
        return Err(not_ldap());
    }
    header(&mut message, EXTENDED_RESPONSE).await?;
    match (header(&mut message, RESULT_CODE).await?, message.read_u8().await?) {
        (1, code) => Ok(code),
        _ => Err(not_ldap()),
    }
}

/// Reads the length of an element with this tag (X.690, section 8.1.3). Active Directory uses four bytes for all lengths.
async fn header<R: AsyncRead + Unpin>(from: &mut R, tag: u8) -> io::Result<usize> {
    if from.read_u8().await? != tag {
        return Err(not_ldap());
    }
    match from.read_u8().await? {
        short @ ..=0x7f => Ok(short.into()),
        0x81 => Ok(from.read_u8().await?.into()),
        0x82 => Ok(from.read_u16().await?.into()),
        0x84 => usize::try_from(from.read_u32().await?).map_err(|_| not_ldap()),
        _ => Err(not_ldap()),
    }
}

fn not_ldap() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the response to StartTLS is not LDAP")
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::{REQUEST, start_tls};

    /// Returns the result for this response, and the unread bytes.
    async fn answered(answer: &[u8]) -> (Result<(), String>, Vec<u8>) {
        let (mut here, mut there) = duplex(4096);
        there.write_all(answer).await.unwrap();
        there.shutdown().await.unwrap();
        let outcome = start_tls(&mut here).await.map_err(|error| error.to_string());
        let mut request = vec![0; REQUEST.len()];
        there.read_exact(&mut request).await.unwrap();
        assert_eq!(request, REQUEST);
        let mut rest = Vec::new();
        here.read_to_end(&mut rest).await.unwrap();
        (outcome, rest)
    }

    #[tokio::test]
    async fn responses_of_openldap_and_active_directory_are_accepted() {
        let openldap = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
        let active_directory =
            b"\x30\x84\x00\x00\x00\x28\x02\x01\x01\x78\x84\x00\x00\x00\x1f\x0a\x01\x00\x04\x00\x04\x00\
            \x8a\x161.3.6.1.4.1.1466.20037";
        for answer in [&openldap[..], active_directory] {
            assert_eq!(answered(answer).await, (Ok(()), vec![]));
            // Injected plain text after the response stays for TLS, which rejects it.
            assert_eq!(answered(&[answer, b"more"].concat()).await, (Ok(()), b"more".to_vec()));
        }
    }

    #[tokio::test]
    async fn any_other_response_is_an_error() {
        let (outcome, _) = answered(b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x34\x04\x00\x04\x00").await;
        assert_eq!(outcome.unwrap_err(), "StartTLS was rejected with result code 52");
        for answer in [
            &b""[..],
            b"\x30",
            b"\x30\x00",
            b"\x30\x80\x00\x00",
            b"\x30\x83\x00\x00\x00",
            b"\x30\x0c\x02\x01\x01",
            // Another message number, another operation, and another type.
            b"\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00",
            b"\x30\x0c\x02\x02\x00\x01\x78\x06\x0a\x01\x00\x04\x00\x04",
            b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
            b"\x30\x0c\x02\x01\x01\x78\x07\x04\x01\x00\x04\x00\x04\x00",
            b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x02\x00\x01\x04\x00\x04",
            b"\x30\x07\x02\x01\x01\x78\x02\x0a\x01",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            // Too long, and endless.
            b"\x30\x82\x04\x01",
            b"\x30\x84\xff\xff\xff\xff",
        ] {
            assert!(answered(answer).await.0.is_err(), "{answer:x?}");
        }
        assert!(answered(&b"\x30\x82\x04\x00".repeat(300)).await.0.is_err());
    }
}
