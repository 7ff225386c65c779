//! The TLS of the hook server: who may call, and certificates that change while it runs.
#![allow(missing_docs, reason = "a test")]

use modelwright_host_tests::hook_server::{self, HookServer, HttpReply};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use std::io::{self, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const NAME: &str = "modelwright.modelwright-system.svc";

/// An authority of a test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate that expires on the first day of a year.
    fn pair(&self, year: i32) -> Pair {
        let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Pair { certificate: params.signed_by(&key, &self.0).unwrap().pem(), key: key.serialize_pem() }
    }
}

/// The files of a server, rewritten as a mounted Secret is.
struct Files(PathBuf);

impl Files {
    fn new(name: &str, pair: &Pair) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let files = Self(folder);
        files.put(pair);
        files
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    fn put(&self, pair: &Pair) {
        self.write("tls.crt", &pair.certificate);
        self.write("tls.key", &pair.key);
    }

    fn write(&self, name: &str, text: &str) {
        let temporary = self.0.join("new");
        std::fs::write(&temporary, text).unwrap();
        std::fs::rename(temporary, self.0.join(name)).unwrap();
    }

    fn server(&self, more: &[&str]) -> HookServer {
        let (certificate, key) = (self.path("tls.crt"), self.path("tls.key"));
        HookServer::start(&[&["--tls-cert", &certificate, "--tls-key", &key], more].concat())
    }
}

/// One request over TLS, with nothing in it: what is tested is who gets an answer.
fn ask(
    address: SocketAddr,
    path: &str,
    root: &Authority,
    own: Option<&Pair>,
    versions: &[&'static SupportedProtocolVersion],
) -> io::Result<HttpReply> {
    let mut roots = RootCertStore::empty();
    roots.add(root.0.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap()).unwrap()
        }
    };
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(NAME).unwrap()).map_err(io::Error::other)?;
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(format!("POST {path} HTTP/1.1\r\nHost: hook\r\n\r\n").as_bytes())?;
    hook_server::reply(&mut BufReader::new(stream))
}

const MODERN: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];
const OLD: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

#[test]
fn only_callers_with_a_certificate_of_the_right_authority_are_answered() {
    let (authority, callers, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let files = Files::new("hook-tls-callers", &authority.pair(2040));
    files.write("ca.crt", &callers.pem());
    let server = files.server(&["--client-ca", &files.path("ca.crt")]);
    let hook = format!("/{}/sync/models", server.digest);
    let code_at = |path: &str, own: Option<&Pair>| ask(server.hooks, path, &authority, own, MODERN).map(|reply| reply.code);
    let code = |own: Option<&Pair>| code_at(&hook, own);
    // Whoever is let in is told what the request lacks.
    assert_eq!(code(Some(&callers.pair(2040))).unwrap(), 415);
    assert_eq!(code(None).unwrap(), 403);
    // The API server has no certificate to show.
    assert_eq!(code_at("/admission", None).unwrap(), 415);
    assert!(code(Some(&strangers.pair(2040))).is_err());
    assert!(code(Some(&callers.pair(2020))).is_err(), "it has expired");
    // Whoever speaks plain HTTP to it is not answered, and it goes on.
    assert!(hook_server::exchange(server.hooks, "GET / HTTP/1.1\r\nHost: hook\r\n\r\n", &[]).is_err());
    assert_eq!(code(Some(&callers.pair(2040))).unwrap(), 415);
    assert!(server.metric("modelwright_tls_handshake_failures_total") >= 3.0);
}

#[test]
fn new_files_are_used_and_broken_ones_are_not() {
    let (old, new) = (Authority::new(), Authority::new());
    let files = Files::new("hook-tls-reload", &old.pair(2040));
    let server = files.server(&[]);
    let code = |root: &Authority| ask(server.hooks, "/nothing", root, None, MODERN).map(|reply| reply.code);
    assert_eq!(code(&old).unwrap(), 404);
    assert!(code(&new).is_err());
    assert!(ask(server.hooks, "/nothing", &old, None, OLD).is_err());
    assert_eq!(server.metric("modelwright_tls_certificate_expiry_timestamp_seconds"), 2_208_988_800.0);

    files.write("tls.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    server.line(|line| line["message"] == "new certificate files are broken; the old ones stay in use");
    assert_eq!(code(&old).unwrap(), 404);
    assert_eq!(server.metric(r#"modelwright_tls_reloads_total{result="failed"}"#), 1.0);

    files.put(&new.pair(2041));
    let began = Instant::now();
    while code(&new).is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", server.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(code(&old).is_err());
    assert_eq!(server.metric("modelwright_tls_certificate_expiry_timestamp_seconds"), 2_240_611_200.0);

    // A file that is not there for a while changes nothing.
    std::fs::remove_file(files.path("tls.key")).unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(code(&new).unwrap(), 404);
}

#[test]
fn the_probes_need_no_certificate() {
    let authority = Authority::new();
    let files = Files::new("hook-tls-probes", &authority.pair(2040));
    files.write("ca.crt", &authority.pem());
    let server = files.server(&["--client-ca", &files.path("ca.crt")]);
    assert_eq!(server.get(server.health, "/readyz").code, 200);
    assert_eq!(server.get(server.metrics, "/metrics").code, 200);
}
