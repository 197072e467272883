//! Certificates as text.

use std::error::Error;

use pintle_mtls::{Certificate, CertificateError, Curve, Identity, MAX_TEXT_BYTES};

fn certificate() -> Certificate {
    Identity::generate(Curve::P521)
        .unwrap()
        .certificate()
        .clone()
}

/// The whole chain of causes, since the first line names only the level.
fn told(outcome: Result<Certificate, CertificateError>) -> String {
    let Err(error) = outcome else {
        return "ok".into();
    };
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[track_caller]
fn check(outcome: Result<Certificate, CertificateError>, expected: &str) {
    let text = told(outcome);
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn both_text_forms_give_the_same_certificate_back() {
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let identity = Identity::generate(curve).unwrap();
        let certificate = identity.certificate();
        assert_eq!(
            &Certificate::from_pem(&certificate.to_pem()).unwrap(),
            certificate
        );
        assert_eq!(
            &Certificate::from_line(&certificate.to_line()).unwrap(),
            certificate
        );
        assert_eq!(
            &Certificate::from_der(certificate.as_der()).unwrap(),
            certificate
        );
    }
}

#[test]
fn the_pem_form_is_what_other_writers_write() {
    let pem = rcgen_pem();
    assert_eq!(
        Certificate::from_pem(&pem).unwrap().to_pem(),
        pem.replace("\r\n", "\n")
    );
}

fn rcgen_pem() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::default()
        .self_signed(&key)
        .unwrap()
        .pem()
}

#[test]
fn the_line_form_has_no_padding_no_bars_and_no_white_space() {
    for _ in 0..8 {
        let line = certificate().to_line();
        assert!(
            line.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        );
    }
}

#[test]
fn a_padded_line_is_read_as_well() {
    let certificate = certificate();
    let mut line = certificate.to_line();
    while !line.len().is_multiple_of(4) {
        line.push('=');
    }
    assert_eq!(Certificate::from_line(&line).unwrap(), certificate);
    check(
        Certificate::from_line(&(line + "====")),
        "certificate text cannot be decoded: not st",
    );
}

#[test]
fn every_truncation_is_refused() {
    let certificate = certificate();
    let (der, line) = (certificate.as_der(), certificate.to_line());
    for len in 0..der.len() {
        check(
            Certificate::from_der(&der[..len]),
            "not an X.509 certificate",
        );
    }
    for len in 0..line.len() {
        assert_ne!(told(Certificate::from_line(&line[..len])), "ok");
    }
    let pem = certificate.to_pem();
    for len in 0..pem.len() - 1 {
        check(
            Certificate::from_pem(&pem[..len]),
            "certificate text cannot be decoded: ",
        );
    }
}

#[test]
fn no_damaged_byte_makes_it_panic() {
    let certificate = certificate();
    for index in 0..certificate.as_der().len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut der = certificate.as_der().to_vec();
            der[index] ^= flip;
            if let Ok(damaged) = Certificate::from_der(der) {
                assert_ne!(damaged, certificate);
            }
        }
    }
}

#[test]
fn garbage_is_refused_with_a_reason() {
    let certificate = certificate();
    let (pem, line) = (certificate.to_pem(), certificate.to_line());
    let text = "certificate text cannot be decoded: ";

    check(Certificate::from_der([]), "not an X.509 certificate: ");
    check(
        Certificate::from_der([certificate.as_der(), &[0]].concat()),
        "not an X.509",
    );
    check(Certificate::from_line(""), "not an X.509 certificate: ");
    check(Certificate::from_line("AAAA"), "not an X.509 certificate: ");
    check(
        Certificate::from_line(&pem),
        &format!("{text}not standard base64: Invalid symbol"),
    );
    check(
        Certificate::from_line(&format!("{line}\n")),
        &format!("{text}not standard base64"),
    );
    check(
        Certificate::from_line(&line.replace('/', "_").replace('+', "-")),
        text,
    );
    check(
        Certificate::from_pem(&line),
        &format!("{text}no PEM section named CERTIFICATE"),
    );
    check(
        Certificate::from_pem(&pem.repeat(2)),
        &format!("{text}text after the last PEM"),
    );
    check(
        Certificate::from_pem(Identity::generate(Curve::P256).unwrap().to_pem().expose()),
        &format!("{text}text after the last PEM section"),
    );
    check(
        Certificate::from_pem(&pem.replace("CERTIFICATE", "X509 CRL")),
        text,
    );
}

#[test]
fn oversized_text_is_refused_before_it_is_read() {
    let limit = format!("exceeds the limit of {MAX_TEXT_BYTES}");
    let line = "A".repeat(MAX_TEXT_BYTES + 1);
    assert!(told(Certificate::from_line(&line)).ends_with(&limit));
    let pem = certificate().to_pem() + &"\n".repeat(MAX_TEXT_BYTES);
    assert!(told(Certificate::from_pem(&pem)).ends_with(&limit));
}

#[test]
fn a_key_that_could_never_be_verified_is_refused() {
    let certificate = certificate();
    // The curve's identifier 1.3.132.0.35 becomes 1.3.132.0.36, which nobody has.
    let mut der = certificate.as_der().to_vec();
    let curve = [0x2b, 0x81, 0x04, 0x00, 0x23];
    let at = der
        .windows(curve.len())
        .position(|window| window == curve)
        .unwrap();
    der[at + 4] = 0x24;
    check(
        Certificate::from_der(der),
        "the certificate's key is of a kind that is not supported",
    );
}

#[test]
fn debug_is_short_and_tells_two_apart() {
    let certificate = certificate();
    let tail: String = certificate
        .as_der()
        .iter()
        .rev()
        .take(4)
        .rev()
        .map(|b| format!("{b:02x}"))
        .collect();
    let len = certificate.as_der().len();
    assert_eq!(
        format!("{certificate:?}"),
        format!("Certificate({len} bytes, ending {tail})")
    );
}
