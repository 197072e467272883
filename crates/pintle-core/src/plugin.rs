//! What a plugin is, apart from any transport.

use std::any::{Any, TypeId, type_name};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::transport::Transport;

/// An interface that one process offers and another uses.
///
/// The same type stands on both sides: the plugin serves a value of it, the
/// host names it to [`dispense`](crate::Session::dispense) and gets its
/// [`Client`](Self::Client). Which transports it works over is listed in
/// [`transports`](Self::transports), one [`PluginOver`] each.
pub trait Plugin: Sized + Send + Sync + 'static {
    /// The name host and plugin call it by. Unique within a [`PluginSet`].
    const NAME: &'static str;

    /// What a host gets to call the plugin with, whatever the transport.
    type Client: Send + 'static;

    /// The transports it works over: `on.over::<Grpc>()`.
    fn transports(on: Bindings<Self>) -> Bindings<Self>;
}

/// How a [`Plugin`] works over the transport `T`.
pub trait PluginOver<T: Transport>: Plugin {
    /// Plugin side: puts its services into the transport's server.
    fn serve(&self, server: &mut T::Server);

    /// Host side: makes the client from what the transport gives.
    fn client(client: T::Client) -> Self::Client;
}

/// What a host can name to [`dispense`](crate::Session::dispense): a [`Plugin`], or what stands for
/// one, as `dyn Store` does for an interface.
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no plugin",
    label = "not a plugin, and not an interface",
    note = "name a type that implements `Plugin`, or `dyn Trait` of a trait with `#[pintle::interface]`"
)]
pub trait Dispense {
    /// The plugin it stands for.
    type Plugin: Plugin;
}

impl<P: Plugin> Dispense for P {
    type Plugin = P;
}

/// What a plugin's process can be given to serve: a [`Plugin`], or what makes one, as an
/// implementation of an interface does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no plugin",
    label = "not a plugin",
    note = "write `#[pintle::plugin]` on its implementation of the interface: `#[pintle::plugin] impl Store for {Self}`"
)]
pub trait IntoPlugin {
    /// The plugin it makes.
    type Plugin: Plugin;

    /// Makes it.
    fn into_plugin(self) -> Self::Plugin;
}

impl<P: Plugin> IntoPlugin for P {
    type Plugin = P;

    fn into_plugin(self) -> P {
        self
    }
}

/// The transports a [`Plugin`] works over.
pub struct Bindings<P: Plugin> {
    list: Vec<Binding<P>>,
}

struct Binding<P: Plugin> {
    transport: TypeId,
    serve: fn(&P, &mut dyn Any),
    client: MakeClient<P>,
}

/// Makes the client from the transport's `Client`, which comes without its type.
pub(crate) type MakeClient<P> = fn(Box<dyn Any + Send>) -> <P as Plugin>::Client;

impl<P: Plugin> Bindings<P> {
    /// Adds a transport.
    #[must_use]
    pub fn over<T: Transport>(mut self) -> Self
    where
        P: PluginOver<T>,
    {
        self.list.push(Binding {
            transport: TypeId::of::<T>(),
            serve: serve::<T, P>,
            client: client::<T, P>,
        });
        self
    }

    fn all() -> Self {
        P::transports(Self { list: Vec::new() })
    }

    fn find(transport: TypeId) -> Option<Binding<P>> {
        Self::all()
            .list
            .into_iter()
            .find(|binding| binding.transport == transport)
    }
}

/// Why the downcasts below cannot fail.
const SAME: &str = "a binding is looked up by its transport's type";

fn serve<T: Transport, P: PluginOver<T>>(plugin: &P, server: &mut dyn Any) {
    plugin.serve(server.downcast_mut::<T::Server>().expect(SAME));
}

fn client<T: Transport, P: PluginOver<T>>(client: Box<dyn Any + Send>) -> P::Client {
    P::client(*client.downcast::<T::Client>().expect(SAME))
}

impl<P: Plugin> fmt::Debug for Bindings<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bindings")
            .field("plugin", &P::NAME)
            .finish_non_exhaustive()
    }
}

/// Whether `P` has a client over the transport, and how to make it.
pub(crate) fn client_over<P: Plugin>(transport: TypeId) -> Option<MakeClient<P>> {
    Bindings::<P>::find(transport).map(|binding| binding.client)
}

/// The plugins of one protocol version, by name.
#[derive(Clone, Default)]
pub struct PluginSet {
    plugins: BTreeMap<&'static str, Arc<dyn AnyPlugin>>,
}

impl PluginSet {
    /// A set without plugins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a plugin; it replaces one of the same name.
    #[must_use]
    pub fn plugin<P: IntoPlugin>(mut self, plugin: P) -> Self {
        let plugin = Arc::new(plugin.into_plugin());
        self.plugins.insert(P::Plugin::NAME, plugin);
        self
    }

    /// The names of the plugins, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.plugins.keys().copied()
    }

    pub(crate) fn serve<T: Transport>(
        &self,
        transport: &T,
        server: &mut T::Server,
    ) -> Result<(), NotOver> {
        for (plugin, any) in &self.plugins {
            transport.begin_plugin(server, plugin);
            if !any.serve(TypeId::of::<T>(), server) {
                return Err(NotOver {
                    plugin,
                    transport: type_name::<T>(),
                });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for PluginSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A plugin was to be served over a transport it does not list.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "plugin `{plugin}` does not work over `{transport}`: implement PluginOver for it and list it in Plugin::transports"
)]
pub struct NotOver {
    plugin: &'static str,
    transport: &'static str,
}

trait AnyPlugin: Send + Sync {
    /// False when the plugin does not work over the transport.
    fn serve(&self, transport: TypeId, server: &mut dyn Any) -> bool;
}

impl<P: Plugin> AnyPlugin for P {
    fn serve(&self, transport: TypeId, server: &mut dyn Any) -> bool {
        let Some(binding) = Bindings::<P>::find(transport) else {
            return false;
        };
        (binding.serve)(self, server);
        true
    }
}
