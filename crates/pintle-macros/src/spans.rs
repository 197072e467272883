//! Where the compiler points when it has something to say of generated code.

use proc_macro2::Span;
use syn::spanned::Spanned;

/// At what the user wrote, yet as generated code: errors point there, lints keep quiet.
pub(crate) fn at(written: &impl Spanned) -> Span {
    Span::call_site().located_at(written.span())
}
