//! rustls configurations for one identity and one pinned peer.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::server::NoServerSessionStorage;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};

use crate::identity::{Identity, SERVER_NAME};
use crate::pin::Pin;
use crate::provider::provider;

/// TLS 1.2 stays because go-plugin's peers may be built to go no higher.
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];

pub(crate) fn client_config(identity: &Identity, pin: Arc<Pin>) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&VERSIONS)
        .expect("the provider has cipher suites for TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(pin)
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified_key())));
    config.resumption = Resumption::disabled();
    config
}

pub(crate) fn server_config(identity: &Identity, pin: Arc<Pin>) -> ServerConfig {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&VERSIONS)
        .expect("the provider has cipher suites for TLS 1.2 and 1.3")
        .with_client_cert_verifier(pin)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity.certified_key())));
    // A resumed session skips the certificate; a pin that is checked sometimes is no pin.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config
}

/// What a client asks for. Every peer bears the same name, so it tells nothing apart.
pub(crate) fn server_name() -> ServerName<'static> {
    ServerName::try_from(SERVER_NAME).expect("the constant is a DNS name")
}
