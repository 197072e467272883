//! A transport that keeps to the handshake, TLS included, and to nothing after it.

use std::future::pending;
use std::sync::Arc;

use pintle::transport::{
    HostLink, Incoming, Listener, Multiplexing, PluginLink, Stream, Transports,
};
use pintle::{Bindings, BoxError, Grpc, Plugin, PluginOver, Protocol, Tarpc, Transport};
use pintle_mux::{Config, Session};
use pintle_testkit::conformance::{Conformance, Misbehaving, Misdeed, Peer, roomy_tarpc};
use pintle_testkit::{Step, Vice};
use tokio::io::AsyncWriteExt;

use super::calls::CUT;
use super::{grpc, tarpc};

/// A transport with a vice.
pub(super) struct Foul<T> {
    within: T,
    vice: Vice,
    speak: Tongue,
}

/// What is spoken on a connection.
#[derive(Clone, Copy)]
enum Tongue {
    Grpc,
    Tarpc,
}

impl Foul<Grpc> {
    pub(super) fn grpc(vice: Vice) -> Transports {
        Self {
            within: Grpc,
            vice,
            speak: Tongue::Grpc,
        }
        .into()
    }
}

impl Foul<Tarpc> {
    pub(super) fn tarpc(vice: Vice) -> Self {
        Self {
            within: roomy_tarpc(),
            vice,
            speak: Tongue::Tarpc,
        }
    }
}

impl<T: Transport> Transport for Foul<T> {
    type Server = T::Server;
    type Client = T::Client;
    type Connection = T::Connection;

    fn protocol(&self) -> Protocol {
        self.within.protocol()
    }

    fn alpn(&self) -> &'static [&'static [u8]] {
        self.within.alpn()
    }

    fn multiplexing(&self) -> Multiplexing {
        self.within.multiplexing()
    }

    async fn connect(&self, link: HostLink) -> Result<T::Connection, BoxError> {
        self.within.connect(link).await
    }

    fn server(&self, link: &PluginLink) -> T::Server {
        self.within.server(link)
    }

    fn begin_plugin(&self, server: &mut T::Server, plugin: &'static str) {
        self.within.begin_plugin(server, plugin);
    }

    async fn serve(
        &self,
        server: T::Server,
        link: PluginLink,
        listener: Listener,
    ) -> Result<(), BoxError> {
        if self.vice.step() == Step::Wire {
            return self.listen(link, listener).await;
        }
        tokio::select! {
            served = self.within.serve(server, link.clone(), listener) => served,
            () = CUT.notified() => {
                link.tasks.stop();
                pending().await
            }
        }
    }
}

impl<T> Foul<T> {
    async fn listen(&self, link: PluginLink, listener: Listener) -> Result<(), BoxError> {
        loop {
            tokio::select! {
                incoming = listener.accept() => {
                    tokio::spawn(connection(self.vice, self.speak, link.clone(), incoming));
                }
                () = link.shutdown.wait() => return Ok(()),
            }
        }
    }
}

async fn connection(
    vice: Vice,
    speak: Tongue,
    link: PluginLink,
    incoming: Incoming,
) -> Result<(), BoxError> {
    match (vice, speak) {
        (Vice::GarblesTheSocket, _) => garble(incoming.into_bare()).await,
        (Vice::HangsUp, _) => {
            drop(incoming);
            Ok(())
        }
        (_, Tongue::Grpc) if link.multiplexed => {
            let connection = incoming.into_bare();
            let (session, driver) = Session::server(connection, Config::default());
            tokio::spawn(driver);
            let first = session.accept().await.ok_or("the host is gone")?;
            let main = link.net.incoming(Stream::new(first)).secure().await?;
            within(vice, speak, main, Some(session)).await
        }
        _ => within(vice, speak, incoming.secure().await?, None).await,
    }
}

async fn within(
    vice: Vice,
    speak: Tongue,
    stream: Stream,
    trunk: Option<Session>,
) -> Result<(), BoxError> {
    match (vice, speak) {
        (Vice::GarblesTheStream, _) => garble(stream).await,
        (Vice::HangsUpWithin, _) => Ok(()),
        (Vice::DeafWithin, _) => {
            let _stream = stream;
            pending().await
        }
        (_, Tongue::Grpc) => grpc::speak(vice, stream, trunk).await,
        (_, Tongue::Tarpc) => tarpc::speak(vice, stream).await,
    }
}

async fn garble(mut stream: Stream) -> Result<(), BoxError> {
    let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    stream.write_all(answer).await?;
    stream.flush().await?;
    // The host is to be done with it by itself.
    pending().await
}

/// The suite's plugin over these transports.
pub(super) struct Rascal(Misbehaving);

impl Rascal {
    pub(super) fn new(misdeed: Misdeed) -> Self {
        Self(Misbehaving::new(misdeed))
    }
}

impl Plugin for Rascal {
    const NAME: &'static str = Conformance::NAME;
    type Client = Arc<dyn Peer>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Foul<Grpc>>().over::<Foul<Tarpc>>()
    }
}

impl<T: Transport> PluginOver<Foul<T>> for Rascal
where
    Misbehaving: PluginOver<T>,
    Conformance: PluginOver<T>,
{
    fn serve(&self, server: &mut T::Server) {
        self.0.serve(server);
    }

    fn client(client: T::Client) -> Arc<dyn Peer> {
        <Conformance as PluginOver<T>>::client(client)
    }
}
