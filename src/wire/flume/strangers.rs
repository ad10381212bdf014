//! Who has connected and speaks something else: told by its first bytes, so that an operator knows whom
//! to look for.
//!
//! A frame's first byte is 0, because clients count their calls from 1 and a connection's first call has
//! a low number. What else begins with a 0, a Thrift sink does, shows itself in the bytes behind it.

use super::Wrong;
use super::deflate::Inflate;

/// True if no frame of a connection begins so.
pub fn is_strange(head: &[u8; 8]) -> bool {
    head[0] != 0 || is_thrift(head)
}

/// Thrift's frames have a length, then a message of its compact or its binary protocol.
fn is_thrift(head: &[u8; 8]) -> bool {
    head[4] == 0x82 || head[4..6] == [0x80, 1]
}

/// What is said where TLS is within the compressed stream.
pub const SWAPPED: &str = "TLS within the compressed stream, as Flume from 1.10 on sends it where ssl and \
     compression-type are both set; weir reads what Flume up to 1.9 sends, which compresses within TLS: leave one of \
     the two out of the sink";

/// What came where TLS was expected looks like, from its first bytes.
pub fn looks_without_tls(first: &[u8]) -> &'static str {
    match first {
        [0x78, ..] if is_sealed_within(first) => SWAPPED,
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            "a compressed stream without TLS: the sink has compression-type = deflate and lacks ssl = true"
        }
        [0, 0, ..] if !first.first_chunk().is_some_and(is_thrift) => {
            "an avro sink without TLS: it lacks ssl = true"
        }
        _ => looks(first),
    }
}

/// True if it inflates to TLS.
fn is_sealed_within(mut first: &[u8]) -> bool {
    Inflate::default().feed(&mut first).is_ok_and(is_tls)
}

/// True if it begins as TLS does.
pub fn is_tls(first: &[u8]) -> bool {
    matches!(first, [0x16, 3, ..])
}

/// What came looks like, from its first bytes.
pub fn looks(first: &[u8]) -> &'static str {
    const METHODS: [&[u8]; 7] = [b"GET ", b"POST", b"PUT ", b"HEAD", b"DELE", b"OPTI", b"PRI "];
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    match first {
        _ if is_tls(first) => {
            "TLS: the sink has ssl = true, and this port is plain; --tls-cert and --tls-key read it"
        }
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            "compressed: the sink has compression-type = deflate, which --compression deflate reads"
        }
        _ if METHODS.iter().any(|method| first.starts_with(method)) => "HTTP",
        _ if first.first_chunk().is_some_and(is_thrift) => {
            "a Thrift sink: a sink of type avro is what is read here"
        }
        _ if first.iter().all(is_text) => "lines of text, which `weir listen` reads",
        _ => "nothing known",
    }
}

/// That what came is not from an avro sink.
pub fn wrong(first: &[u8]) -> Wrong {
    Wrong::new(format!("no avro sink: what came looks like {}", looks(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_told_by_their_first_bytes() {
        let table: [(&[u8; 8], &str); 9] = [
            (b"GET / HT", "HTTP"),
            (b"PRI * HT", "HTTP"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01", "TLS"),
            (b"\x78\x9c\x62\x60\x60\x60\x64\x00", "compressed"),
            (b"\0\0\0\x2a\x82\x21\x01\x06", "Thrift"),
            (b"\0\0\0\x2a\x80\x01\0\x01", "Thrift"),
            (b"hello\nwo", "lines of text"),
            (b"SSH-2.0-", "lines of text"),
            (b"\x03\x01\xff\xfe\x00\x00\x00\x01", "nothing known"),
        ];
        for (head, seen) in table {
            assert!(is_strange(head), "{head:?}");
            assert!(looks(head).starts_with(seen) || looks(head).contains(seen), "{head:?}");
        }
        assert!(!is_strange(b"\0\0\0\x01\0\0\0\x02"));
    }

    #[test]
    fn where_tls_is_expected_sinks_are_told_what_they_lack() {
        let swapped =
            std::fs::read("tests/data/flume/java_flume111_tls_inside_deflate.bin").unwrap();
        let deflate = std::fs::read("tests/data/flume/java_flume_deflate.bin").unwrap();
        let table: [(&[u8], &str); 6] = [
            (&swapped, SWAPPED),
            (&swapped[..64], SWAPPED),
            (&deflate[..64], "a compressed stream without TLS"),
            (b"\0\0\0\x01\0\0\0\x02", "an avro sink without TLS"),
            (b"\0\0\0\x2a\x82\x21\x01\x06", "a Thrift sink"),
            (b"GET / HT", "HTTP"),
        ];
        for (first, seen) in table {
            assert!(looks_without_tls(first).starts_with(seen), "{first:?}");
        }
    }
}
