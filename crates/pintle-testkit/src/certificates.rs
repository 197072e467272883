//! Certificates as a user brings them: an authority, and one certificate for each side.

use std::path::Path;
use std::sync::Arc;

use pintle::BoxError;
use pintle::mtls::Tls;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Makes an authority and certificates for `host` and `plugin`, as files in `dir`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_certificates(dir: &Path) -> Result<(), BoxError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(dir.join("authority.pem"), params.self_signed(&key)?.pem())?;
    let issuer = Issuer::new(params, key);
    for who in ["host", "plugin"] {
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec![NAME.to_owned()])?;
        let certificate = params.signed_by(&key, &issuer)?;
        std::fs::write(dir.join(format!("{who}.pem")), certificate.pem())?;
        std::fs::write(dir.join(format!("{who}.key")), key.serialize_pem())?;
    }
    Ok(())
}

/// One side's TLS from the files in `dir`: its own certificate, and any peer the authority signed.
///
/// # Errors
/// When a file cannot be read or used.
pub fn tls_from(dir: &Path, who: &str) -> Result<Tls, BoxError> {
    let chain = vec![CertificateDer::from_pem_file(
        dir.join(format!("{who}.pem")),
    )?];
    let key = || PrivateKeyDer::from_pem_file(dir.join(format!("{who}.key")));
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(dir.join("authority.pem"))?)?;
    let roots = Arc::new(roots);

    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
            .build()?;
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain.clone(), key()?)?;
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key()?)?;
    let name = ServerName::try_from(NAME)?;
    Ok(Tls::from_configs(Arc::new(client), Arc::new(server), name))
}

/// What both certificates are for.
const NAME: &str = "plugins.example";
