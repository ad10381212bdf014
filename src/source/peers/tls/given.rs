//! `--tls-cert` and its like: certificates and keys in files, as PEM, and what is made of them.
//!
//! All is read before anything is opened. What is wrong with a file names the flag, the file and what to do.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, InconsistentKeys, RootCertStore, ServerConfig, SupportedProtocolVersion,
};

use super::renewal::Renewal;
use super::{Call, Welcome};
use crate::error::{Error, said};

/// The longest file that is read: all authorities of a system are a hundredth of it.
const LONGEST: u64 = 32 << 20;

/// The flags of a source that listens.
#[derive(clap::Args)]
#[group(skip)]
pub struct Listening {
    /// Speak TLS: the file of the certificate, as PEM
    ///
    /// The certificate comes first, and behind it those that lead to its authority, if there are any. The
    /// versions are 1.2 and 1.3. The clients need none. A certificate that is renewed while weir runs is shown
    /// to those who connect from then on, without a signal: the files are looked at each second. For a trial, this makes a certificate of this machine
    /// that signs itself: openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout key.pem -out cert.pem -subj
    /// /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext
    /// basicConstraints=critical,CA:FALSE
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The file of the private key of --tls-cert, as PEM
    ///
    /// PKCS #8, PKCS #1 or SEC 1, without a password. It may be the same file.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,

    /// The newest version of TLS that is spoken: 1.3, or 1.2 for sinks of Flume up to 1.9, which break under 1.3
    #[arg(long, value_name = "VERSION")]
    tls_max: Option<Version>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Version {
    /// TLS 1.2 alone
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.2 and 1.3
    #[value(name = "1.3")]
    Tls13,
}

static ALL: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
static OLDER: &[&SupportedProtocolVersion] = &[&TLS12];

impl Listening {
    /// How clients are let in.
    pub fn welcome(&self) -> Result<Welcome, Error> {
        let (cert, key) = match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => (cert, key),
            (Some(_), None) => {
                return Err(Error::usage("--tls-cert: needs --tls-key FILE, its private key"));
            }
            (None, Some(_)) => {
                return Err(Error::usage("--tls-key: needs --tls-cert FILE, its certificate"));
            }
            (None, None) if self.tls_max.is_some() => {
                return Err(Error::usage(
                    "--tls-max: needs --tls-cert FILE and --tls-key FILE: without them there is no TLS",
                ));
            }
            (None, None) => return Ok(Welcome::default()),
        };
        let versions = match self.tls_max {
            Some(Version::Tls12) => OLDER,
            Some(Version::Tls13) | None => ALL,
        };
        let (cert, key) = (cert.clone(), key.clone());
        let paths = [cert.clone(), key.clone()];
        let read = move || config(&cert, &key, versions);
        Ok(Welcome { renewal: Some(Renewal::new(paths, Box::new(read))?) })
    }
}

/// What clients are shown.
fn config(
    cert: &Path,
    key: &Path,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<ServerConfig, Error> {
    let chain = certificates("--tls-cert", cert)?;
    let key_der = private_key(key)?;
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .expect("these versions have ciphers")
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|error| unusable(&error, cert, key))
}

/// The flags of a source that connects.
#[derive(clap::Args)]
#[group(skip)]
pub struct Calling {
    /// Speak TLS, and read only from servers whose certificate is good
    ///
    /// It must be for HOST, as it is typed, and lead to an authority that this machine trusts, or to one
    /// of --tls-ca. The versions are 1.2 and 1.3.
    #[arg(long)]
    tls: bool,

    /// With --tls: the file of the authorities to trust instead of those of this machine, as PEM
    ///
    /// The certificate of a server that signs itself can stand in it, too.
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
}

/// How servers are called that are to be trusted.
#[derive(Clone)]
pub struct Trust {
    config: Arc<ClientConfig>,
}

impl Calling {
    /// How servers are called, if it is by TLS.
    pub fn trust(&self) -> Result<Option<Trust>, Error> {
        let roots = match (self.tls, &self.tls_ca) {
            (false, Some(_)) => {
                return Err(Error::usage(
                    "--tls-ca: needs --tls: without it nobody is asked for a certificate",
                ));
            }
            (false, None) => return Ok(None),
            (true, Some(path)) => authorities(path)?,
            (true, None) => system()?,
        };
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("these versions have ciphers")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Some(Trust { config: Arc::new(config) }))
    }
}

