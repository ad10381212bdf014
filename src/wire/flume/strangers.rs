//! Who has connected and speaks something else: told by its first bytes, so that an operator knows whom
//! to look for.
//!
//! A frame's first byte is 0, because clients count their calls from 1 and a connection's first call has
//! a low number. What else begins with a 0, a Thrift sink does, shows itself in the bytes behind it.

use super::Wrong;

/// True if no frame of a connection begins so.
pub fn is_strange(head: &[u8; 8]) -> bool {
    head[0] != 0 || is_thrift(head)
}

/// Thrift's frames have a length, then a message of its compact or its binary protocol.
fn is_thrift(head: &[u8; 8]) -> bool {
    head[4] == 0x82 || head[4..6] == [0x80, 1]
}

/// What came looks like, from its first bytes.
pub fn looks(first: &[u8]) -> &'static str {
    const METHODS: [&[u8]; 7] = [b"GET ", b"POST", b"PUT ", b"HEAD", b"DELE", b"OPTI", b"PRI "];
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    match first {
        [0x16, 3, ..] => "TLS: the sink has ssl = true, and this port is plain",
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
}
