//! Readers, writers and streams over the transports themselves.

#![cfg(any(feature = "grpc", feature = "tarpc"))]
#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use pintle_core::{
    Bindings, BoxError, BoxFuture, Broker, Pieces, Plugin, PluginOver, PluginSet, Session,
    SessionClosed, StreamOffer, Tasks, Transport, in_process,
};
use pintle_interface::flow::{
    DEFAULT_MAX_ITEM_BYTES, Item, Reader, Stream, Writer, lend_reader, lend_stream, lend_writer,
    pipe, take_reader, take_stream, take_writer,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Far longer than anything takes that is not stuck.
const PATIENCE: Duration = Duration::from_secs(25);

/// A plugin that gives both sides of its session nothing but their brokers.
#[derive(Clone, Default)]
struct Brokers {
    plugin: Arc<Mutex<Option<Arc<dyn Broker>>>>,
}

impl Plugin for Brokers {
    const NAME: &'static str = "brokers";
    type Client = Arc<dyn Broker>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        #[cfg(feature = "grpc")]
        let on = on.over::<pintle_grpc::Grpc>();
        #[cfg(feature = "tarpc")]
        let on = on.over::<pintle_tarpc::Tarpc>();
        on
    }
}

#[cfg(feature = "grpc")]
impl PluginOver<pintle_grpc::Grpc> for Brokers {
    fn serve(&self, server: &mut pintle_grpc::GrpcServer) {
        *self.plugin.lock().unwrap() = Some(Arc::new(server.broker().clone()));
    }

    fn client(client: pintle_grpc::GrpcClient) -> Self::Client {
        Arc::new(client.broker().clone())
    }
}

#[cfg(feature = "tarpc")]
impl PluginOver<pintle_tarpc::Tarpc> for Brokers {
    fn serve(&self, server: &mut pintle_tarpc::TarpcServer) {
        use pintle_tarpc::tarpc::{ServerError, context::Context};
        *self.plugin.lock().unwrap() = Some(Arc::new(server.broker().clone()));
        // What nobody serves cannot be dispensed.
        server.add(|_: Context, (): ()| async { Ok::<_, ServerError>(()) });
    }

    fn client(client: pintle_tarpc::TarpcClient) -> Self::Client {
        Arc::new(client.broker().clone())
    }
}

/// A session, and the broker of either side.
struct World {
    session: Session,
    host: Arc<dyn Broker>,
    plugin: Arc<dyn Broker>,
}

impl World {
    async fn over(transport: impl Transport) -> Self {
        let brokers = Brokers::default();
        let set = PluginSet::new().plugin(brokers.clone());
        let session = in_process(set, transport).await.unwrap();
        let host = session.dispense::<Brokers>().await.unwrap();
        let plugin = brokers.plugin.lock().unwrap().clone().unwrap();
        Self {
            session,
            host,
            plugin,
        }
    }

    /// The two sides, lender first, in either order.
    fn both_ways(&self) -> [(&dyn Broker, &dyn Broker); 2] {
        let (host, plugin) = (&*self.host, &*self.plugin);
        [(host, plugin), (plugin, host)]
    }
}

async fn lent_reader(reader: Reader, lender: &dyn Broker, borrower: &dyn Broker) -> Reader {
    let lent = lend_reader(reader, lender).await.unwrap();
    let taken = take_reader(lent.id, borrower).await.unwrap();
    lent.guard.detach();
    taken
}

async fn lent_writer(writer: Writer, lender: &dyn Broker, borrower: &dyn Broker) -> Writer {
    let lent = lend_writer(writer, lender).await.unwrap();
    let taken = take_writer(lent.id, borrower).await.unwrap();
    lent.guard.detach();
    taken
}

async fn lent_stream(
    values: Stream<Number>,
    lender: &dyn Broker,
    borrower: &dyn Broker,
) -> Stream<Number> {
    let lent = lend_stream(values, lender).await.unwrap();
    let taken = take_stream(lent.id, borrower, DEFAULT_MAX_ITEM_BYTES).await;
    lent.guard.detach();
    taken.unwrap()
}

#[derive(Debug, PartialEq)]
struct Number(u64);

impl Item for Number {
    fn encoded_len(&self) -> usize {
        8
    }

    fn encode(&self, to: &mut Pieces) {
        to.put_slice(&self.0.to_be_bytes());
    }

    fn decode(from: Bytes) -> Result<Self, BoxError> {
        Ok(Self(u64::from_be_bytes(from[..].try_into()?)))
    }
}

/// Bytes that show where they are from.
fn sequence(length: usize) -> Vec<u8> {
    let bytes = (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9) >> 13) as u8);
    bytes.collect()
}

async fn bytes_cross_both_ways_at_once(world: World) {
    for (lender, borrower) in world.both_ways() {
        let wanted = sequence(8_000_003);
        let (mut writer, source) = pipe();
        let (sink, mut back) = pipe();
        let mut reader = lent_reader(source, lender, borrower).await;
        let mut sink = lent_writer(sink, lender, borrower).await;
        let write = async {
            writer.write_all(&wanted).await?;
            writer.shutdown().await
        };
        let repeat = async {
            tokio::io::copy(&mut reader, &mut sink).await?;
            sink.shutdown().await
        };
        let mut found = Vec::new();
        let read = back.read_to_end(&mut found);
        tokio::try_join!(write, repeat, read).unwrap();
        assert!(found == wanted);
    }
}

