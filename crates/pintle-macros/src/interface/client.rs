//! The client: the interface, implemented by calling another process.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

use super::returns::Returns;
use super::{Interface, Method};
use crate::spans;

impl Interface {
    pub(super) fn client(&self) -> TokenStream {
        let (visibility, client) = (&self.visibility, self.client_ident());
        let doc = format!(
            " A [`{}`] in another process. Cheap to clone; dropping a call's future cancels it.",
            self.service_name()
        );
        let of_trait = &self.doc_attributes;
        let rest = (!of_trait.is_empty()).then(|| quote!(#[doc = ""] #(#of_trait)*));
        quote! {
            #[doc = #doc]
            #rest
            #[derive(Clone, Debug)]
            #visibility struct #client {
                caller: ::pintle::interface::Caller,
            }
        }
    }

    /// `impl Store for StoreClient`, and what its calls need to know.
    pub(super) fn calls(&self) -> TokenStream {
        let (interface, client) = (&self.ident, self.client_ident());
        let constants = self.methods.iter().map(|method| self.constant(method));
        let calls = self.methods.iter().map(Method::call);
        quote! {
            #(#constants)*

            impl #interface for #client {
                #(#calls)*
            }
        }
    }

    fn constant(&self, method: &Method) -> TokenStream {
        let (constant, name) = (method.constant(), method.proto());
        let path = format!("/{}.{}/{name}", self.package, self.service_name());
        let (request, outcome) = (method.request(), method.returns.outcome());
        let (_, at_error) = method.returns.spans();
        let error = method.returns.error();
        let ty = quote_spanned!(at_error=> __pintle::Method<#request, #outcome, #error>);
        let deadline = method.of.deadline.map(|deadline| {
            let millis = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
            let millis = Literal::u64_unsuffixed(millis);
            quote!(.deadline(::core::time::Duration::from_millis(#millis)))
        });
        let idempotent = method.of.idempotent.then(|| quote!(.idempotent()));
        quote! {
            static #constant: #ty =
                __pintle::Method::new(#name, #path) #deadline #idempotent;
        }
    }
}

impl Method {
    fn call(&self) -> TokenStream {
        let (ident, parameters, arrow) = (&self.ident, self.parameters(), self.returns.arrow());
        let (constant, body) = (self.constant(), self.call_body());
        if let Returns::Result { .. } = self.returns {
            return quote! {
                async fn #ident(&self, #parameters) #arrow { #body }
            };
        }
        let called = local("called");
        quote! {
            async fn #ident(&self, #parameters) {
                let #called: ::core::result::Result<(), __pintle::CallError> = async { #body }.await;
                if let ::core::result::Result::Err(error) = #called {
                    __pintle::unheard(&#constant, &error);
                }
            }
        }
    }

    /// Lends the arguments, calls, takes the result.
    fn call_body(&self) -> TokenStream {
        let (constant, request) = (self.constant(), self.request());
        let (link, lent) = (local("link"), local("lent"));
        let (sent, received) = (local("request"), local("returned"));

        let (at_value, at_error) = self.returns.spans();
        let question = quote_spanned!(at_error=> ?);
        let fields = self.arguments.iter().map(|argument| {
            let (ident, span) = (&argument.ident, spans::at(&argument.ty));
            let lend = quote_spanned!(span=> __pintle::Pass::lend(#ident, #link, &mut #lent).await);
            quote!(#ident: #lend #question)
        });
        let lends = !self.arguments.is_empty();
        let lend = lends.then(|| quote!(let mut #lent = __pintle::Lent::default();));
        let keep = lends.then(|| quote!(#lent.keep();));
        let takes = self.returns.value().is_some();
        let through = (lends || takes).then(|| quote!(let #link = self.caller.link();));
        let called = quote_spanned!(at_error=> self.caller.call(&#constant, #sent).await #question);
        let taken = local("value");
        let (receive, take, value) = match takes {
            false => (quote!(#called;), quote!(), quote!(())),
            true => (
                quote!(let #received = #called;),
                quote_spanned! {at_value=>
                    let #taken = __pintle::Pass::take(#received.value, #link).await #question;
                },
                quote!(#taken),
            ),
        };
        quote! {
            #through
            #lend
            let #sent = #request { #(#fields),* };
            #receive
            #keep
            #take
            ::core::result::Result::Ok(#value)
        }
    }
}

/// A name that no argument can have, whatever it is called.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
