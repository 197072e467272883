//! Certificates that are not what the line says.

use std::os::unix::net::UnixListener;
use std::sync::Arc;

use pintle::mtls::rustls::ServerConfig;
use pintle::mtls::rustls::crypto::aws_lc_rs;
use pintle::mtls::rustls::pki_types::pem::PemObject;
use pintle::mtls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use pintle::mtls::rustls::server::{ClientHello, ResolvesServerCert};
use pintle::mtls::rustls::sign::CertifiedKey;
use pintle::mtls::{Curve, Identity};
use pintle_mux::{Config, Session};
use tokio_rustls::TlsAcceptor;

/// The certificate of somebody who never connects.
pub(super) fn of_line() -> String {
    made().certificate().to_line()
}

/// Serves TLS with the certificate of `shown` and the key of `key` until it is killed.
pub(super) async fn pretend(listener: UnixListener, shown: &Identity, key: &Identity) {
    let key = PrivateKeyDer::from_pem_slice(key.to_pem().expose().as_bytes());
    let key = aws_lc_rs::sign::any_supported_type(&key.expect("it was just written"));
    let certificate = CertificateDer::from(shown.certificate().as_der().to_vec());
    let pretended = CertifiedKey::new(vec![certificate], key.expect("it is a key"));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has the default versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Always(Arc::new(pretended))));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    listener.set_nonblocking(true).expect("it is a socket");
    let listener = tokio::net::UnixListener::from_std(listener).expect("it is a socket");
    let multiplexed = std::env::var_os("PLUGIN_MULTIPLEX_GRPC").is_some();
    loop {
        let (stream, _) = listener.accept().await.expect("it listens");
        if !multiplexed {
            let _ = acceptor.accept(stream).await;
            continue;
        }
        let (session, driver) = Session::server(stream, Config::default());
        tokio::spawn(driver);
        if let Some(stream) = session.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    }
}

pub(super) fn made() -> Identity {
    Identity::generate(Curve::default()).expect("the machine has random numbers")
}

/// rustls checks that a key fits its certificate, unless one says that oneself.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}
