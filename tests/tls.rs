//! TLS as clients, servers and sinks see it: what they are told, and what is said of those that are no good.
#![allow(clippy::unwrap_used, reason = "these are tests, their helpers too")]

mod common;
#[path = "flume/sinks.rs"]
#[allow(dead_code, reason = "some of it is for the tests of flume-push")]
mod sinks;

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustix::process::Signal;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use rustls::{StreamOwned, SupportedProtocolVersion};

use common::{Dir, PATIENCE, Run, start, weir};
use sinks::{Sink, Told};

/// The file of a certificate or a key of the tests.
fn file(name: &str) -> String {
    format!("{}/tests/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A run that listens by TLS, and the port.
fn listening(source: &str, args: &[&str]) -> (Run, u16) {
    let (cert, key) = (file("localhost.pem"), file("key-pkcs8.pem"));
    let all = [&[source, "0", "--tls-cert", &cert, "--tls-key", &key], args].concat();
    let mut run = start(weir(&all));
    let port = run.port();
    (run, port)
}

type Client = StreamOwned<ClientConnection, TcpStream>;

/// A client of these versions, whose handshake begins with what it sends.
fn client_of(port: u16, versions: &[&'static SupportedProtocolVersion]) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}

fn client(port: u16) -> Client {
    client_of(port, &[&TLS13, &TLS12])
}

/// Says that this was all.
fn end(client: &mut Client) {
    client.conn.send_close_notify();
    client.conn.complete_io(&mut client.sock).unwrap();
}

#[test]
fn both_versions_are_spoken_and_no_newer_one_than_asked_for() {
    let args = ["--interval", "0"];
    let (mut run, port) = listening("listen", &args);
    for (version, line) in [(&TLS12, "twelve"), (&TLS13, "thirteen")] {
        let mut client = client_of(port, &[version]);
        client.write_all(format!("{line}\n").as_bytes()).unwrap();
        assert_eq!(run.out.line(""), line);
    }
    let (mut run, port) = listening("listen", &["--tls-max", "1.2", "--interval", "0"]);
    let mut client = client_of(port, &[&TLS13, &TLS12]);
    client.write_all(b"agreed\n").unwrap();
    assert_eq!(run.out.line(""), "agreed");
    assert_eq!(client.conn.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
    assert!(client_of(port, &[&TLS13]).write_all(b"not\n").is_err());
    run.err.line("the TLS of the other side is too old, or another");
}

#[test]
fn the_end_of_the_stream_acknowledges_and_a_reset_does_not() {
    let dir = Dir::new();
    let checkpoint = dir.path("ck");
    let args = ["--ack", "--count", "--checkpoint", checkpoint.to_str().unwrap()];
    let (mut run, port) = listening("listen", &args);
    let mut first = client(port);
    first.write_all(b"a\nb\nhalf").unwrap();
    end(&mut first);
    let mut told = String::new();
    first.read_to_string(&mut told).unwrap();
    assert_eq!(told, "ok 3\n");
    let mut second = client(port);
    second.write_all(b"c\n").unwrap();
    second.flush().unwrap();
    run.press(Signal::KILL);
    assert_eq!(second.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_client_has_its_name() {
    let (mut run, port) = listening("listen", &["--with-peer", "--keys", "--interval", "0"]);
    let mut client = client(port);
    client.write_all(b"a\n").unwrap();
    assert_eq!(run.out.line(""), client.sock.local_addr().unwrap().to_string());
}

#[test]
fn who_speaks_something_else_is_named_on_both_kinds_of_port() {
    let (mut run, port) = listening("listen", &["--interval", "0"]);
    for (bytes, seen) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "no TLS: what came looks like HTTP without TLS"),
        (b"a line\n", "no TLS: what came looks like lines of text: the client does not speak TLS"),
    ] {
        TcpStream::connect(("127.0.0.1", port)).unwrap().write_all(bytes).unwrap();
        let line = run.err.line("cut off");
        assert!(line.ends_with(seen), "{line}");
    }
    client(port).write_all(b"still here\n").unwrap();
    assert_eq!(run.out.line(""), "still here");

    let mut run = start(weir(&["listen", "0", "--interval", "0"]));
    let port = run.port();
    assert!(client(port).write_all(b"a\n").is_err());
    let line = run.err.line("cut off");
    assert!(
        line.contains("what came looks like TLS, and this port is plain: --tls-cert"),
        "{line}"
    );
    TcpStream::connect(("127.0.0.1", port)).unwrap().write_all(b"plain\n").unwrap();
    assert_eq!(run.out.line(""), "plain");
}

#[test]
fn a_client_that_does_not_trust_the_certificate_is_told_of() {
    let (cert, key) = (file("self.pem"), file("key-pkcs8.pem"));
    let mut run = start(weir(&["listen", "0", "--tls-cert", &cert, "--tls-key", &key]));
    let port = run.port();
    assert!(client(port).write_all(b"a\n").is_err());
    run.err.line("cut off: the other side does not trust the certificate (it says UnknownCA)");
}

/// The certificate that a client is shown.
fn shown(client: &mut Client) -> CertificateDer<'static> {
    while client.conn.is_handshaking() {
        client.conn.complete_io(&mut client.sock).unwrap();
    }
    client.conn.peer_certificates().unwrap()[0].clone()
}

#[test]
fn a_certificate_that_is_renewed_is_shown_to_those_who_connect_from_then_on() {
    let dir = Dir::new();
    let [cert, key] = ["cert.pem", "key.pem"].map(|name| dir.path(name));
    // A link to a file with a number, as certbot has it.
    let put = |number: u32, [cert_from, key_from]: [&str; 2]| {
        for (path, from) in [(&cert, cert_from), (&key, key_from)] {
            let to = path.with_extension(number.to_string());
            std::fs::copy(file(from), &to).unwrap();
            let link = path.with_extension("link");
            std::os::unix::fs::symlink(&to, &link).unwrap();
            std::fs::rename(link, path).unwrap();
        }
    };
    let of = |name| CertificateDer::from_pem_file(file(name)).unwrap();
    let paths = [&cert, &key].map(|path| path.to_str().unwrap());
    let tls = ["--tls-cert", paths[0], "--tls-key", paths[1]];
    let count = ["--count", "--interval", "50ms", "--format", "text", "--skip-empty"];
    for source in ["listen", "flume-push"] {
        put(2, ["localhost.pem", "key-pkcs8.pem"]);
        let mut run = start(weir(&[&[source, "0"], &tls[..], &count].concat()));
        let port = run.port();
        let mut first = client(port);
        assert_eq!(shown(&mut first), of("localhost.pem"));
        put(3, ["localhost-rsa.pem", "key-pkcs1.pem"]);
        run.err.line(&format!("--tls-cert: {} was read again", paths[0]));
        assert_eq!(shown(&mut client(port)), of("localhost-rsa.pem"));
        // One that is no good is told, once, and that before it goes on.
        put(4, ["localhost.pem", "key-pkcs1.pem"]);
        let line = run.err.line("clients are still shown the certificate before it");
        assert!(line.contains("not the key of the first certificate"), "{line}");
        assert_eq!(shown(&mut client(port)), of("localhost-rsa.pem"));
        put(5, ["localhost.pem", "key-pkcs8.pem"]);
        run.err.line("was read again");
        assert_eq!(shown(&mut client(port)), of("localhost.pem"));
        // Who was there all the while has noticed nothing.
        if source == "listen" {
            first.write_all(b"still here\n").unwrap();
            run.out.line("1");
        } else {
            assert_eq!(Sink::over(first).send(&bodies(&["still here"])), Told::Ok);
        }
    }
}

fn bodies(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| text.to_string()).collect()
}

const COUNT: [&str; 6] = ["--count", "--update-state", "--interval", "50ms", "--format", "text"];

#[test]
fn sinks_are_answered_by_tls_with_and_without_compression() {
    for compression in ["none", "deflate"] {
        let args = [&COUNT[..], &["--compression", compression]].concat();
        let (mut run, port) = listening("flume-push", &args);
        for version in [&TLS12, &TLS13] {
            let sink = Sink::over(client_of(port, &[version]));
            let mut sink = if compression == "deflate" { sink.compressed() } else { sink };
            for _ in 0..3 {
                assert_eq!(sink.send(&vec!["x".repeat(100); 500]), Told::Ok);
            }
        }
        run.out.line("3000");
    }
}

#[test]
fn sinks_that_speak_something_else_are_named() {
    let (mut run, port) =
        listening("flume-push", &[&COUNT[..], &["--compression", "deflate"]].concat());
    let compressed = |bytes: &[u8]| {
        let mut out = Vec::new();
        weir::wire::flume::deflate::Deflate::default().put(&mut out, bytes);
        out
    };
    let hello = b"\x16\x03\x03\x01\x2a\x01\x00\x01\x26\x03\x03 and what a client chooses by chance";
    let frame = b"\0\0\0\x01\0\0\0\x02\0\0\0\x26";
    for (bytes, seen) in [
        (compressed(hello), "TLS within the compressed stream, as Flume from 1.10 on sends it"),
        (compressed(frame), "a compressed stream without TLS"),
        (frame.to_vec(), "an avro sink without TLS: it lacks ssl = true"),
        (b"\0\0\0\x2a\x82\x21\x01\x06append".to_vec(), "a Thrift sink"),
    ] {
        Sink::connect(port).unwrap().send_raw(&bytes);
        let line = run.err.line("cut off");
        assert!(line.contains(seen), "{line}");
    }
    let mut run =
        start(weir(&[&["flume-push", "0", "--compression", "deflate"], &COUNT[..]].concat()));
    let port = run.port();
    assert_eq!(Sink::connect(port).unwrap().send_raw(&compressed(hello)), b"");
    run.err.line("cut off: what came is TLS within the compressed stream, as Flume from 1.10 on");
}

#[test]
fn nothing_that_was_answered_by_tls_is_lost_when_weir_is_killed() {
    let dir = Dir::new();
    let checkpoint = dir.path("ck");
    let args = [&COUNT[..], &["--checkpoint", checkpoint.to_str().unwrap()]].concat();
    let mut kept = 0;
    for _ in 0..3 {
        let (mut run, port) = listening("flume-push", &args);
        let mut sink = Sink::over(client(port));
        for _ in 0..20 {
            assert_eq!(sink.send(&bodies(&["a", "b", "c"])), Told::Ok);
            kept += 3;
        }
        run.press(Signal::KILL);
    }
    let (mut run, _) = listening("flume-push", &args);
    run.out.line(&kept.to_string());
}

/// A server with this certificate that sends a text to each who calls and ends as it should, or does not.
fn server(cert: &str, text: &'static str, ends: bool) -> u16 {
    let chain = vec![CertificateDer::from_pem_file(file(cert)).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("key-pkcs8.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(session, stream.unwrap());
            let sent = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
            if sent.is_ok() && ends {
                stream.conn.send_close_notify();
                let _ = stream.conn.complete_io(&mut stream.sock);
            }
        }
    });
    port
}

/// How a run ends that reads once from that server.
fn once(host: &str, port: u16, ca: &str) -> common::Ended {
    let (address, ca) = (format!("{host}:{port}"), file(ca));
    let args =
        ["connect", &address, "--tls", "--tls-ca", &ca, "--count", "--format", "text", "--once"];
    start(weir(&args)).end()
}

#[test]
fn servers_are_read_whose_certificate_is_good() {
    for (cert, host, ca) in [
        ("localhost.pem", "localhost", "ca.pem"),
        ("localhost.pem", "127.0.0.1", "ca.pem"),
        ("self.pem", "localhost", "self.pem"),
    ] {
        let port = server(cert, "a\nb\nhalf", true);
        assert_eq!(once(host, port, ca).ok(), "3\n");
    }
}

#[test]
fn servers_whose_certificate_is_not_good_are_not_read() {
    for (cert, host, ca, said) in [
        (
            "expired.pem",
            "localhost",
            "ca.pem",
            "the server's certificate has expired, on 2020-02-01",
        ),
        ("elsewhere.pem", "localhost", "ca.pem", "is not for localhost but for elsewhere.example"),
        ("localhost.pem", "localhost", "self.pem", "nobody whom this machine trusts has signed"),
        ("self-ca.pem", "localhost", "self-ca.pem", "is one that signs others (CA:TRUE)"),
    ] {
        let port = server(cert, "a\n", true);
        let ended = once(host, port, ca);
        assert_eq!(ended.status, 1, "{}", ended.err);
        assert!(ended.err.starts_with(&format!("weir: {host}:{port}: ")), "{}", ended.err);
        assert!(ended.err.contains(said), "{}", ended.err);
    }
}

#[test]
fn a_stream_that_is_cut_off_is_no_end_of_it() {
    let port = server("localhost.pem", "a\nb\n", false);
    let ended = once("127.0.0.1", port, "ca.pem");
    assert_eq!(ended.status, 1);
    assert!(ended.err.contains("closed without the end of the TLS stream"), "{}", ended.err);
}

#[test]
fn a_bad_certificate_is_said_once_an_outage_and_tried_again() {
    let port = server("expired.pem", "a\n", true);
    let (address, ca) = (format!("127.0.0.1:{port}"), file("ca.pem"));
    let args = ["connect", &address, "--tls", "--tls-ca", &ca, "--interval", "50ms"];
    let more = ["--reconnect-delay", "10ms", "--count", "--batches", "10"];
    let ended = start(weir(&[&args[..], &more].concat())).end();
    let said = ended.err.matches("has expired, on 2020-02-01; trying again every 10ms").count();
    assert_eq!((ended.status, said), (0, 1), "{}", ended.err);
    assert!(!ended.err.contains("connected again"), "{}", ended.err);
}

#[test]
fn a_server_that_speaks_no_tls_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.write_all(b"220 a server of something else\r\n");
            // A close before all was read that has come would be a reset.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    let ended = once("127.0.0.1", port, "ca.pem");
    assert_eq!(ended.status, 1);
    assert!(ended.err.contains("no TLS: what came looks like lines of text"), "{}", ended.err);
}
