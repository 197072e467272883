//! Something to be called from the other side.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::interface::{Interface, Serves};
use crate::lent_id::{Lend, LentId};
use crate::link::Link;
use crate::pass::{Lent, Pass, Passing};
use crate::schema::{Carried, Name, Schema};
use crate::served::{ServeById, Served};

/// An implementation of an interface that is handed to the other side, which calls it.
///
/// `Callback<dyn Progress>` as an argument: the caller makes it of anything that implements
/// `Progress`, and the callee gets something that implements `Progress`, too. It lives until the
/// callee drops it, or the session ends; a call that fails takes it back. A clone is another handle
/// to the same implementation.
pub struct Callback<I: Interface + ?Sized> {
    object: Arc<I>,
    service: Arc<dyn ServeById>,
}

impl<I: Interface + ?Sized> Callback<I> {
    /// Lets the other side call `value`.
    pub fn new<T>(value: T) -> Self
    where
        T: Send + Sync + 'static,
        I: Serves<T>,
    {
        Self::shared(Arc::new(value))
    }

    /// Lets the other side call a value that is used elsewhere, too.
    pub fn shared<T>(value: Arc<T>) -> Self
    where
        T: Send + Sync + 'static,
        I: Serves<T>,
    {
        Self {
            object: I::object(Arc::clone(&value)),
            service: Arc::new(Served::<I, T>::shared(value)),
        }
    }
}

impl<I: Interface + ?Sized> Clone for Callback<I> {
    fn clone(&self) -> Self {
        Self {
            object: Arc::clone(&self.object),
            service: Arc::clone(&self.service),
        }
    }
}

impl<I: Interface + ?Sized> Deref for Callback<I> {
    type Target = I;

    fn deref(&self) -> &I {
        &self.object
    }
}

impl<I: Interface + ?Sized> fmt::Debug for Callback<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callback({})", I::NAME)
    }
}

impl<I: Interface + ?Sized> Lend for Callback<I> {
    const MISSING: &'static str = "a callback is missing";

    fn carried(schema: &mut Schema) -> Carried {
        I::define(schema);
        let (package, name) = I::SERVICE.rsplit_once('.').unwrap_or(("", I::SERVICE));
        Carried::Service(Name::new(package, name))
    }
}

impl<I> Pass for Callback<I>
where
    I: Interface + Serves<<I as Interface>::Client> + ?Sized,
{
    type Wire = LentId<Self>;

    fn lend<'a>(self, link: &'a Link, lent: &'a mut Lent) -> Passing<'a, LentId<Self>> {
        Passing::broker(async move {
            let (id, guard) = link.serve(&*self.service).await?;
            lent.add(guard);
            Ok(LentId::new(id))
        })
    }

    fn take(wire: LentId<Self>, link: &Link) -> Passing<'_, Self> {
        let dialled = link.dial::<I>(wire.get());
        Passing::broker(async { Ok(Self::new(dialled.await?)) })
    }
}

impl<I> Pass for Option<Callback<I>>
where
    I: Interface + Serves<<I as Interface>::Client> + ?Sized,
{
    type Wire = Option<LentId<Callback<I>>>;

    fn lend<'a>(self, link: &'a Link, lent: &'a mut Lent) -> Passing<'a, Self::Wire> {
        Passing::maybe(self.map(|callback| callback.lend(link, lent)))
    }

    fn take(wire: Self::Wire, link: &Link) -> Passing<'_, Self> {
        Passing::maybe(wire.map(|wire| Pass::take(wire, link)))
    }
}
