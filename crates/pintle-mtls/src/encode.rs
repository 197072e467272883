//! Text forms of DER: PEM for an environment variable or a file, one base64 word for a line.
//!
//! The parsers are strict. A certificate that arrives with anything beside it was put together by
//! something we do not understand, and guessing which part was meant is no way to choose a peer.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD, STANDARD_NO_PAD,
};

use crate::error::EncodingError;
use crate::secret::wipe;

/// The longest text, in bytes, that is read as a certificate or as an identity.
///
/// go-plugin's certificates are under 1 KiB; this leaves room for large RSA keys.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
pub(crate) const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Bytes of DER on one line of PEM: 64 characters.
const PEM_LINE_DER_BYTES: usize = 48;

/// Other writers of the line pad, so padding is optional; when present it must be right.
const PADDING_OPTIONAL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One PEM section, ending in a newline.
///
/// Written in place, without growing, so that no stray copy of a key is left behind.
pub(crate) fn push_pem(out: &mut String, label: &str, der: &[u8]) {
    out.reserve_exact(pem_len(label, der));
    out.push_str(&format!("-----BEGIN {label}-----\n"));
    for line in der.chunks(PEM_LINE_DER_BYTES) {
        STANDARD.encode_string(line, out);
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
}

/// How many bytes [`push_pem`] will write.
pub(crate) fn pem_len(label: &str, der: &[u8]) -> usize {
    let markers = "-----BEGIN -----\n-----END -----\n".len() + 2 * label.len();
    markers + der.len().div_ceil(3) * 4 + der.len().div_ceil(PEM_LINE_DER_BYTES)
}

/// The DER of each section, which must be these, in this order, and nothing else but white space.
pub(crate) fn read_pem<const N: usize>(
    text: &str,
    labels: [&'static str; N],
) -> Result<[Vec<u8>; N], EncodingError> {
    bound(text)?;
    let mut sections = [const { Vec::new() }; N];
    let read = read_sections(text, labels, &mut sections);
    if let Err(error) = read {
        // By now one of them may hold a key.
        sections.iter_mut().for_each(|section| wipe(section));
        return Err(error);
    }
    Ok(sections)
}

fn read_sections<const N: usize>(
    text: &str,
    labels: [&'static str; N],
    sections: &mut [Vec<u8>; N],
) -> Result<(), EncodingError> {
    let mut rest = text;
    for (section, label) in sections.iter_mut().zip(labels) {
        let opened = rest
            .trim_ascii_start()
            .strip_prefix(&format!("-----BEGIN {label}-----"))
            .ok_or(EncodingError::MissingSection { label })?;
        let (body, after) = opened
            .split_once(&format!("-----END {label}-----"))
            .ok_or(EncodingError::UnfinishedSection { label })?;
        *section = decode_body(body)?;
        rest = after;
    }
    match rest.trim_ascii() {
        "" => Ok(()),
        _ => Err(EncodingError::TrailingText),
    }
}

/// The body is compacted first: newlines may be of any kind.
fn decode_body(body: &str) -> Result<Vec<u8>, EncodingError> {
    let mut compact = Vec::with_capacity(body.len());
    compact.extend(body.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    let mut der = vec![0; base64::decoded_len_estimate(compact.len())];
    let decoded = STANDARD.decode_slice(&compact, &mut der);
    wipe(&mut compact);
    match decoded {
        Ok(bytes) => {
            der.truncate(bytes);
            Ok(der)
        }
        Err(error) => {
            wipe(&mut der);
            Err(EncodingError::Base64 {
                source: error.into(),
            })
        }
    }
}

/// Standard base64 without padding: safe between the bars of a handshake line.
pub(crate) fn to_line(der: &[u8]) -> String {
    STANDARD_NO_PAD.encode(der)
}

/// Reads [`to_line`]'s form, with or without padding; no white space is skipped.
pub(crate) fn read_line(text: &str) -> Result<Vec<u8>, EncodingError> {
    bound(text)?;
    PADDING_OPTIONAL
        .decode(text)
        .map_err(|error| EncodingError::Base64 {
            source: error.into(),
        })
}

fn bound(text: &str) -> Result<(), EncodingError> {
    match text.len() {
        0..=MAX_TEXT_BYTES => Ok(()),
        bytes => Err(EncodingError::TooLong {
            bytes,
            limit: MAX_TEXT_BYTES,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_survives_both_forms() {
        for len in 0..200u8 {
            let der: Vec<u8> = (0..len).map(|byte| byte.wrapping_mul(37)).collect();
            let mut pem = String::new();
            push_pem(&mut pem, "X", &der);
            assert_eq!(pem.len(), pem_len("X", &der));
            assert_eq!(read_pem(&pem, ["X"]).unwrap()[0], der);
            assert_eq!(read_line(&to_line(&der)).unwrap(), der);
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = match read_pem(text, ["A", "B"]) {
            Ok(sections) => format!("{sections:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn pem_is_read_strictly() {
        const A: &str = "-----BEGIN A-----\nAQ==\n-----END A-----\n";
        const B: &str = "-----BEGIN B-----\nAg==\n-----END B-----\n";
        check(&format!("{A}{B}"), "[[1], [2]]");
        check(
            &format!("\r\n {A} \n{B}\n\n").replace('\n', "\r\n"),
            "[[1], [2]]",
        );
        check("", "no PEM section named A");
        check(A, "no PEM section named B");
        check(&format!("{B}{A}"), "no PEM section named A");
        check(&format!("note\n{A}{B}"), "no PEM section named A");
        check(&format!("{A}note\n{B}"), "no PEM section named B");
        check(&format!("{A}{B}{B}"), "text after the last PEM section");
        check(&format!("{A}{B}note"), "text after the last PEM section");
        check(&A[..A.len() - 3], "the PEM section named A has no end");
        check(
            &format!("{A}{B}").replace("Ag==", "Ag"),
            "not standard base64",
        );
        check(
            &format!("{A}{B}").replace("Ag==", "K: v\n\nAg=="),
            "not standard base64",
        );
        check(&" ".repeat(MAX_TEXT_BYTES), "no PEM section named A");
        check(
            &" ".repeat(MAX_TEXT_BYTES + 1),
            "text of 16385 bytes exceeds the limit of 16384",
        );
    }
}
