//! The attributes of pintle. Use them through the `pintle` crate: `#[pintle::interface]` on a
//! trait, `#[pintle::message]` on the types it speaks of, `#[pintle::plugin]` on its
//! implementation.
//!
//! A file here reads one kind of item into a model ([`interface`], [`message`]) and another writes
//! what is made of it. What is written is as little as can be: everything that does not depend on
//! the item lives in `pintle-interface`.

mod attributes;
#[cfg(test)]
mod expanded;
mod interface;
mod message;
mod names;
mod numbers;
mod plugin;
mod spans;

use proc_macro::TokenStream;

/// Makes of a trait the interface of a plugin: a client, a server, and a protobuf service.
///
/// ```ignore
/// #[pintle::interface]
/// pub trait Store {
///     /// Puts a value under a key.
///     async fn put(&self, key: String, value: Vec<u8>) -> Result<(), StoreError>;
///     /// Every change under a prefix, from now on.
///     async fn watch(&self, prefix: String) -> Result<pintle::Stream<Event>, StoreError>;
/// }
/// ```
///
/// Beside the trait there is `StoreClient`, which implements it by calling another process:
/// `session.dispense::<dyn Store>()` gives one. `Box<dyn Store>` and `Arc<dyn Store>` hold it or any
/// implementation, and implement `Store`, too.
///
/// - Every method is an `async fn` of `&self`. Arguments are owned. It returns `Result<T, E>`, or
///   nothing: then nobody hears of a call that failed, but the log.
/// - `E` has `#[pintle::message]`, `Display`, and `From<pintle::CallError>` for a plugin that is
///   lost; or it is `pintle::CallError`.
/// - A method with a body is what an implementation does that has none of its own.
/// - Nothing of it depends on `#[cfg]`: the other side may be built otherwise.
///
/// On the trait: `#[pintle::interface(package = "store.v1", name = "store")]` says the protobuf
/// package (the name of the crate by default) and the plugin's name (the trait's, `snake_case`).
///
/// On a method: `#[pintle(deadline = "5s")]` ends a call that takes longer (`ms`, `s`, `m`, `h`; no
/// bound by default), `#[pintle(idempotent)]` says that calling twice does what calling once does,
/// `#[reserved(3)]` keeps the number of an argument that is gone from being used again.
///
/// On an argument: `#[tag(3)]` says its field number, otherwise counted from 1; and
/// `#[pintle(default)]` or `#[pintle(default = 10)]` what it is when an older peer did not send it.
#[proc_macro_attribute]
pub fn interface(options: TokenStream, item: TokenStream) -> TokenStream {
    interface::expand(options.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Lets a struct or an enum cross to another process: as an argument, a result, an error, or
/// within another.
///
/// ```ignore
/// #[pintle::message]
/// #[derive(Clone, Debug)]
/// pub struct Event {
///     pub key: String,
///     #[pintle(default = 1)]
///     pub version: u32,
/// }
///
/// #[pintle::message]
/// #[derive(Debug, thiserror::Error)]
/// pub enum StoreError {
///     #[error("no such key: {0}")]
///     #[pintle(code = "not_found")]
///     NotFound(String),
///     #[error("the store is gone")]
///     Lost(#[from] pintle::CallError),
/// }
/// ```
///
/// Fields and variants are numbered in their order, from 1 (variants of an enum without values
/// from 0), unless `#[tag(3)]` says otherwise; `#[reserved(3, 4)]` on the type keeps numbers that
/// were used once from being used again. A field that an older peer did not send is empty, zero,
/// or what `#[pintle(default)]` says.
///
/// A variant of an enum has no value, one value, or named fields. `#[pintle(code = "not_found")]`
/// says the gRPC status code of an error; `#[pintle(other)]` marks the variant, without a value,
/// that stands for those a newer peer knows.
#[proc_macro_attribute]
pub fn message(options: TokenStream, item: TokenStream) -> TokenStream {
    message::expand(options.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a plugin of an implementation of an interface.
///
/// ```ignore
/// #[pintle::plugin]
/// impl Store for MyStore { /* its methods */ }
///
/// pintle::serve(HANDSHAKE).plugin(MyStore).run().await
/// ```
#[proc_macro_attribute]
pub fn plugin(options: TokenStream, item: TokenStream) -> TokenStream {
    plugin::expand(options.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
