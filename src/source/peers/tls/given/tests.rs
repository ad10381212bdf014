//! What is wrong with what was given.

use super::super::tests::{calling, file, listening};
use super::*;

/// A file of a test, which goes with it.
struct Given(PathBuf);

impl Given {
    fn new(name: &str, content: &str) -> Given {
        let name = format!("weir-given-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        Given(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn wrong(cert: &str, key: &str) -> (u8, String) {
    let error = listening(&["--tls-cert", cert, "--tls-key", key]).err().unwrap();
    (error.exit_status(), error.to_string())
}

#[test]
fn a_file_that_is_not_what_it_should_be_is_named_with_what_to_do() {
    let (cert, key) = (file("localhost.pem"), file("key-pkcs8.pem"));
    let half = std::fs::read_to_string(&cert).unwrap();
    let half = Given::new("half", &half[..half.len() / 2]);
    let damaged =
        Given::new("damaged", "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n");
    let der = Given::new("der", "\x30 as DER begins");
    let no = file("no.pem");
    let (rsa, locked) = (file("key-pkcs1.pem"), file("key-encrypted.pem"));
    let table = [
        (&no[..], &key[..], 1, "--tls-cert", &no[..], "no such file or directory; the user that"),
        (&cert, &no, 1, "--tls-key", &no, "no such file or directory; the user that"),
        (&key, &key, 2, "--tls-cert", &key, "no certificate in it: one begins with"),
        (&cert, &cert, 2, "--tls-key", &cert, "no private key in it: one begins with"),
        (&cert, &locked, 2, "--tls-key", &locked, "its key has a password"),
        (&cert, &rsa, 2, "--tls-key", &rsa, "not the key of the first certificate in "),
        (half.path(), &key, 2, "--tls-cert", half.path(), "a -----BEGIN line has no -----END"),
        (damaged.path(), &key, 2, "--tls-cert", damaged.path(), "damaged"),
        (der.path(), &key, 2, "--tls-cert", der.path(), "no PEM but DER"),
    ];
    for (cert, key, status, flag, place, what) in table {
        let (found, said) = wrong(cert, key);
        assert!(said.starts_with(&format!("{flag}: {place}: {what}")), "{said}");
        assert_eq!(found, status, "{said}");
    }
}

#[test]
fn flags_that_need_each_other_say_so() {
    let table: [(&[&str], &str); 3] = [
        (&["--tls-cert", "a"], "--tls-cert: needs --tls-key FILE"),
        (&["--tls-key", "a"], "--tls-key: needs --tls-cert FILE"),
        (&["--tls-max", "1.2"], "--tls-max: needs --tls-cert FILE"),
    ];
    for (words, said) in table {
        let error = listening(words).err().unwrap();
        assert!(error.to_string().starts_with(said) && error.exit_status() == 2, "{error}");
    }
    assert!(!listening(&[]).unwrap().is_tls());
    let error = calling("localhost", &["--tls-ca", "a"]).err().unwrap();
    assert!(error.to_string().starts_with("--tls-ca: needs --tls"), "{error}");
    assert!(calling("localhost", &[]).unwrap().is_none());
}

#[test]
fn authorities_are_looked_at_before_anybody_is_called() {
    let key = file("key-pkcs8.pem");
    let error = calling("localhost", &["--tls", "--tls-ca", &key]).err().unwrap();
    assert!(error.to_string().starts_with(&format!("--tls-ca: {key}: no certificate in it")));
    let error = calling("fe80::1%eth0", &["--tls", "--tls-ca", &file("ca.pem")]).err().unwrap();
    assert_eq!(error.to_string(), "--tls: fe80::1%eth0 is no name that a certificate can be for");
}
