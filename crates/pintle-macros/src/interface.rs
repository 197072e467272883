//! `#[pintle::interface]`: a trait as the interface of a plugin.

mod client;
mod contract;
mod crossing;
mod messages;
mod method;
mod object;
mod returns;
mod server;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Error, Ident, ItemTrait, Result, TraitItem, Visibility};

use crate::attributes::{self, Options};
use crate::names;
use method::Method;

/// A trait, as far as it matters here.
struct Interface {
    visibility: Visibility,
    ident: Ident,
    /// The protobuf package.
    package: String,
    /// The plugin's name.
    name: String,
    /// The doc comment, as a slice of lines.
    doc: TokenStream,
    /// The same as it was written.
    doc_attributes: Vec<Attribute>,
    methods: Vec<Method>,
}

pub(crate) fn expand(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let options = Options::parse(options)?;
    let mut item: ItemTrait = match syn::parse2(item.clone()) {
        Ok(item) => item,
        Err(_) => {
            return Err(Error::new_spanned(
                item,
                "`#[pintle::interface]` stands on a trait; on its implementation write `#[pintle::plugin]`",
            ));
        }
    };
    let interface = Interface::read(&mut item, options)?;
    let (object, client) = (interface.object(), interface.client());
    let (contract, messages) = (interface.contract(), interface.messages());
    let (calls, server) = (interface.calls(), interface.server());
    let object_ident = interface.object_ident();
    item.supertraits.push(syn::parse_quote!(#object_ident));
    Ok(quote! {
        #item
        #object
        #client

        #[allow(deprecated)]
        const _: () = {
            use ::pintle::interface as __pintle;

            #calls
            #contract
            #server
            #messages
        };
    })
}

impl Interface {
    /// Reads a trait, and makes of its methods what the compiler is to see.
    fn read(item: &mut ItemTrait, options: Options) -> Result<Self> {
        if let Some(first) = item.generics.params.first() {
            return Err(Error::new_spanned(
                first,
                "an interface cannot be generic: its other side is compiled without it; write the types out",
            ));
        }
        if let Some(supertrait) = item.supertraits.first() {
            return Err(Error::new_spanned(
                supertrait,
                "an interface has no supertraits: it is `Send + Sync + 'static` by itself; put all methods into one trait",
            ));
        }
        attributes::refuse_ours(&mut item.attrs)?;
        let mut methods: Vec<Method> = Vec::new();
        let mut errors: Option<Error> = None;
        for part in &mut item.items {
            let read = match part {
                TraitItem::Fn(function) => Method::read(function),
                other => Err(Error::new_spanned(
                    other,
                    "an interface has nothing but methods: constants and types do not cross",
                )),
            };
            match (read, &mut errors) {
                (Ok(method), _) => methods.push(method),
                (Err(error), Some(errors)) => errors.combine(error),
                (Err(error), None) => errors = Some(error),
            }
        }
        if let Some(errors) = errors {
            return Err(errors);
        }
        refuse_same_names(&methods)?;
        Ok(Self {
            visibility: item.vis.clone(),
            package: options.package.unwrap_or_else(names::package),
            name: options
                .name
                .unwrap_or_else(|| names::snake(&item.ident.to_string())),
            doc: attributes::doc(&item.attrs),
            doc_attributes: attributes::doc_attributes(&item.attrs),
            ident: item.ident.clone(),
            methods,
        })
    }

    fn object_ident(&self) -> Ident {
        format_ident!("{}Object", self.ident)
    }

    /// The service's name within its package.
    fn service_name(&self) -> String {
        names::unraw(&self.ident.to_string()).to_owned()
    }

    fn client_ident(&self) -> Ident {
        format_ident!("{}Client", self.ident)
    }
}

/// Refuses `get_all` beside `getAll`, which have one name in the `.proto` file.
fn refuse_same_names(methods: &[Method]) -> Result<()> {
    for (index, method) in methods.iter().enumerate() {
        let same = |other: &&Method| other.proto() == method.proto();
        if let Some(other) = methods[..index].iter().find(same) {
            let (name, other) = (method.proto(), &other.ident);
            return Err(Error::new(
                method.ident.span(),
                format!("`{other}` is `{name}` in the `.proto` file, too; rename one of them"),
            ));
        }
    }
    Ok(())
}
