//! Somebody who finds a socket and is not the host.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;

/// What a stranger gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// HTTP/2: it was taken for the host.
    Served,
    /// Anything else, or the end of the connection.
    Refused,
}

/// Connects without TLS and speaks HTTP/2.
///
/// # Errors
/// When nobody listens.
pub async fn ask_in_plaintext(socket: &Path) -> io::Result<Answer> {
    let stream = UnixStream::connect(socket).await?;
    Ok(ask(stream).await)
}

/// Connects with TLS, trusting anybody and without a certificate, and speaks HTTP/2.
///
/// # Errors
/// When nobody listens.
///
/// # Panics
/// When the TLS library refuses its own defaults.
pub async fn ask_over_tls(socket: &Path) -> io::Result<Answer> {
    let stream = UnixStream::connect(socket).await?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trusting = Trusting(provider.signature_verification_algorithms);
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has the default versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trusting))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::try_from("localhost").expect("it is a name");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    match connector.connect(name, stream).await {
        Ok(stream) => Ok(ask(stream).await),
        Err(_) => Ok(Answer::Refused),
    }
}

/// A client's preface and empty settings, answered by a server with settings of its own.
pub async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Answer {
    const SETTINGS: u8 = 4;
    let mut preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    preface.extend([0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]);
    let mut head = [0; 9];
    let answered = async {
        stream.write_all(&preface).await?;
        stream.flush().await?;
        stream.read_exact(&mut head).await
    };
    match answered.await {
        Ok(_) if head[3] == SETTINGS && head[5..] == [0; 4] => Answer::Served,
        _ => Answer::Refused,
    }
}

/// Takes any certificate: a stranger does not care whom it talks to.
#[derive(Debug)]
struct Trusting(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Trusting {
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
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
