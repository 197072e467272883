//! `#[pintle::plugin]`: an implementation as a plugin.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemImpl, Result};

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !options.is_empty() {
        return Err(Error::new_spanned(
            options,
            "`#[pintle::plugin]` has no options: the plugin's name is the interface's",
        ));
    }
    let item: ItemImpl = syn::parse2(item.clone()).map_err(|_| {
        Error::new_spanned(
            item,
            "`#[pintle::plugin]` stands on the implementation of an interface: `impl Store for MyStore`",
        )
    })?;
    let Some((_, interface, _)) = &item.trait_ else {
        return Err(Error::new_spanned(
            &item.self_ty,
            "`#[pintle::plugin]` stands on the implementation of an interface: `impl Store for MyStore`",
        ));
    };
    let (implementation, generics) = (&item.self_ty, &item.generics);
    let (params, _, conditions) = generics.split_for_impl();
    Ok(quote! {
        #item

        impl #params ::pintle::IntoPlugin for #implementation #conditions {
            type Plugin = ::pintle::interface::Served<dyn #interface, Self>;

            fn into_plugin(self) -> Self::Plugin {
                ::pintle::interface::Served::new(self)
            }
        }
    })
}
