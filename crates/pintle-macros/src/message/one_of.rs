//! An enum whose variants hold values: a message of which exactly one field is there.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Error, Fields, Ident, ItemEnum, Member, Result};

use super::fields::{FieldList, literal};
use crate::attributes::{self, OfVariant};
use crate::names;
use crate::numbers::Numbers;

struct Variant {
    ident: Ident,
    tag: u32,
    of: OfVariant,
    holds: Holds,
    doc: TokenStream,
}

enum Holds {
    Nothing,
    One(TokenStream),
    Fields(FieldList),
}

pub(super) fn implement(
    item: &mut ItemEnum,
    package: &str,
    name: &str,
    reserved: &[u32],
) -> Result<TokenStream> {
    let variants = read(item, reserved)?;
    let ident = &item.ident;
    let doc = attributes::doc(&item.attrs);
    let put = variants.iter().map(Variant::put);
    let len = variants.iter().map(Variant::len);
    let helpers = variants.iter().map(|variant| variant.helper(package, name));
    let merge = variants.iter().map(|variant| variant.merge(name));
    let codes = variants.iter().filter_map(|variant| {
        let (code, ident) = (variant.of.code.as_ref()?, &variant.ident);
        Some(quote!(Self::#ident { .. } => __pintle::Code::#code,))
    });
    let fields = variants.iter().map(Variant::describe);
    let missing = match variants.iter().find(|variant| variant.of.other) {
        Some(Variant { ident, .. }) => quote!(::core::result::Result::Ok(Self::#ident)),
        None => quote!(::core::result::Result::Err(__pintle::DecodeError::new(
            "none of the variants known here",
        ))),
    };
    Ok(quote! {
        const _: () = {
            use ::pintle::interface as __pintle;

            #(#helpers)*

            impl __pintle::Message for #ident {
                type Partial = ::core::option::Option<Self>;
                const NAME: (&'static str, &'static str) = (#package, #name);

                fn put_fields(&self, to: &mut __pintle::Pieces) {
                    match self { #(#put)* }
                }

                fn fields_len(&self) -> usize {
                    match self { #(#len)* }
                }

                fn merge_field(
                    partial: &mut ::core::option::Option<Self>,
                    tag: u32,
                    field: __pintle::wire::Field<'_>,
                ) -> __pintle::Decoded<()> {
                    match tag {
                        #(#merge)*
                        _ => return field.skip(),
                    }
                    ::core::result::Result::Ok(())
                }

                fn finish(partial: ::core::option::Option<Self>) -> __pintle::Decoded<Self> {
                    match partial {
                        ::core::option::Option::Some(value) => ::core::result::Result::Ok(value),
                        ::core::option::Option::None => #missing,
                    }
                }

                fn define(schema: &mut __pintle::schema::Schema) {
                    schema.one_of((#package, #name), #doc, |message| { #(#fields)* });
                }

                #[allow(unreachable_patterns)]
                fn code(&self) -> __pintle::Code {
                    match self {
                        #(#codes)*
                        _ => __pintle::Code::Unknown,
                    }
                }
            }
        };
    })
}

fn read(item: &mut ItemEnum, reserved: &[u32]) -> Result<Vec<Variant>> {
    let mut numbers = Numbers::of_fields(reserved);
    let mut variants = Vec::new();
    for variant in &mut item.variants {
        let of = OfVariant::take(&mut variant.attrs)?;
        let holds = match &mut variant.fields {
            Fields::Unit => Holds::Nothing,
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let ty = &fields.unnamed[0].ty;
                Holds::One(quote!(#ty))
            }
            Fields::Unnamed(fields) => {
                return Err(Error::new_spanned(
                    fields,
                    "a variant has no value, one value, or named fields: `Moved { from: String, to: String }`",
                ));
            }
            fields @ Fields::Named(_) => Holds::Fields(FieldList::take(fields, &[])?),
        };
        if of.other && !matches!(holds, Holds::Nothing) {
            return Err(Error::new(
                variant.ident.span(),
                "the variant for what a newer peer knows holds no value",
            ));
        }
        if of.other && variants.iter().any(|variant: &Variant| variant.of.other) {
            return Err(Error::new(variant.ident.span(), attributes::SECOND_OTHER));
        }
        variants.push(Variant {
            tag: numbers.next(of.tag, variant.span())?,
            ident: variant.ident.clone(),
            of,
            holds,
            doc: attributes::doc(&variant.attrs),
        });
    }
    Ok(variants)
}

impl Variant {
    /// How it is matched: with its one value as `value`, its fields by their names.
    fn pattern(&self) -> TokenStream {
        let ident = &self.ident;
        match &self.holds {
            Holds::Nothing => quote!(Self::#ident),
            Holds::One(_) => quote!(Self::#ident(value)),
            Holds::Fields(fields) => {
                let members = fields.0.iter().map(|field| &field.member);
                let names = fields.0.iter().map(|field| bound(&field.member));
                quote!(Self::#ident { #(#members: #names),* })
            }
        }
    }

    fn put(&self) -> TokenStream {
        let (pattern, tag) = (self.pattern(), literal(self.tag));
        let put = match &self.holds {
            Holds::Nothing => quote!(__pintle::Element::put_element(&(), #tag, to)),
            Holds::One(_) => quote!(__pintle::Element::put_element(value, #tag, to)),
            Holds::Fields(fields) => {
                let (put, len) = fields.write(by_name);
                quote!({
                    __pintle::wire::put_key(#tag, __pintle::wire::WireType::Bytes, to);
                    __pintle::wire::put_varint((#len) as u64, to);
                    #put
                })
            }
        };
        quote!(#pattern => #put,)
    }

    fn len(&self) -> TokenStream {
        let (pattern, tag) = (self.pattern(), literal(self.tag));
        let len = match &self.holds {
            Holds::Nothing => quote!(__pintle::Element::element_len(&(), #tag)),
            Holds::One(_) => quote!(__pintle::Element::element_len(value, #tag)),
            Holds::Fields(fields) => {
                let (_, len) = fields.write(by_name);
                quote!({
                    let length = #len;
                    __pintle::wire::key_len(#tag)
                        + __pintle::wire::varint_len(length as u64)
                        + length
                })
            }
        };
        quote!(#pattern => #len,)
    }

    /// For named fields, what reads them: a struct of its own.
    fn helper(&self, package: &str, message: &str) -> TokenStream {
        let Holds::Fields(fields) = &self.holds else {
            return TokenStream::new();
        };
        let (name, helper) = (self.message(message), self.helper_ident());
        let (members, types): (Vec<_>, Vec<_>) = fields
            .0
            .iter()
            .map(|field| (&field.member, &field.ty))
            .unzip();
        let implemented = fields.implement(&helper, package, &name, &quote!(&[]));
        quote! {
            pub struct #helper { #(#members: #types),* }
            #implemented
        }
    }

    fn merge(&self, message: &str) -> TokenStream {
        let (ident, tag) = (&self.ident, literal(self.tag));
        let path = format!("{message}.{}", names::snake(&ident.to_string()));
        let take = quote!(__pintle::Element::take_element(field)
            .map_err(|error: __pintle::DecodeError| error.within(#path))?);
        let value = match &self.holds {
            Holds::Nothing => quote!({ let () = #take; Self::#ident }),
            Holds::One(_) => quote!(Self::#ident(#take)),
            Holds::Fields(fields) => {
                let helper = self.helper_ident();
                let names: Vec<_> = fields.0.iter().map(|field| &field.member).collect();
                quote!({
                    let #helper { #(#names),* } = #take;
                    Self::#ident { #(#names),* }
                })
            }
        };
        quote!(#tag => *partial = ::core::option::Option::Some(#value),)
    }

    fn describe(&self) -> TokenStream {
        let (tag, doc) = (literal(self.tag), &self.doc);
        let name = names::snake(&self.ident.to_string());
        let ty = match &self.holds {
            Holds::Nothing => quote!(()),
            Holds::One(ty) => ty.clone(),
            Holds::Fields(_) => {
                let helper = self.helper_ident();
                quote!(#helper)
            }
        };
        quote!(message.variant::<#ty>(#tag, #name, #doc);)
    }

    fn message(&self, message: &str) -> String {
        format!("{message}{}", self.ident)
    }

    fn helper_ident(&self) -> Ident {
        format_ident!("__{}", self.ident)
    }
}

fn by_name(member: &Member) -> TokenStream {
    let name = bound(member);
    quote!(#name)
}

/// What a field is bound to: a name of its own, which hides none of ours.
fn bound(member: &Member) -> Ident {
    match member {
        Member::Named(ident) => format_ident!("value_{}", ident),
        Member::Unnamed(index) => format_ident!("value_{}", index.index),
    }
}
