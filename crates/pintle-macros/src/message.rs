//! `#[pintle::message]`: what of a struct or an enum crosses.

mod enumeration;
pub(crate) mod fields;
mod one_of;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Fields, Generics, Item, Result};

use crate::attributes::{self, Options};
use crate::names;
use fields::FieldList;

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = Options::parse(options)?;
    let package = options.package.clone().unwrap_or_else(names::package);
    match syn::parse2(item)? {
        Item::Struct(mut item) => {
            refuse_generics(&item.generics)?;
            let reserved = attributes::take_reserved(&mut item.attrs)?;
            let name = options.name.unwrap_or_else(|| item.ident.to_string());
            let fields = FieldList::take(&mut item.fields, &reserved)?;
            let doc = attributes::doc(&item.attrs);
            let implemented = fields.implement(&item.ident, &package, &name, &doc);
            Ok(quote!(#item #[allow(deprecated)] #implemented))
        }
        Item::Enum(mut item) => {
            refuse_generics(&item.generics)?;
            let reserved = attributes::take_reserved(&mut item.attrs)?;
            let name = options.name.unwrap_or_else(|| item.ident.to_string());
            let bare = |variant: &syn::Variant| matches!(variant.fields, Fields::Unit);
            let implemented = match item.variants.iter().all(bare) {
                true => enumeration::implement(&mut item, &package, &name, &reserved)?,
                false => one_of::implement(&mut item, &package, &name, &reserved)?,
            };
            Ok(quote!(#item #[allow(deprecated)] #implemented))
        }
        other => Err(Error::new_spanned(
            other,
            "`#[pintle::message]` stands on a struct or an enum",
        )),
    }
}

fn refuse_generics(generics: &Generics) -> Result<()> {
    match generics.params.first() {
        None => Ok(()),
        Some(first) => Err(Error::new_spanned(
            first,
            "a message cannot be generic: a `.proto` file has no such thing; write the type out for each use",
        )),
    }
}
