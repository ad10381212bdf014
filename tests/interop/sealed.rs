//! TLS with programs that do not come from here: `openssl s_client`, `openssl s_server`, and Python's ssl.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::common::{Dir, Run, start, weir};

const CERT: [&str; 4] =
    ["--tls-cert", "tests/tls/localhost.pem", "--tls-key", "tests/tls/key-pkcs8.pem"];

fn listening(args: &[&str]) -> (Run, String) {
    let mut run = start(weir(&[&["listen", "0"], &CERT[..], args].concat()));
    let port = run.port().to_string();
    (run, port)
}

/// A program that is ended with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "needs openssl: scripts/check runs it"]
fn openssl_s_client_sends_lines_by_both_versions() {
    for version in ["-tls1_2", "-tls1_3"] {
        let (run, port) = listening(&["--once", "--count-by-key", "--format", "text"]);
        let address = format!("localhost:{port}");
        let checks = [
            "-CAfile",
            "tests/tls/ca.pem",
            "-verify_return_error",
            "-verify_hostname",
            "localhost",
        ];
        let mut client = Command::new("openssl")
            .args(["s_client", "-quiet", "-no_ign_eof", "-connect", &address, version])
            .args(checks)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        client.stdin.take().unwrap().write_all(b"a\nb\na\n").unwrap();
        assert_eq!(run.end().ok(), "a\t2\nb\t1\n");
        let _ = Program(client);
    }
}

#[test]
#[ignore = "needs openssl: scripts/check runs it"]
fn connect_reads_from_openssl_s_server_and_goes_on_when_it_comes_back() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let address = format!("localhost:{port}");
    let args = ["connect", &address, "--tls", "--tls-ca", "tests/tls/ca.pem", "--interval", "0"];
    let mut run = start(weir(&[&args[..], &["--reconnect-delay", "50ms"]].concat()));
    run.err.line("connection refused; trying again every 50ms");
    for word in ["first", "second"] {
        let mut server = Command::new("openssl")
            .args(["s_server", "-quiet", "-accept", &port, "-4"])
            .args(["-cert", "tests/tls/localhost.pem", "-key", "tests/tls/key-pkcs8.pem"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        run.err.line("connected again");
        server.stdin.as_mut().unwrap().write_all(format!("{word}\n").as_bytes()).unwrap();
        assert_eq!(run.out.line(""), word);
        drop(Program(server));
        run.err.line("trying again every 50ms");
    }
}

/// Sends lines, says that this was all, and waits for the end of the stream.
const ACKNOWLEDGED: &str = "
import socket, ssl, sys
context = ssl.create_default_context(cafile='tests/tls/ca.pem')
plain = socket.create_connection(('localhost', int(sys.argv[1])), 60)
sealed = context.wrap_socket(plain, server_hostname='localhost')
sealed.sendall(b'a\\nb\\nhalf')
sealed.unwrap()
print('acknowledged')
";

#[test]
#[ignore = "needs openssl and python3: scripts/check runs it"]
fn the_end_of_the_stream_is_what_python_waits_for() {
    let dir = Dir::new();
    let checkpoint = dir.path("ck");
    let (_run, port) = listening(&["--count", "--checkpoint", checkpoint.to_str().unwrap()]);
    let output = Command::new("python3").args(["-c", ACKNOWLEDGED, &port]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "acknowledged\n");
}
