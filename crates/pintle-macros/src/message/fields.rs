//! Named and numbered fields: of a struct, of a variant, of a method's arguments.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Fields, Ident, Index, Member, Result};

use crate::attributes::{self, Absent, OfField};
use crate::names;
use crate::numbers::Numbers;
use crate::spans;

/// The fields of one message.
pub(crate) struct FieldList(pub(crate) Vec<Field>);

pub(crate) struct Field {
    /// How Rust reaches it.
    pub(crate) member: Member,
    /// Its name in the `.proto` file.
    pub(crate) name: String,
    pub(crate) tag: u32,
    pub(crate) ty: TokenStream,
    /// Where its type was written.
    pub(crate) span: Span,
    pub(crate) absent: Option<Absent>,
    pub(crate) doc: TokenStream,
}

impl FieldList {
    /// Reads the fields of a struct or a variant and takes our attributes off them.
    pub(crate) fn take(fields: &mut Fields, reserved: &[u32]) -> Result<Self> {
        let mut numbers = Numbers::of_fields(reserved);
        let mut list = Vec::new();
        for (index, field) in fields.iter_mut().enumerate() {
            let of = OfField::take(&mut field.attrs, &field.ty)?;
            let (member, name) = match &field.ident {
                Some(ident) => {
                    let name = names::unraw(&ident.to_string()).to_owned();
                    (Member::Named(ident.clone()), name)
                }
                None => (
                    Member::Unnamed(Index::from(index)),
                    format!("field{}", index + 1),
                ),
            };
            let ty = &field.ty;
            list.push(Field {
                tag: numbers.next(of.tag, ty.span())?,
                member,
                name,
                span: spans::at(ty),
                ty: quote!(#ty),
                absent: of.default,
                doc: attributes::doc(&field.attrs),
            });
        }
        Ok(Self(list))
    }

    /// `impl Message for #ident`.
    pub(crate) fn implement(
        &self,
        ident: &Ident,
        package: &str,
        name: &str,
        doc: &TokenStream,
    ) -> TokenStream {
        let access = |member: &Member| quote!(&self.#member);
        let (put, len) = self.write(access);
        let Reading {
            partial,
            merge,
            finish,
        } = self.read(name);
        let members = self.0.iter().map(|field| &field.member);
        let described = self.describe();
        let (to, from) = (self.unless_empty("to"), self.unless_empty("partial"));
        let message = self.unless_empty("message");
        quote! {
            const _: () = {
                use ::pintle::interface as __pintle;

                #partial

                impl __pintle::Message for #ident {
                    type Partial = __Partial;
                    const NAME: (&'static str, &'static str) = (#package, #name);

                    fn put_fields(&self, #to: &mut __pintle::Pieces) {
                        #put
                    }

                    fn fields_len(&self) -> usize {
                        #len
                    }

                    fn merge_field(
                        #from: &mut __Partial,
                        tag: u32,
                        field: __pintle::wire::Field<'_>,
                    ) -> __pintle::Decoded<()> {
                        #merge
                    }

                    fn finish(#from: __Partial) -> __pintle::Decoded<Self> {
                        ::core::result::Result::Ok(Self { #(#members: #finish,)* })
                    }

                    fn define(schema: &mut __pintle::schema::Schema) {
                        schema.message((#package, #name), #doc, |#message| { #described });
                    }
                }
            };
        }
    }

    /// Appends every field, and counts their bytes.
    pub(crate) fn write(
        &self,
        access: impl Fn(&Member) -> TokenStream,
    ) -> (TokenStream, TokenStream) {
        let put = self.0.iter().map(|field| {
            let (value, tag) = (access(&field.member), literal(field.tag));
            match field.absent {
                // Said even when it is zero: a reader takes something else for granted.
                Some(_) => {
                    quote_spanned!(field.span=> __pintle::Element::put_element(#value, #tag, to);)
                }
                None => quote_spanned!(field.span=> __pintle::Value::put(#value, #tag, to);),
            }
        });
        let len = self.0.iter().map(|field| {
            let (value, tag) = (access(&field.member), literal(field.tag));
            match field.absent {
                Some(_) => {
                    quote_spanned!(field.span=> __pintle::Element::element_len(#value, #tag))
                }
                None => quote_spanned!(field.span=> __pintle::Value::field_len(#value, #tag)),
            }
        });
        let len = match self.0.is_empty() {
            true => quote!(0),
            false => quote!(#(#len)+*),
        };
        (quote!(#(#put)*), len)
    }

    /// What has come, how it comes, and what is made of it.
    pub(crate) fn read(&self, message: &str) -> Reading {
        let slots: Vec<_> = self.slots().collect();
        let types = self.0.iter().map(|field| &field.ty);
        let tags = self.0.iter().map(|field| literal(field.tag));
        let paths: Vec<_> = self
            .0
            .iter()
            .map(|field| format!("{message}.{}", field.name))
            .collect();
        let finish =
            self.0
                .iter()
                .zip(&slots)
                .zip(&paths)
                .map(|((field, slot), path)| match &field.absent {
                    None => quote_spanned!(field.span=> __pintle::finish(partial.#slot, #path)?),
                    Some(Absent::Default) => quote!(partial.#slot.unwrap_or_default()),
                    Some(Absent::Expression(value)) => {
                        quote!(partial.#slot.unwrap_or_else(|| #value))
                    }
                });
        let merge = self.0.iter().zip(&slots).zip(&paths).map(|((field, slot), path)| {
            quote_spanned!(field.span=> __pintle::merge(&mut partial.#slot, field, #path))
        });
        Reading {
            partial: quote! {
                #[derive(Default)]
                pub struct __Partial {
                    #(#slots: ::core::option::Option<#types>,)*
                }
            },
            finish: finish.collect(),
            merge: match self.0.is_empty() {
                true => quote!(field.skip()),
                false => quote! {
                    match tag {
                        #(#tags => #merge,)*
                        _ => field.skip(),
                    }
                },
            },
        }
    }

    /// What a `.proto` file says of each.
    fn describe(&self) -> TokenStream {
        let fields = self.0.iter().map(|field| {
            let (name, ty, doc) = (&field.name, &field.ty, &field.doc);
            let (tag, how) = (
                literal(field.tag),
                match field.absent {
                    Some(_) => format_ident!("optional"),
                    None => format_ident!("field"),
                },
            );
            quote_spanned!(field.span=> message.#how::<#ty>(#tag, #name, #doc);)
        });
        quote!(#(#fields)*)
    }

    fn slots(&self) -> impl Iterator<Item = Ident> + '_ {
        self.0.iter().map(|field| match &field.member {
            Member::Named(ident) => ident.clone(),
            Member::Unnamed(index) => format_ident!("field{}", index.index),
        })
    }

    /// The name of a parameter, so that it does not stand unused.
    fn unless_empty(&self, name: &str) -> Ident {
        match self.0.is_empty() {
            true => format_ident!("_{name}"),
            false => format_ident!("{name}"),
        }
    }
}

pub(crate) struct Reading {
    /// The struct of what has come so far.
    pub(crate) partial: TokenStream,
    /// Takes one field in.
    pub(crate) merge: TokenStream,
    /// For each field, its value at the end.
    pub(crate) finish: Vec<TokenStream>,
}

/// A number as a person writes it, without its type.
pub(super) fn literal(number: u32) -> Literal {
    Literal::u32_unsuffixed(number)
}
