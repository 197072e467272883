//! What a method returns.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Error, GenericArgument, PathArguments, Result, ReturnType, Type};

use super::crossing::owned;
use super::messages::wire;
use crate::spans;

/// What a method returns.
pub(super) enum Returns {
    Nothing,
    Result {
        whole: Box<Type>,
        ok: Box<Type>,
        error: Box<Type>,
    },
}

impl Returns {
    pub(super) fn read(output: &ReturnType) -> Result<Self> {
        let ReturnType::Type(_, ty) = output else {
            return Ok(Self::Nothing);
        };
        if is_unit(ty) {
            return Ok(Self::Nothing);
        }
        let (ok, error) = match &result_of(ty)[..] {
            [ok, error] => (ok.clone(), error.clone()),
            [ok] => {
                let text = format!(
                    "which error it is has to be seen: return `Result<{}, pintle::CallError>`, or with an error of your own",
                    shown(ok)
                );
                return Err(Error::new_spanned(ty, text));
            }
            _ => {
                let text = format!(
                    "a call can fail, as its plugin can: return `Result<{}, pintle::CallError>`, or with an error of your own",
                    shown(ty)
                );
                return Err(Error::new_spanned(ty, text));
            }
        };
        owned(&ok)?;
        owned(&error)?;
        Ok(Self::Result {
            whole: ty.clone(),
            ok: Box::new(ok),
            error: Box::new(error),
        })
    }

    /// The type as it was written.
    pub(super) fn whole(&self) -> TokenStream {
        match self {
            Self::Nothing => quote!(()),
            Self::Result { whole, .. } => quote!(#whole),
        }
    }

    /// The same after a signature.
    pub(super) fn arrow(&self) -> TokenStream {
        match self {
            Self::Nothing => TokenStream::new(),
            Self::Result { whole, .. } => quote!(-> #whole),
        }
    }

    /// The message that goes back when all is well.
    pub(super) fn outcome(&self) -> TokenStream {
        match self.value() {
            None => quote!(()),
            Some(value) => {
                let wire = wire(value);
                quote_spanned!(spans::at(value)=> __pintle::Returned<#wire>)
            }
        }
    }

    /// The type of what goes back when all is well, unless it is nothing.
    pub(super) fn value(&self) -> Option<&Type> {
        match self {
            Self::Result { ok, .. } if !is_unit(ok) => Some(ok),
            _ => None,
        }
    }

    /// Where the error was written, or the value.
    pub(super) fn spans(&self) -> (Span, Span) {
        match self {
            Self::Nothing => (Span::call_site(), Span::call_site()),
            Self::Result { ok, error, .. } => (spans::at(ok), spans::at(error)),
        }
    }

    pub(super) fn error(&self) -> TokenStream {
        match self {
            Self::Nothing => quote!(__pintle::CallError),
            Self::Result { error, .. } => quote!(#error),
        }
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// `T` and `E` of `Result<T, E>`, by whatever path it is named; nothing of another type.
fn result_of(ty: &Type) -> Vec<Type> {
    let Type::Path(path) = ty else {
        return Vec::new();
    };
    let last = path.path.segments.last();
    let Some(PathArguments::AngleBracketed(arguments)) = last
        .filter(|last| last.ident == "Result")
        .map(|last| &last.arguments)
    else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}

/// As a person writes it: the tokens have a space between each two.
fn shown(ty: &Type) -> String {
    let text = quote!(#ty).to_string();
    text.replace(" < ", "<")
        .replace(" >", ">")
        .replace(" :: ", "::")
        .replace(" ,", ",")
}
