//! What both sides agree on: names, and the description for a `.proto` file.

use proc_macro2::TokenStream;
use quote::quote;

use super::Interface;

impl Interface {
    pub(super) fn contract(&self) -> TokenStream {
        let (interface, client) = (&self.ident, self.client_ident());
        let (package, name, plugin) = (&self.package, self.service_name(), &self.name);
        let service = format!("{package}.{name}");
        let doc = &self.doc;
        let methods = self.methods.iter().map(|method| {
            let (constant, doc) = (method.constant(), &method.doc);
            quote!(service.method(&#constant, #doc);)
        });
        quote! {
            impl __pintle::Interface for dyn #interface {
                const NAME: &'static str = #plugin;
                const SERVICE: &'static str = #service;
                type Client = #client;

                fn client(caller: __pintle::Caller) -> #client {
                    #client { caller }
                }

                fn define(schema: &mut __pintle::schema::Schema) {
                    schema.service((#package, #name), #doc, |service| {
                        #(#methods)*
                    });
                }
            }

            // For every lifetime: the compiler forgets which it was in a future that is spawned.
            impl ::pintle::Dispense for dyn #interface + '_ {
                type Plugin = __pintle::Served<dyn #interface, #client>;
            }
        }
    }
}