impl Trust {
    /// How the server with this name is called.
    pub fn call(&self, host: &str) -> Result<Call, Error> {
        let name = ServerName::try_from(host.to_string()).map_err(|_| {
            Error::usage(format!("--tls: {host} is no name that a certificate can be for"))
        })?;
        Ok(Call { config: Arc::clone(&self.config), name })
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn contents(flag: &str, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::Failed(format!(
            "{flag}: {}: {}; the user that weir runs as must be able to read it",
            path.display(),
            said(&error)
        ))),
    }
}

/// That a file does not hold what it should.
fn unfit(flag: &str, path: &Path, what: &str) -> Error {
    Error::usage(format!("{flag}: {}: {what}", path.display()))
}

fn certificates(flag: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let bytes = contents(flag, path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        // DER begins with a sequence.
        Ok(_) if bytes.first() == Some(&0x30) => Err(unfit(
            flag,
            path,
            "no PEM but DER, as it looks; openssl x509 -inform der -in FILE -out FILE.pem makes PEM of it",
        )),
        Ok(_) => Err(unfit(
            flag,
            path,
            "no certificate in it: one begins with the line -----BEGIN CERTIFICATE-----",
        )),
        Err(error) => Err(unfit(flag, path, &broken(&error))),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    const FLAG: &str = "--tls-key";
    let bytes = contents(FLAG, path)?;
    let has = |text: &[u8]| memchr::memmem::find(&bytes, text).is_some();
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| match error {
        pem::Error::NoItemsFound if has(b"BEGIN ENCRYPTED PRIVATE KEY") => unfit(
            FLAG,
            path,
            "its key has a password, which weir does not ask for; openssl pkey -in FILE -out FILE.pem takes it off",
        ),
        pem::Error::NoItemsFound => unfit(
            FLAG,
            path,
            "no private key in it: one begins with the line -----BEGIN PRIVATE KEY-----, or with RSA or EC before \
             PRIVATE",
        ),
        error if has(b"Proc-Type: 4,ENCRYPTED") => unfit(
            FLAG,
            path,
            &format!(
                "its key has a password, which weir does not ask for ({}); openssl pkey -in FILE -out FILE.pem takes \
                 it off",
                broken(&error)
            ),
        ),
        error => unfit(FLAG, path, &broken(&error)),
    })
}

/// Why a file is no PEM.
fn broken(error: &pem::Error) -> String {
    match error {
        pem::Error::MissingSectionEnd { .. } => {
            "a -----BEGIN line has no -----END line: the file was cut off".to_string()
        }
        pem::Error::Base64Decode(_) => "damaged: between its lines stands no base64".to_string(),
        other => format!("it is no PEM: {other}"),
    }
}

/// Why certificate and key are of no use together.
fn unusable(error: &rustls::Error, cert: &Path, key: &Path) -> Error {
    use rustls::Error as Tls;
    match error {
        Tls::InconsistentKeys(InconsistentKeys::KeyMismatch) => unfit(
            "--tls-key",
            key,
            &format!(
                "not the key of the first certificate in {}; the certificate of the server comes first there",
                cert.display()
            ),
        ),
        Tls::InvalidCertificate(what) => {
            unfit("--tls-cert", cert, &format!("its first certificate cannot be read: {what}"))
        }
        other => unfit(
            "--tls-key",
            key,
            &format!(
                "this key cannot be used ({other}); keys are RSA of 2048 bits or more, ECDSA on P-256 or P-384, and \
                 Ed25519"
            ),
        ),
    }
}

fn authorities(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let found = certificates("--tls-ca", path)?;
    match roots.add_parsable_certificates(found) {
        (0, _) => Err(unfit("--tls-ca", path, "no certificate in it can be read")),
        _ => Ok(roots),
    }
}

/// Those whom this machine trusts.
fn system() -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    match roots.add_parsable_certificates(found.certs) {
        (0, _) => {
            let why = found.errors.first().map(|error| format!(" ({error})")).unwrap_or_default();
            Err(Error::Failed(format!(
                "--tls: this machine trusts nobody{why}: its package ca-certificates is missing, or --tls-ca FILE says \
                 whom to trust"
            )))
        }
        _ => Ok(roots),
    }
}

#[cfg(test)]
mod tests;
