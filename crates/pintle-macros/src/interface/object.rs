//! The trait object: `dyn Store`, behind a pointer that implements `Store`.
//!
//! Methods that return futures of their own types have no place in a trait object. So there is a
//! second trait, hidden, whose methods return boxed futures; everything that implements the
//! interface implements it, and pointers to a `dyn Store` (`Box`, `Arc`, `Callback`) implement the
//! interface by it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Interface, Method};

impl Interface {
    pub(super) fn object(&self) -> TokenStream {
        let (visibility, interface, object) = (&self.visibility, &self.ident, self.object_ident());
        let declared = self.methods.iter().map(|method| {
            let signature = method.boxed_signature(&method.boxed());
            quote!(#signature;)
        });
        let implemented = self.methods.iter().map(|method| {
            let signature = method.boxed_signature(&method.boxed());
            let (ident, arguments) = (&method.ident, method.idents());
            quote! {
                #signature {
                    ::std::boxed::Box::pin(#interface::#ident(self, #(#arguments),*))
                }
            }
        });
        let pointed = self.methods.iter().map(|method| {
            let (ident, boxed) = (&method.ident, method.boxed());
            let (parameters, arrow) = (method.parameters(), method.returns.arrow());
            let arguments = method.idents();
            quote! {
                async fn #ident(&self, #parameters) #arrow {
                    #object::#boxed(&**self, #(#arguments),*).await
                }
            }
        });
        quote! {
            #[doc(hidden)]
            #[allow(missing_docs, clippy::too_many_arguments)]
            #visibility trait #object:
                ::core::marker::Send + ::core::marker::Sync + 'static
            {
                #(#declared)*
            }

            #[doc(hidden)]
            #[allow(deprecated)]
            impl<__T> #object for __T
            where
                __T: #interface + ::core::marker::Send + ::core::marker::Sync + 'static,
            {
                #(#implemented)*
            }

            impl<__P> #interface for __P
            where
                __P: ::core::ops::Deref<Target = dyn #interface>
                    + ::core::marker::Send
                    + ::core::marker::Sync
                    + 'static,
            {
                #(#pointed)*
            }
        }
    }
}

impl Method {
    fn boxed_signature(&self, name: &syn::Ident) -> TokenStream {
        let (parameters, whole) = (self.parameters(), self.returns.whole());
        quote!(fn #name(&self, #parameters) -> ::pintle::BoxFuture<'_, #whole>)
    }
}
