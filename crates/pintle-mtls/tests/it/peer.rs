//! Two sides of one connection, and sides put together by hand to misbehave.

use std::future::Future;
use std::sync::Arc;

use pintle_mtls::{Certificate, Identity, Tls, TlsError, TlsStream};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, HandshakeKind, NamedGroup,
    ServerConfig, SignatureScheme, SupportedProtocolVersion,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

/// What a side knows about a connection that carried a byte each way.
#[derive(Debug, PartialEq)]
pub(crate) struct Met {
    pub(crate) alpn: Option<Vec<u8>>,
    pub(crate) kind: HandshakeKind,
    /// How the secrets were agreed on; none in a resumed session of TLS 1.2.
    pub(crate) group: Option<NamedGroup>,
}

/// Connects the two; each then sends a byte and waits for the other's.
pub(crate) async fn meet(
    dialler: &Tls,
    acceptor: &Tls,
) -> (Result<Met, TlsError>, Result<Met, TlsError>) {
    let (a, b) = duplex(64 * 1024);
    tokio::join!(exchange(dialler.connect(a)), exchange(acceptor.accept(b)))
}

async fn exchange(
    handshake: impl Future<Output = Result<TlsStream<DuplexStream>, TlsError>>,
) -> Result<Met, TlsError> {
    let mut stream = handshake.await?;
    stream.write_all(b"!").await?;
    stream.flush().await?;
    assert_eq!(stream.read_u8().await?, b'!');
    let session = stream.get_ref().1;
    Ok(Met {
        alpn: session.alpn_protocol().map(<[u8]>::to_vec),
        kind: session.handshake_kind().unwrap(),
        group: session
            .negotiated_key_exchange_group()
            .map(|group| group.name()),
    })
}

/// Asserts what each side made of it: `ok`, or the error's text.
#[track_caller]
pub(crate) fn check(
    (dialler, acceptor): (Result<Met, TlsError>, Result<Met, TlsError>),
    dialler_expected: &str,
    acceptor_expected: &str,
) {
    let text = |side: Result<Met, TlsError>| side.map_or_else(|e| e.to_string(), |_| "ok".into());
    assert_eq!(text(dialler), dialler_expected, "the side that dialled");
    assert_eq!(text(acceptor), acceptor_expected, "the side that accepted");
}

/// A peer that shows `chain`, signs with `signer`'s key and checks nothing at all.
pub(crate) fn by_hand(
    chain: &[&Certificate],
    signer: &Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> Tls {
    by_hand_over(provider(), chain, signer, versions)
}

/// The same, with cryptography of its own.
pub(crate) fn by_hand_over(
    provider: Arc<CryptoProvider>,
    chain: &[&Certificate],
    signer: &Identity,
    versions: &[&'static SupportedProtocolVersion],
) -> Tls {
    let chain: Vec<_> = chain
        .iter()
        .map(|shown| CertificateDer::from(shown.as_der().to_vec()))
        .collect();
    let key = PrivateKeyDer::from_pem_slice(signer.to_pem().expose().as_bytes()).unwrap();
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let shown = Arc::new(SingleCertAndKey::from(CertifiedKey::new(
        chain.clone(),
        key,
    )));

    let client = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Careless));
    let client = match chain.is_empty() {
        true => client.with_no_client_auth(),
        false => client.with_client_cert_resolver(shown.clone()),
    };
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(Arc::new(Careless))
        .with_cert_resolver(shown);
    Tls::from_configs(Arc::new(client), Arc::new(server), name())
}

pub(crate) fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    aws_lc_rs::default_provider().into()
}

#[derive(Debug)]
struct Careless;

impl ServerCertVerifier for Careless {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ClientCertVerifier for Careless {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
