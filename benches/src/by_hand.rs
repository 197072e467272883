//! The same without `#[pintle::interface]`: each transport's own generated code, and the adapters
//! written out.

#[cfg(feature = "grpc")]
pub mod grpc;
#[cfg(feature = "tarpc")]
pub mod tarpc;

use pintle::{Bindings, BoxError, Bytes, Plugin, Session};

/// A plugin that answers what it is asked.
#[derive(Debug)]
pub struct EchoPlugin;

impl Plugin for EchoPlugin {
    const NAME: &'static str = "by-hand";
    type Client = Echo;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        #[cfg(feature = "grpc")]
        let on = on.over::<pintle::Grpc>();
        #[cfg(feature = "tarpc")]
        let on = on.over::<pintle::Tarpc>();
        on
    }
}

/// What it is called through.
#[derive(Clone, Debug)]
pub enum Echo {
    /// tonic's client.
    #[cfg(feature = "grpc")]
    Grpc(grpc::Client),
    /// tarpc's client.
    #[cfg(feature = "tarpc")]
    Tarpc(tarpc::Client),
}

impl Echo {
    /// The client of a plugin that has [`EchoPlugin`].
    ///
    /// # Errors
    /// When it has not.
    pub async fn of(session: &Session) -> Result<Self, BoxError> {
        Ok(session.dispense::<EchoPlugin>().await?)
    }

    /// The same bytes.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn echo(&self, payload: Bytes) -> Result<Bytes, BoxError> {
        match self {
            #[cfg(feature = "grpc")]
            Self::Grpc(client) => grpc::echo(client, payload).await,
            #[cfg(feature = "tarpc")]
            Self::Tarpc(client) => tarpc::echo(client, payload).await,
        }
    }
}
