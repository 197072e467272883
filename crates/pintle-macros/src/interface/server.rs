//! The server: calls that arrive, handed to an implementation.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use super::returns::Returns;
use super::{Interface, Method};
use crate::spans;

impl Interface {
    pub(super) fn server(&self) -> TokenStream {
        let interface = &self.ident;
        let arms = self.methods.iter().map(|method| method.answer(self));
        quote! {
            impl<__T> __pintle::Serves<__T> for dyn #interface
            where
                __T: #interface + ::core::marker::Send + ::core::marker::Sync + 'static,
            {
                fn object(value: ::std::sync::Arc<__T>) -> ::std::sync::Arc<Self> {
                    value
                }

                async fn dispatch<__C: __pintle::Call>(
                    value: ::std::sync::Arc<__T>,
                    call: __C,
                ) -> __C::Reply {
                    match call.method() {
                        #(#arms)*
                        _ => call.unknown(),
                    }
                }
            }
        }
    }
}

impl Method {
    fn answer(&self, interface: &Interface) -> TokenStream {
        let (name, constant) = (self.proto(), self.constant());
        let ignored = format_ident!("_");
        let (request, link) = (format_ident!("request"), format_ident!("link"));
        let (request, link) = match (self.arguments.is_empty(), self.returns.value()) {
            (true, None) => (&ignored, &ignored),
            (true, Some(_)) => (&ignored, &link),
            (false, _) => (&request, &link),
        };
        let answer = self.answer_body(interface);
        quote! {
            #name => {
                call.answer(&#constant, |#request, #link| async move { #answer }).await
            }
        }
    }

    /// Takes the arguments, calls the implementation, lends the result.
    fn answer_body(&self, interface: &Interface) -> TokenStream {
        let (interface, ident) = (&interface.ident, &self.ident);
        let (at_value, at_error) = self.returns.spans();
        let question = quote_spanned!(at_error=> ?);
        let arguments = self.arguments.iter().map(|argument| {
            let (ident, span) = (&argument.ident, spans::at(&argument.ty));
            let take = quote_spanned!(span=> __pintle::Pass::take(request.#ident, &link).await);
            quote!(#take #question)
        });
        let called = quote!(#interface::#ident(&*value, #(#arguments),*).await);
        let lend = quote_spanned!(at_value=> __pintle::Pass::lend(answer, &link, &mut lent).await);
        match (&self.returns, self.returns.value()) {
            (Returns::Nothing, _) => quote! {
                #called;
                ::core::result::Result::Ok(())
            },
            (Returns::Result { .. }, None) => called,
            (Returns::Result { .. }, Some(_)) => quote! {
                let answer = #called?;
                let mut lent = __pintle::Lent::default();
                let value = #lend #question;
                lent.keep();
                ::core::result::Result::Ok(__pintle::Returned { value })
            },
        }
    }
}
