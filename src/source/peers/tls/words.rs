//! What is said of a handshake that came to nothing: who was there instead, what is wrong with a certificate, and
//! what to do about it.
//!
//! Such an error is of the kind `InvalidData`; it says what came, where others say what the system said.

use std::io::{self, ErrorKind};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error};

/// Who is there that does not speak TLS, by the first bytes of him.
pub type Looks = fn(&[u8]) -> &'static str;

/// True if it begins as a client does that speaks TLS: a record that holds nothing but the first message.
///
/// ```text
/// 16 | 03 01 | length of the record | 01 | length of the message | ...
/// ```
///
/// That no line begins so is as sure as it can be, since both lengths say the same.
pub fn is_hello(first: &[u8]) -> bool {
    match first {
        &[0x16, 3, 0..=4, a, b, 1, 0, c, d, ..] => {
            u32::from(u16::from_be_bytes([a, b])) == u32::from(u16::from_be_bytes([c, d])) + 4
        }
        _ => false,
    }
}

/// A client speaks TLS, and nobody else does.
pub fn unsealed() -> io::Error {
    wrong(
        "what came looks like TLS, and this port is plain: --tls-cert FILE and --tls-key FILE make it one for TLS",
    )
}

/// The connection ended where the peer has not said that it ends.
pub fn cut_off() -> io::Error {
    let what = "closed without the end of the TLS stream: what came last may have been cut off";
    io::Error::new(ErrorKind::UnexpectedEof, what)
}

/// The connection ended before the handshake did.
pub fn unopened(first: &[u8], looks: Looks) -> io::Error {
    match is_strange(first) {
        true => stranger(first, looks),
        false => {
            io::Error::new(ErrorKind::UnexpectedEof, "closed before the TLS handshake was over")
        }
    }
}

/// The handshake does not come to an end; `is_newest`: under TLS 1.3.
pub fn overdue(first: &[u8], looks: Looks, is_newest: bool) -> io::Error {
    match (is_strange(first), is_newest) {
        (true, _) => stranger(first, looks),
        (false, true) => wrong(
            "its TLS handshake does not go on; Flume up to 1.9, and others as old, break under TLS 1.3: --tls-max 1.2 is \
             what they need",
        ),
        (false, false) => wrong("its TLS handshake does not go on"),
    }
}

/// What a client looks like that sends lines.
pub fn client(first: &[u8]) -> &'static str {
    match first {
        [0x80..=0xff, _, 1, 0, 2 | 3, ..] => "SSL 2, which nobody should speak any more",
        _ if is_http(first) => "HTTP without TLS",
        _ if is_text(first) => "lines of text: the client does not speak TLS",
        _ => "nothing known",
    }
}

/// What a server looks like that sends lines.
pub fn server(first: &[u8]) -> &'static str {
    match first {
        _ if first.starts_with(b"HTTP") => "HTTP without TLS",
        _ if is_text(first) => "lines of text: the server does not speak TLS, so leave --tls out",
        _ => "nothing known",
    }
}

fn is_http(first: &[u8]) -> bool {
    const METHODS: [&[u8]; 7] = [b"GET ", b"POST", b"PUT ", b"HEAD", b"DELE", b"OPTI", b"PRI "];
    METHODS.iter().any(|method| first.starts_with(method))
}