async fn errors_cross(world: World) {
    for (lender, borrower) in world.both_ways() {
        let (writer, source) = pipe();
        let mut reader = lent_reader(source, lender, borrower).await;
        let full = || io::Error::new(ErrorKind::StorageFull, "no space left");
        writer.fail(full()).await;
        let error = reader.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "no space left");

        let sink = Writer::new(Fails(full));
        let mut writer = lent_writer(sink, lender, borrower).await;
        let error = loop {
            if let Err(error) = writer.write_all(&[0; 1000]).await {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "no space left");
    }
}

async fn the_source_is_dropped_when_the_reader_is(world: World) {
    for (lender, borrower) in world.both_ways() {
        let (mut writer, source) = pipe();
        let reader = lent_reader(source, lender, borrower).await;
        drop(reader);
        while writer.write_all(&[0; 1000]).await.is_ok() {}
    }
}

async fn values_cross(world: World) {
    for (lender, borrower) in world.both_ways() {
        let source = Stream::new(stream::iter((0..100_000).map(Number)));
        let mut stream = lent_stream(source, lender, borrower).await;
        let mut wanted = 0;
        while let Some(found) = stream.next().await {
            assert_eq!(found.unwrap(), Number(wanted));
            wanted += 1;
        }
        assert_eq!(wanted, 100_000);
    }
}

async fn flows_that_are_over_leave_no_task(world: World) {
    for (lender, borrower) in world.both_ways().repeat(5) {
        let mut reader = lent_reader(Reader::new(&b"whole"[..]), lender, borrower).await;
        reader.read_to_string(&mut String::new()).await.unwrap();
        let mut writer = lent_writer(Writer::new(tokio::io::sink()), lender, borrower).await;
        writer.shutdown().await.unwrap();
        let source = Stream::new(stream::iter([Number(1)]));
        let mut stream = lent_stream(source, lender, borrower).await;
        while stream.next().await.is_some() {}
        // And one of each that is not read or written to its end.
        drop(lent_reader(Reader::new(tokio::io::repeat(7)), lender, borrower).await);
        drop(lent_writer(Writer::new(tokio::io::sink()), lender, borrower).await);
        let endless = Stream::new(stream::pending());
        drop(lent_stream(endless, lender, borrower).await);
    }
    // That were sixty flows. The session itself has tasks, too, some of which come later.
    let count = || world.host.tasks().count() + world.plugin.tasks().count();
    while count() > 15 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn the_reason_of_a_lost_session_is_found_in_every_error(world: World) {
    let reason = world.session.kill().await;
    let lost = &Lost { reason };
    let mut reader = take_reader(1, lost).await.unwrap();
    let mut writer = take_writer(2, lost).await.unwrap();
    let mut stream: Stream<Number> = take_stream(3, lost, 8).await.unwrap();
    let error = reader.read(&mut [0; 8]).await.unwrap_err();
    assert!(SessionClosed::of(&error).is_some(), "{error:?}");
    let error = writer.shutdown().await.unwrap_err();
    assert!(SessionClosed::of(&error).is_some(), "{error:?}");
    let error = stream.next().await.unwrap().unwrap_err();
    assert!(SessionClosed::of(&error).is_some(), "{error:?}");
}

/// The broker of a session that was lost with its streams open: they say why, as they must.
#[derive(Debug)]
struct Lost {
    reason: SessionClosed,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("the session of the stream has ended")]
struct SessionEnded(#[source] SessionClosed);

impl Broker for Lost {
    fn offer(&self) -> BoxFuture<'_, Result<StreamOffer, BoxError>> {
        Box::pin(async { Err(SessionEnded(self.reason.clone()).into()) })
    }

    fn stream(&self, _: u32) -> BoxFuture<'_, Result<pintle_core::Stream, BoxError>> {
        let ended = SessionEnded(self.reason.clone());
        let fails = Fails(move || io::Error::new(ErrorKind::ConnectionReset, ended.clone()));
        let both = tokio::io::join(fails.clone(), fails);
        Box::pin(async { Ok(pintle_core::Stream::new(both)) })
    }

    fn tasks(&self) -> Tasks {
        Tasks::new()
    }
}

/// A stream or a sink that fails whatever it is asked.
#[derive(Clone)]
struct Fails<F>(F);

impl<F: Fn() -> io::Error> AsyncRead for Fails<F> {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(self.0()))
    }
}

impl<F: Fn() -> io::Error> AsyncWrite for Fails<F> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(self.0()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(self.0()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(self.0()))
    }
}

macro_rules! over {
    ($name:ident, $feature:literal, $transport:expr) => {
        #[cfg(feature = $feature)]
        mod $name {
            use super::*;

            over!(@ $transport,
                bytes_cross_both_ways_at_once
                errors_cross
                the_source_is_dropped_when_the_reader_is
                values_cross
                flows_that_are_over_leave_no_task
                the_reason_of_a_lost_session_is_found_in_every_error
            );
        }
    };
    (@ $transport:expr, $($test:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let test = super::$test(World::over($transport).await);
            tokio::time::timeout(PATIENCE, test).await.expect("stuck");
        })*
    };
}

over!(grpc, "grpc", pintle_grpc::Grpc::default());
over!(tarpc, "tarpc", pintle_tarpc::Tarpc::default());
