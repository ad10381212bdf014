//! Addresses as they are typed: taken apart, shown again, and resolved.
//!
//! A port alone is enough to listen, and means this machine only; to connect, a host is needed.
//! What cannot be an address is refused with the text as it was typed, before anything is opened.

use std::net::{SocketAddr, ToSocketAddrs};

use crate::error::Error;

/// An address as it was typed, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl Address {
    /// Reads `[HOST:]PORT`, for a source that listens; the host is 127.0.0.1 if none is given.
    pub fn listening(text: &str) -> Result<Address, Error> {
        let shape = "an address to listen on is [HOST:]PORT, as in 9999 or 0.0.0.0:9999";
        Address::parse(text, shape, Some("127.0.0.1"))
    }

    /// Reads `HOST:PORT`, for a source that connects.
    pub fn remote(text: &str) -> Result<Address, Error> {
        let shape = "an address to connect to is HOST:PORT, as in localhost:9999";
        let address = Address::parse(text, shape, text.starts_with(':').then_some("localhost"))?;
        match address.port {
            0 => Err(Error::usage(format!("{text}: nothing can be reached on port 0; {shape}"))),
            _ => Ok(address),
        }
    }

    fn parse(text: &str, shape: &str, default: Option<&str>) -> Result<Address, Error> {
        let wrong = |what: &str| Error::usage(format!("{text}: {what}; {shape}"));
        if text.starts_with("unix:") || text.starts_with("udp:") {
            return Err(wrong("only TCP is spoken here"));
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return Err(wrong(&format!("no `{scheme}://` stands before it: {rest}")));
        }
        let (host, digits) = text.rsplit_once(':').unwrap_or(("", text));
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) && text.contains(':') {
            return Err(wrong(&format!("`{digits}` is no port number")));
        }
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong("no port is given"));
        }
        let port = digits.parse().map_err(|_| wrong("a port is at most 65535"))?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if bare.is_none() && host.contains(':') && !host.contains('/') {
            return Err(wrong("an IPv6 address stands in brackets, as in [::1]:9999"));
        }
        let host = match (bare, host) {
            (None, "") => default.ok_or_else(|| wrong("no host is given"))?,
            (bare, host) => bare.unwrap_or(host),
        };
        let named = |c: char| c.is_alphanumeric() || "-_.:%".contains(c);
        if host.is_empty() || !host.chars().all(named) {
            return Err(wrong("this names no host"));
        }
        Ok(Address { host: host.to_string(), port })
    }

    /// The host, as it was typed.
    pub fn host(&self) -> String {
        self.host.clone()
    }

    /// The addresses that the name stands for; asks the network, and may take its time.
    pub fn resolve(&self) -> Result<Vec<SocketAddr>, Error> {
        let wrong = |what: &str| {
            Error::Failed(format!("{self}: the name {} cannot be resolved: {what}", self.host))
        };
        let found = (self.host.as_str(), self.port).to_socket_addrs().map_err(|error| {
            let said = crate::error::said(&error);
            wrong(said.rsplit(": ").next().unwrap_or(&said))
        })?;
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for address in found {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(wrong("it has no address")) } else { Ok(addresses) }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        let listening = [
            ("9999", "127.0.0.1:9999"),
            (":9999", "127.0.0.1:9999"),
            ("0", "127.0.0.1:0"),
            ("0.0.0.0:9999", "0.0.0.0:9999"),
            ("localhost:65535", "localhost:65535"),
            ("[::1]:9999", "[::1]:9999"),
            ("[::]:9999", "[::]:9999"),
            ("[fe80::1%eth0]:1", "[fe80::1%eth0]:1"),
        ];
        for (text, shown) in listening {
            assert_eq!(Address::listening(text).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(Address::remote(":9999").unwrap().to_string(), "localhost:9999");
        assert_eq!(Address::remote("my-host.example:1").unwrap().to_string(), "my-host.example:1");
    }

    #[test]
    fn what_is_no_address_is_a_usage_error_that_starts_with_it() {
        let table = [
            ("", "no port"),
            ("localhost", "no port"),
            ("localhost:", "no port"),
            (":", "no port"),
            ("h:http", "`http` is no port"),
            ("h:+1", "`+1` is no port"),
            (":65536", "at most 65535"),
            ("h:99999999999999999999", "at most 65535"),
            ("::1", "brackets"),
            ("::1:9999", "brackets"),
            ("[::1]", "`1]` is no port"),
            ("[]:1", "no host"),
            ("a b:1", "no host"),
            ("http://localhost:80", "no `http://` stands before it: localhost:80"),
            ("tcp://0.0.0.0:9999", "no `tcp://` stands before it: 0.0.0.0:9999"),
            ("udp:9999", "only TCP"),
            ("udp:0.0.0.0:9999", "only TCP"),
            ("unix:/run/weir", "only TCP"),
        ];
        for (text, reason) in table {
            for parse in [Address::listening, Address::remote] {
                let err = parse(text).unwrap_err();
                assert_eq!(err.exit_status(), 2);
                let err = err.to_string();
                assert!(err.starts_with(&format!("{text}: ")), "{text}: {err}");
                assert!(err.contains(reason), "{text}: {err}");
            }
        }
        assert!(Address::remote("9999").unwrap_err().to_string().contains("no host is given"));
        assert!(Address::remote("h:0").unwrap_err().to_string().contains("port 0"));
    }

    #[test]
    fn a_name_that_does_not_resolve_is_named() {
        let err = Address::remote("nowhere.invalid:9").unwrap().resolve().unwrap_err();
        let text = err.to_string();
        assert_eq!(err.exit_status(), 1);
        let start = "nowhere.invalid:9: the name nowhere.invalid cannot be resolved: ";
        assert!(text.starts_with(start), "{text}");
    }

    #[test]
    fn an_address_in_digits_resolves_to_itself() {
        let address = Address::listening("[::1]:9").unwrap();
        assert_eq!(address.resolve().unwrap(), ["[::1]:9".parse().unwrap()]);
    }
}
