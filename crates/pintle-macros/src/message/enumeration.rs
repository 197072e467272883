//! An enum of bare names: a number on the wire.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Error, Ident, ItemEnum, Result, Variant};

use crate::attributes::{self, OfVariant};
use crate::names;
use crate::numbers::Numbers;

pub(super) fn implement(
    item: &mut ItemEnum,
    package: &str,
    name: &str,
    reserved: &[u32],
) -> Result<TokenStream> {
    let mut numbers = Numbers::of_names(reserved);
    let (mut idents, mut tags, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut other: Option<Ident> = None;
    let prefix = names::snake(name).to_uppercase();
    for variant in &mut item.variants {
        let of = OfVariant::take(&mut variant.attrs)?;
        refuse_number(variant)?;
        if let Some(code) = of.code {
            return Err(Error::new(
                code.span(),
                "an enum of bare names is a number, and no error of a call; an error has a variant that holds why: `Lost(pintle::CallError)`",
            ));
        }
        let number = numbers.next(of.tag, variant.span())?.cast_signed();
        let ident = variant.ident.clone();
        if of.other && other.replace(ident.clone()).is_some() {
            return Err(Error::new(ident.span(), attributes::SECOND_OTHER));
        }
        let doc = attributes::doc(&variant.attrs);
        let proto = format!(
            "{prefix}_{}",
            names::snake(&ident.to_string()).to_uppercase()
        );
        values.push(quote! {
            __pintle::schema::EnumerationValue {
                doc: #doc,
                name: #proto.into(),
                number: #number,
            }
        });
        idents.push(ident);
        tags.push(number);
    }
    if !tags.contains(&0) {
        return Err(Error::new(
            item.ident.span(),
            "one variant has the number 0, which is what a peer takes for granted: `#[tag(0)]`",
        ));
    }
    let other = match other {
        None => quote!(::core::option::Option::None),
        Some(ident) => quote!(::core::option::Option::Some(Self::#ident)),
    };
    let ident = &item.ident;
    let doc = attributes::doc(&item.attrs);
    Ok(quote! {
        const _: () = {
            use ::pintle::interface as __pintle;

            impl __pintle::Enumeration for #ident {
                const NAME: (&'static str, &'static str) = (#package, #name);

                fn number(&self) -> i32 {
                    match self { #(Self::#idents => #tags,)* }
                }

                fn from_number(number: i32) -> ::core::option::Option<Self> {
                    match number {
                        #(#tags => ::core::option::Option::Some(Self::#idents),)*
                        _ => #other,
                    }
                }

                fn definition() -> __pintle::schema::Enumeration {
                    __pintle::schema::Enumeration {
                        doc: #doc,
                        values: ::std::vec![#(#values),*],
                    }
                }
            }

            __pintle::enumeration!(#ident);
        };
    })
}

/// Refuses `Open = 5`, which says what a cast to a number gives, and not what crosses.
fn refuse_number(variant: &Variant) -> Result<()> {
    let Some((_, number)) = &variant.discriminant else {
        return Ok(());
    };
    Err(Error::new(
        number.span(),
        format!(
            "say the number that crosses before the name: `#[tag({})]`",
            quote!(#number)
        ),
    ))
}
