//! The messages of the methods' arguments.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Member, Type};

use super::{Interface, Method};
use crate::message::fields::{Field, FieldList};
use crate::names;
use crate::spans;

impl Interface {
    pub(super) fn messages(&self) -> TokenStream {
        let messages = self.methods.iter().map(|method| self.request(method));
        quote!(#(#messages)*)
    }

    fn request(&self, method: &Method) -> TokenStream {
        let fields = method.arguments.iter().map(|argument| Field {
            member: Member::Named(argument.ident.clone()),
            name: names::unraw(&argument.ident.to_string()).to_owned(),
            tag: argument.tag,
            ty: wire(&argument.ty),
            span: spans::at(&argument.ty),
            absent: argument.of.default.clone(),
            doc: quote!(&[]),
        });
        let list = FieldList(fields.collect());
        let members = list.0.iter().map(|field| {
            let (member, ty) = (&field.member, &field.ty);
            quote!(#member: #ty)
        });
        let ident = method.request();
        // In the `.proto` file, where messages of several services stand beside each other.
        let name = format!("{}{}Request", self.service_name(), method.proto());
        let implemented = list.implement(
            &ident,
            &self.package,
            &name,
            &quote!(&["The arguments of a call."]),
        );
        quote! {
            struct #ident { #(#members),* }
            #implemented
        }
    }
}

/// What of an argument's type is put into the message.
pub(super) fn wire(ty: &Type) -> TokenStream {
    quote_spanned!(spans::at(ty)=> <#ty as __pintle::Pass>::Wire)
}
