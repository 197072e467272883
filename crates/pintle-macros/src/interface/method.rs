//! One method of an interface.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, Pat, Result, Signature, TraitItemFn, Type};

use super::crossing::owned;
use super::returns::Returns;
use crate::attributes::{self, OfField, OfMethod};
use crate::names;
use crate::numbers::Numbers;

pub(super) struct Method {
    pub(super) ident: Ident,
    pub(super) arguments: Vec<Argument>,
    pub(super) returns: Returns,
    pub(super) of: OfMethod,
    /// The doc comment, as a slice of lines.
    pub(super) doc: TokenStream,
}

pub(super) struct Argument {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) tag: u32,
    pub(super) of: OfField,
}

impl Method {
    /// Reads a method, and makes of it what the compiler is to see: it returns a future that can
    /// go to another thread, and is not called on a trait object, which has a method of its own.
    pub(super) fn read(function: &mut TraitItemFn) -> Result<Self> {
        let of = OfMethod::take(&mut function.attrs)?;
        let signature = &mut function.sig;
        check(signature)?;
        let mut inputs = signature.inputs.iter_mut();
        receiver(inputs.next(), &signature.ident)?;
        let mut numbers = Numbers::of_fields(&of.reserved);
        let arguments = inputs
            .map(|input| Argument::read(input, &mut numbers))
            .collect::<Result<_>>()?;
        let returns = Returns::read(&signature.output)?;

        let whole = returns.whole();
        signature.asyncness = None;
        signature.output = syn::parse_quote! {
            -> impl ::core::future::Future<Output = #whole> + ::core::marker::Send
        };
        signature
            .generics
            .make_where_clause()
            .predicates
            .push(syn::parse_quote!(Self: ::core::marker::Sized));
        if let Some(body) = &mut function.default {
            *body = syn::parse_quote!({ async move #body });
        }
        Ok(Self {
            ident: function.sig.ident.clone(),
            arguments,
            returns,
            of,
            doc: attributes::doc(&function.attrs),
        })
    }

    /// Its name in the `.proto` file.
    pub(super) fn proto(&self) -> String {
        names::camel(&self.ident.to_string())
    }

    /// The method of a trait object behind it.
    pub(super) fn boxed(&self) -> Ident {
        format_ident!("boxed_{}", self.ident)
    }

    /// What a caller needs to know of it. Like everything that stands beside the user's types, it
    /// begins with two underscores, which the user's names do not.
    pub(super) fn constant(&self) -> Ident {
        let name = names::unraw(&self.ident.to_string()).to_uppercase();
        Ident::new(&format!("__{name}"), self.ident.span())
    }

    pub(super) fn request(&self) -> Ident {
        format_ident!("__{}Request", self.proto())
    }

    /// `key: String, value: Vec<u8>`
    pub(super) fn parameters(&self) -> TokenStream {
        let (idents, types) = (self.idents(), self.arguments.iter().map(|a| &a.ty));
        quote!(#(#idents: #types),*)
    }

    pub(super) fn idents(&self) -> impl Iterator<Item = &Ident> {
        self.arguments.iter().map(|argument| &argument.ident)
    }
}

fn check(signature: &Signature) -> Result<()> {
    if signature.asyncness.is_none() {
        let name = &signature.ident;
        let text = format!("a call to another process takes time: write `async fn {name}`");
        return Err(Error::new_spanned(signature, text));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a method of an interface cannot be generic: its other side is compiled without it; write the types out",
        ));
    }
    Ok(())
}

fn receiver(input: Option<&mut FnArg>, method: &Ident) -> Result<()> {
    let span = match input {
        Some(FnArg::Receiver(receiver)) => {
            let shared = receiver.reference.is_some() && receiver.mutability.is_none();
            if shared && receiver.colon_token.is_none() {
                return Ok(());
            }
            receiver.span()
        }
        Some(other) => other.span(),
        None => method.span(),
    };
    Err(Error::new(
        span,
        "a method of an interface takes `&self`: calls arrive at the same time, so what changes needs a lock",
    ))
}

impl Argument {
    fn read(input: &mut FnArg, numbers: &mut Numbers) -> Result<Self> {
        let FnArg::Typed(input) = input else {
            return Err(Error::new_spanned(input, "`self` stands first"));
        };
        let of = OfField::take(&mut input.attrs, &input.ty)?;
        let Pat::Ident(pattern) = &*input.pat else {
            return Err(Error::new_spanned(
                &input.pat,
                "an argument of an interface has a name: it is the name of a field in the `.proto` file",
            ));
        };
        owned(&input.ty)?;
        Ok(Self {
            ident: pattern.ident.clone(),
            ty: (*input.ty).clone(),
            tag: numbers.next(of.tag, pattern.ident.span())?,
            of,
        })
    }
}
