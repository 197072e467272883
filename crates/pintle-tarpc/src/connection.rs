//! The host's end of a session over tarpc.

use std::fmt;
use std::future::Future;

use pintle_core::{BoxError, Connection, HostLink, StdioChannel, Stream};
use tarpc::client::RpcError;
use tokio_util::sync::CancellationToken;

use crate::broker::TarpcBroker;
use crate::client::{Channel, Lost, TarpcClient, within};
use crate::control::{self, ControlClient, ControlRequest, ControlResponse};
use crate::envelope::MAX_CALL_TIME;
use crate::error::TarpcError;
use crate::transport::Settings;
use crate::{multiplex, stdio};

/// A host's connection to its plugin.
pub struct TarpcConnection {
    control: ControlClient<Channel<ControlRequest, ControlResponse>>,
    broker: TarpcBroker,
    over: CancellationToken,
}

impl TarpcConnection {
    pub(crate) async fn open(settings: Settings, link: HostLink) -> Result<Self, TarpcError> {
        let stream = link.net.dial(&link.address).await?;
        let mux = multiplex::client(stream, &settings, &link.tasks);
        // In this order: it is how the plugin tells them apart.
        let mut control = mux.open().await?;
        let (stdout, stderr) = (mux.open().await?, mux.open().await?);
        let wire = control::offer(&mut control, &settings.terms()).await?;

        for (stream, channel) in [
            (stdout, StdioChannel::Stdout),
            (stderr, StdioChannel::Stderr),
        ] {
            let output = link.output.clone();
            link.outputs.spawn(stdio::follow(stream, channel, output));
        }
        let lost = Lost::new(mux.over.clone(), Some(link.ended.clone()));
        let control = Channel::open(Stream::new(control), wire, &link.tasks, lost.clone());
        let broker = TarpcBroker::new(settings, link.tasks.clone());
        broker.attach(mux.session.clone(), wire, lost);
        Ok(Self {
            control: ControlClient::from(control),
            broker,
            over: mux.over,
        })
    }
}

impl Connection for TarpcConnection {
    type Client = TarpcClient;

    async fn dispense(&self, plugin: &str) -> Result<TarpcClient, BoxError> {
        let asked = self.control.dispense(
            within(self.broker.settings().dispense_timeout),
            plugin.to_owned(),
        );
        let id = asked
            .await
            .map_err(TarpcError::Call)?
            .map_err(|refused| refused.into_error(plugin))?;
        Ok(self.broker.dial(id).await.map_err(TarpcError::Stream)?)
    }

    /// The caller sets the deadline.
    async fn ping(&self) -> Result<(), BoxError> {
        Ok(self
            .control
            .ping(within(MAX_CALL_TIME))
            .await
            .map_err(TarpcError::Call)?)
    }

    async fn shutdown(&self) -> Result<(), BoxError> {
        self.broker.close();
        match self.control.shutdown(within(MAX_CALL_TIME)).await {
            // The plugin may be gone before its answer is through.
            Ok(()) | Err(RpcError::Shutdown | RpcError::Channel(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn lost(&self) -> impl Future<Output = ()> + Send {
        self.over.clone().cancelled_owned()
    }
}

impl fmt::Debug for TarpcConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TarpcConnection").finish_non_exhaustive()
    }
}
