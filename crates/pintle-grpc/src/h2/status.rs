//! Status codes: what an HTTP/2 error means for a call, and corrections to what tonic makes of it.

use ::h2::Reason;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tonic::{
    Code, Status,
    metadata::{BinaryMetadataValue, MetadataMap},
};

/// The status of a call whose stream was reset, if that is what `error` says.
///
/// `None` means that the connection, not the call, has failed.
pub(crate) fn of_reset(error: &::h2::Error) -> Option<Status> {
    if !error.is_reset() {
        return None;
    }
    let reason = error.reason().unwrap_or(Reason::INTERNAL_ERROR);
    let text = if error.is_remote() {
        format!("the peer reset the stream: {reason}")
    } else {
        format!("the stream broke HTTP/2: {reason}")
    };
    Some(Status::new(code_of(reason), text))
}

/// The table of the gRPC specification.
fn code_of(reason: Reason) -> Code {
    match reason {
        Reason::CANCEL => Code::Cancelled,
        Reason::REFUSED_STREAM => Code::Unavailable,
        Reason::ENHANCE_YOUR_CALM => Code::ResourceExhausted,
        Reason::INADEQUATE_SECURITY => Code::PermissionDenied,
        _ => Code::Internal,
    }
}

/// What an answer of HTTP that is none of gRPC means for a call: the table of the specification.
pub(crate) fn of_http(code: StatusCode) -> Status {
    let text = format!("the peer answered as an HTTP server would, with {code}");
    let code = match code {
        StatusCode::BAD_REQUEST => Code::Internal,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::Unimplemented,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Code::Unavailable,
        _ => Code::Unknown,
    };
    Status::new(code, text)
}

/// Gives a message too long for a stub the code every other gRPC implementation gives it.
pub(crate) fn correct_oversize(status: Status) -> Status {
    let oversize = OVERSIZE
        .iter()
        .any(|text| status.message().starts_with(text));
    if status.code() != Code::OutOfRange || !oversize {
        return status;
    }
    Status::resource_exhausted(status.message())
}

/// [`correct_oversize`] for a status already written into headers or trailers.
pub(crate) fn correct_oversize_in(headers: &mut HeaderMap) {
    let out_of_range = headers
        .get(GRPC_STATUS)
        .is_some_and(|code| code == OUT_OF_RANGE);
    if !out_of_range {
        return;
    }
    if let Some(status) = Status::from_header_map(headers)
        && correct_oversize(status).code() == Code::ResourceExhausted
    {
        headers.insert(GRPC_STATUS, HeaderValue::from_static(RESOURCE_EXHAUSTED));
    }
}

/// Replaces the status details of a peer by what tonic can decode, or by nothing.
///
/// Tonic panics on details that are not base64.
pub(crate) fn sanitize_details(headers: &mut HeaderMap) {
    let Some(details) = headers.remove(GRPC_STATUS_DETAILS) else {
        return;
    };
    let name = HeaderName::from_static(GRPC_STATUS_DETAILS);
    let decoded = MetadataMap::from_headers(HeaderMap::from_iter([(name, details)]))
        .get_bin(GRPC_STATUS_DETAILS)
        .and_then(|value| value.to_bytes().ok());
    if let Some(bytes) = decoded {
        let mut canonical = MetadataMap::new();
        canonical.insert_bin(GRPC_STATUS_DETAILS, BinaryMetadataValue::from_bytes(&bytes));
        headers.extend(canonical.into_headers());
    }
}

/// A status as the trailers that end an answer.
pub(crate) fn trailers(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    if status.add_header(&mut trailers).is_err() {
        trailers.insert(GRPC_STATUS, HeaderValue::from(Code::Internal as i32));
    }
    trailers
}

pub(crate) const GRPC_CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");
pub(crate) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(crate) const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_STATUS_DETAILS: &str = "grpc-status-details-bin";

const OUT_OF_RANGE: &str = "11";
const RESOURCE_EXHAUSTED: &str = "8";

/// How tonic begins to say that a message exceeds the limit of a stub.
const OVERSIZE: [&str; 2] = [
    "Error, decoded message length too large",
    "Error, encoded message length too large",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_oversize_errors_of_tonic_are_corrected() {
        for (code, text, expected) in [
            (Code::OutOfRange, OVERSIZE[0], Code::ResourceExhausted),
            (Code::OutOfRange, OVERSIZE[1], Code::ResourceExhausted),
            (
                Code::OutOfRange,
                "past the end of the file",
                Code::OutOfRange,
            ),
            (Code::Internal, OVERSIZE[0], Code::Internal),
        ] {
            let status = Status::new(code, format!("{text}: found 9 bytes"));
            let mut headers = trailers(&status);
            correct_oversize_in(&mut headers);
            assert_eq!(Status::from_header_map(&headers).unwrap().code(), expected);
            assert_eq!(correct_oversize(status).code(), expected);
        }
    }

    #[test]
    fn details_that_are_not_base64_are_dropped_and_others_kept() {
        for (text, kept) in [
            ("aGk=", true),
            ("aGk", true),
            ("aGk==", false),
            ("%%%", false),
            ("a", false),
        ] {
            let mut headers = trailers(&Status::aborted("why"));
            headers.insert(GRPC_STATUS_DETAILS, HeaderValue::from_static(text));
            sanitize_details(&mut headers);
            let status = Status::from_header_map(&headers).unwrap();
            assert_eq!(status.code(), Code::Aborted, "{text}");
            assert_eq!(
                status.details(),
                if kept { &b"hi"[..] } else { b"" },
                "{text}"
            );
        }
    }

    #[test]
    fn a_reset_maps_as_the_specification_says() {
        for (reason, code) in [
            (Reason::NO_ERROR, Code::Internal),
            (Reason::PROTOCOL_ERROR, Code::Internal),
            (Reason::REFUSED_STREAM, Code::Unavailable),
            (Reason::CANCEL, Code::Cancelled),
            (Reason::ENHANCE_YOUR_CALM, Code::ResourceExhausted),
            (Reason::INADEQUATE_SECURITY, Code::PermissionDenied),
        ] {
            assert_eq!(code_of(reason), code, "{reason:?}");
        }
    }
}