/// True if it could be the beginning of a text, of which a last character may be cut.
fn is_text(first: &[u8]) -> bool {
    let text = match std::str::from_utf8(first) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&first[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && !text.contains(|c: char| c.is_control() && !c.is_whitespace())
}

/// Why a session cannot go on. `first` are the first bytes that came, if the handshake is not over.
pub fn failed(error: &Error, first: &[u8], looks: Looks) -> io::Error {
    match error {
        Error::InvalidMessage(_) if is_strange(first) => stranger(first, looks),
        Error::InvalidCertificate(what) => wrong(&certificate(what)),
        Error::NoCertificatesPresented => wrong("the other side has no certificate"),
        Error::AlertReceived(AlertDescription::CloseNotify | AlertDescription::UserCanceled) => {
            unopened(first, looks)
        }
        Error::AlertReceived(alert) => wrong(&alerted(*alert)),
        Error::PeerIncompatible(what) => wrong(&format!(
            "the TLS of the other side is too old, or another: {what:?}; 1.2 and 1.3 are spoken here"
        )),
        other => wrong(&format!("TLS cannot go on: {other}")),
    }
}

/// True if something has come, and no record of TLS: each begins with its kind, of which there are five.
fn is_strange(first: &[u8]) -> bool {
    first.first().is_some_and(|kind| !(20..=24).contains(kind))
}

fn stranger(first: &[u8], looks: Looks) -> io::Error {
    wrong(&format!("no TLS: what came looks like {}", looks(first)))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

/// What the other side has said before it went.
fn alerted(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    match alert {
        Alert::UnknownCA | Alert::BadCertificate | Alert::CertificateUnknown => format!(
            "the other side does not trust the certificate (it says {alert:?}): what it trusts must have its \
             authority, and the certificate must be for the name that it calls"
        ),
        Alert::CertificateExpired => {
            "the other side says that the certificate has expired".to_string()
        }
        Alert::CertificateRequired | Alert::HandshakeFailure => format!(
            "the other side ended the TLS handshake ({alert:?}): it may want a certificate of the client, which weir \
             has not, or another version of TLS"
        ),
        Alert::ProtocolVersion => {
            "the other side ended the TLS handshake: it speaks another version of TLS".to_string()
        }
        Alert::BadRecordMac | Alert::UnexpectedMessage | Alert::DecryptError => format!(
            "the other side cannot read what it is sent ({alert:?}): its TLS may be too old; --tls-max 1.2, where \
             weir listens, is for those that break under TLS 1.3, as Flume up to 1.9 does"
        ),
        other => format!("the other side ended the TLS connection: {other:?}"),
    }
}

/// What is wrong with the certificate of a server.
fn certificate(error: &CertificateError) -> String {
    use CertificateError as Wrong;
    match error {
        // Another one of the same name is trusted.
        Wrong::UnknownIssuer | Wrong::BadSignature => "nobody whom this machine trusts has signed the server's certificate: --tls-ca FILE \
             says whom to trust instead"
            .to_string(),
        Wrong::Expired => "the server's certificate has expired".to_string(),
        Wrong::ExpiredContext { not_after, .. } => {
            format!("the server's certificate has expired, on {}", day(*not_after))
        }
        Wrong::NotValidYet => "the server's certificate is not valid yet".to_string(),
        Wrong::NotValidYetContext { not_before, .. } => {
            format!("the server's certificate is not valid before {}", day(*not_before))
        }
        Wrong::NotValidForName => "the server's certificate is for another name".to_string(),
        Wrong::NotValidForNameContext { expected, presented } => {
            let called = expected.to_str();
            match presented.as_slice() {
                [] => format!(
                    "the server's certificate names nobody (it has no subjectAltName), so it is not for {called}"
                ),
                names => format!(
                    "the server's certificate is not for {called} but for {}",
                    names.iter().map(|name| bare(name)).collect::<Vec<_>>().join(", ")
                ),
            }
        }
        Wrong::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server's certificate is one that signs others (CA:TRUE), and none for a server: with openssl req, \
             -addext basicConstraints=critical,CA:FALSE makes one"
                .to_string()
        }
        other => format!("the server's certificate is not valid: {other}"),
    }
}

/// A name of a certificate, as people write it: of `DnsName("a.example")` what stands in quotes.
fn bare(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

/// The day, in UTC.
fn day(time: UnixTime) -> String {
    let second = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(second)
        .map_or_else(|_| "a day far away".to_string(), |at| at.strftime("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_is_told_from_lines() {
        let mut hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
        assert!(is_hello(&hello));
        hello[8] = 0xfb;
        assert!(!is_hello(&hello), "two lengths that do not agree");
        for line in
            [&b"\x16\x03\x01"[..], b"GET / HTTP/1.1", b"", b"\x16\x03\x01\x02\x00\x02\x00\x01\xfc"]
        {
            assert!(!is_hello(line));
        }
    }

    #[test]
    fn strangers_are_told_by_their_first_bytes() {
        let table: [(&[u8], &str); 5] = [
            (b"GET / HTTP/1.1\r\n", "HTTP"),
            ("a l\u{ef}ne\n".as_bytes(), "lines of text"),
            (b"caf\xc3", "lines of text"),
            (b"\x80\x2e\x01\x00\x02", "SSL 2"),
            (b"\x00\x01\x02", "nothing known"),
        ];
        for (first, seen) in table {
            assert!(client(first).starts_with(seen), "{first:?}: {}", client(first));
        }
        assert!(server(b"220 ready\r\n").ends_with("leave --tls out"));
    }

    #[test]
    fn a_handshake_that_does_not_go_on_is_named_by_who_is_there() {
        let hello = b"\x16\x03\x01\x02";
        let said = |first, is_newest| overdue(first, client, is_newest).to_string();
        assert!(said(hello, true).contains("Flume up to 1.9"));
        assert_eq!(said(hello, false), "its TLS handshake does not go on");
        assert!(said(b"hi", false).starts_with("no TLS: what came looks like lines of text"));
        let gone = unopened(hello, client);
        assert_eq!(gone.kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_certificate_that_is_not_for_the_name_says_for_whom_it_is() {
        let expected = rustls::pki_types::ServerName::try_from("a.example").unwrap();
        let presented =
            vec!["DnsName(\"b.example\")".to_string(), "IpAddress(10.0.0.1)".to_string()];
        let said = certificate(&CertificateError::NotValidForNameContext { expected, presented });
        assert_eq!(
            said,
            "the server's certificate is not for a.example but for b.example, IpAddress(10.0.0.1)"
        );
        let after = UnixTime::since_unix_epoch(std::time::Duration::from_secs(86_400));
        let expired = CertificateError::ExpiredContext { time: after, not_after: after };
        assert_eq!(certificate(&expired), "the server's certificate has expired, on 1970-01-02");
    }
}
