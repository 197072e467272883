//! What is written within the attributes: numbers, codes, times, packages.

use std::time::Duration;

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, LitInt, LitStr, Result, Token, Type};

use crate::names;

/// The number within `#[tag(3)]`, and where it stands.
pub(super) fn number(attribute: &Attribute) -> Result<(u32, Span)> {
    let number: LitInt = attribute
        .parse_args()
        .map_err(|error| Error::new(error.span(), "a tag is a number: `#[tag(3)]`"))?;
    Ok((number.base10_parse()?, number.span()))
}

/// The numbers within `#[reserved(3, 4)]`.
pub(super) fn reserved(attribute: &Attribute) -> Result<Vec<u32>> {
    let numbers = attribute.parse_args_with(Punctuated::<LitInt, Token![,]>::parse_terminated)?;
    numbers.iter().map(LitInt::base10_parse).collect()
}

/// The variant of `Code` that is written as `not_found`.
pub(super) fn code(name: &LitStr) -> Result<Ident> {
    const CODES: &[&str] = &[
        "cancelled",
        "unknown",
        "invalid_argument",
        "deadline_exceeded",
        "not_found",
        "already_exists",
        "permission_denied",
        "resource_exhausted",
        "failed_precondition",
        "aborted",
        "out_of_range",
        "unimplemented",
        "internal",
        "unavailable",
        "data_loss",
        "unauthenticated",
    ];
    let value = name.value();
    match CODES.contains(&value.as_str()) {
        true => Ok(Ident::new(&names::camel(&value), name.span())),
        false => Err(Error::new(
            name.span(),
            format!("gRPC has no such code; it has {}", CODES.join(", ")),
        )),
    }
}

/// A time: `500ms`, `5s`.
pub(super) fn duration(text: &LitStr) -> Result<Duration> {
    let value = text.value();
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match &value[digits.len()..] {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60 * 1000),
        "h" => Some(60 * 60 * 1000),
        _ => None,
    };
    let millis = digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor?))
        .filter(|millis| *millis > 0);
    millis.map(Duration::from_millis).ok_or_else(|| {
        Error::new(
            text.span(),
            "a time is a whole number and a unit: `500ms`, `5s`, `2m`, `1h`",
        )
    })
}

/// Whether it is `store.v1`, and not `store-v1`.
pub(super) fn check_package(package: &LitStr) -> Result<()> {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match package.value().split('.').all(word) {
        true => Ok(()),
        false => Err(Error::new(
            package.span(),
            "a protobuf package is words of letters, digits and `_`, joined by dots: `store.v1`",
        )),
    }
}

/// Whether it is written as a type that holds any number of values.
pub(super) fn is_many(ty: &Type) -> bool {
    let Type::Path(path) = ty else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|last| {
        ["Option", "Vec", "HashMap", "BTreeMap"]
            .iter()
            .any(|many| last.ident == many)
    })
}
