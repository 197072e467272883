//! Byte streams by id: over a call and raw, opened by either side, with TLS and without.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use pintle::grpc::tonic::Status;
use pintle::grpc::{BrokerError, GrpcServer};
use pintle::{Broker, ByteStream, EndReason, Grpc, Host, Session, SessionClosed};
use pintle_testkit::pb::{Empty, Manner, OpenStreamRequest, StreamTask};
use pintle_testkit::{Echo, EchoService, World, exchange, read_sequence, write_sequence};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::{ROGUE, launch_over};

const MIB: u64 = 1024 * 1024;

/// Long enough for what is done at once, short enough to wait for.
const SHORT: Duration = Duration::from_millis(300);

/// How long anything may take that should not fail, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of the ways in which two sides can have a stream.
struct Way {
    session: Session,
    echo: Echo,
    name: String,
    host_opens: bool,
}

/// Runs a test in each of the eight ways.
async fn in_every_way(test: impl AsyncFn(&Way)) {
    let world = World::new(ROGUE);
    for (mode, grpc) in [("over a call", Grpc), ("raw", Grpc.multiplexed())] {
        for (tls, host) in [
            ("with TLS", world.host()),
            ("without TLS", world.host().plaintext()),
        ] {
            let (session, echo) = launch_over(&world, &host, "well", grpc.clone()).await;
            for (opener, host_opens) in [("host", true), ("plugin", false)] {
                let way = Way {
                    session: session.clone(),
                    echo: echo.clone(),
                    name: format!("{mode}, {tls}, opened by the {opener}"),
                    host_opens,
                };
                let told = timeout(PATIENCE, test(&way)).await;
                told.unwrap_or_else(|_| panic!("{}: it took too long", way.name));
            }
            drop(session);
        }
    }
}

/// As a task of no length.
fn task(manner: Manner) -> StreamTask {
    StreamTask {
        manner: manner.into(),
        bytes: 0,
    }
}

impl Way {
    /// The host's end of a stream whose other end the plugin treats as told.
    async fn stream(&self, task: StreamTask) -> ByteStream {
        // The same for every transport.
        let broker: &dyn Broker = &self.echo.broker;
        let mut calls = self.echo.calls.clone();
        if self.host_opens {
            let id = calls.offer_stream(task).await.unwrap().into_inner().id;
            return broker.stream(id).await.unwrap();
        }
        let offer = broker.offer().await.unwrap();
        let request = OpenStreamRequest {
            id: offer.id(),
            task: Some(task),
        };
        let (stream, opened) = tokio::join!(offer.accept(), calls.open_stream(request));
        opened.unwrap();
        stream.unwrap()
    }

    /// What became of the plugin's end.
    async fn outcome(&self) -> String {
        outcome(&self.echo).await.unwrap()
    }
}

async fn outcome(echo: &Echo) -> Result<String, Status> {
    let outcome = echo.calls.clone().await_stream(Empty {}).await?;
    Ok(String::from_utf8(outcome.into_inner().bytes).unwrap())
}

#[tokio::test]
async fn bytes_are_exact_in_both_directions_at_once() {
    in_every_way(async |way| {
        let bytes = 5 * MIB + 12_345;
        let task = StreamTask {
            manner: Manner::Exchange.into(),
            bytes,
        };
        let stream = way.stream(task).await;
        let exchanged = exchange(stream, bytes).await;
        exchanged.unwrap_or_else(|error| panic!("{}: {error}", way.name));
        assert_eq!(way.outcome().await, "exchanged", "{}", way.name);
    })
    .await;
}

#[tokio::test]
async fn a_quarter_of_a_gibibyte_passes_both_ways_at_once_in_bounded_memory() {
    let world = World::new(ROGUE);
    for grpc in [Grpc, Grpc.multiplexed()] {
        let host = world.host().plaintext();
        let (session, echo) = launch_over(&world, &host, "well", grpc).await;
        let bytes = 256 * MIB;
        let task = StreamTask {
            manner: Manner::Exchange.into(),
            bytes,
        };
        let offered = echo.calls.clone().offer_stream(task).await.unwrap();
        let stream = echo.broker.stream(offered.into_inner().id).await.unwrap();
        exchange(stream, bytes).await.unwrap();
        assert_eq!(outcome(&echo).await.unwrap(), "exchanged");
        let holdings = echo.calls.clone().holdings(Empty {}).await.unwrap();
        let peak = holdings.into_inner().peak_bytes;
        assert!(peak < 160 * MIB, "the plugin had {} MiB", peak / MIB);
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn each_direction_ends_by_itself() {
    in_every_way(async |way| {
        let mut stream = way.stream(task(Manner::Repeat)).await;
        stream.write_all(b"to the end").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"to the end", "{}", way.name);
        assert_eq!(way.outcome().await, "repeated 10", "{}", way.name);
        assert!(stream.write_all(b"more").await.is_err(), "{}", way.name);

        // The other way round: the plugin ends first and goes on reading.
        let mut stream = way.stream(task(Manner::Count)).await;
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "{}", way.name);
        write_sequence(&mut stream, MIB).await.unwrap();
        assert_eq!(
            way.outcome().await,
            format!("counted {MIB}"),
            "{}",
            way.name
        );
    })
    .await;
}

#[tokio::test]
async fn a_side_that_does_not_read_stops_the_other_from_writing() {
    in_every_way(async |way| {
        let mut stream = way.stream(task(Manner::Hold)).await;
        let piece = vec![0; 256 * 1024];
        let mut written = 0;
        while let Ok(wrote) = timeout(SHORT * 3, stream.write(&piece)).await {
            written += wrote.unwrap() as u64;
            assert!(written < 64 * MIB, "{}: nothing stops it", way.name);
        }
        // The plugin's other calls do not suffer.
        way.session.ping().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stream_dropped_before_its_end_fails_at_the_other_side_and_never_ends_well() {
    in_every_way(async |way| {
        let mut stream = way.stream(task(Manner::Drop)).await;
        stream.write_all(b"x").await.unwrap();
        assert_eq!(way.outcome().await, "dropped", "{}", way.name);
        let error = stream.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{}", way.name);
        let failed = async { while stream.write_all(&[0; 1024]).await.is_ok() {} };
        timeout(PATIENCE, failed).await.unwrap();

        // The other way round.
        let mut stream = way.stream(task(Manner::Repeat)).await;
        stream.write_all(b"half a message").await.unwrap();
        stream.flush().await.unwrap();
        let mut repeated = [0; 14];
        stream.read_exact(&mut repeated).await.unwrap();
        drop(stream);
        let outcome = way.outcome().await;
        assert!(
            outcome.starts_with("ConnectionReset: "),
            "{}: {outcome}",
            way.name
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_written_before_the_end_arrives_though_the_stream_is_dropped() {
    in_every_way(async |way| {
        let mut stream = way.stream(task(Manner::Count)).await;
        write_sequence(&mut stream, 3 * MIB).await.unwrap();
        drop(stream);
        let counted = format!("counted {}", 3 * MIB);
        assert_eq!(way.outcome().await, counted, "{}", way.name);
    })
    .await;
}

#[tokio::test]
async fn a_read_given_up_loses_no_bytes() {
    in_every_way(async |way| {
        let task = StreamTask {
            manner: Manner::Exchange.into(),
            bytes: MIB,
        };
        let (mut read, write) = tokio::io::split(way.stream(task).await);
        let writing = tokio::spawn(write_sequence(write, MIB));
        let mut all = Vec::new();
        let mut piece = [0; 4096];
        loop {
            // Most are given up before there is anything to read.
            let reading = timeout(Duration::from_micros(20), read.read(&mut piece));
            match reading.await {
                Ok(Ok(0)) => break,
                Ok(length) => all.extend_from_slice(&piece[..length.unwrap()]),
                Err(_) => {}
            }
        }
        read_sequence(&all[..], MIB).await.unwrap();
        writing.await.unwrap().unwrap();
        assert_eq!(way.outcome().await, "exchanged", "{}", way.name);
    })
    .await;
}

#[tokio::test]
async fn many_streams_at_once_are_not_mixed_up() {
    in_every_way(async |way| {
        let streams = (0..32).map(async |number: u64| {
            let bytes = 10_000 * number;
            let task = StreamTask {
                manner: Manner::Exchange.into(),
                bytes,
            };
            exchange(way.stream(task).await, bytes).await
        });
        for exchanged in join_all(streams).await {
            exchanged.unwrap_or_else(|error| panic!("{}: {error}", way.name));
        }
        for _ in 0..32 {
            assert_eq!(way.outcome().await, "exchanged", "{}", way.name);
        }
    })
    .await;
}

/// Launches with short deadlines of the broker on the host's side.
async fn impatient(world: &World, host: &Host, grpc: Grpc) -> (Session, Echo) {
    let grpc = grpc.broker_accept_timeout(SHORT).broker_dial_timeout(SHORT);
    launch_over(world, host, "well", grpc).await
}

#[tokio::test]
async fn an_offer_that_nobody_opens_ends_at_its_deadline() {
    let world = World::new(ROGUE);
    for grpc in [Grpc, Grpc.multiplexed()] {
        let (session, echo) = impatient(&world, &world.host(), grpc).await;
        let offer = echo.broker.offer_stream().await.unwrap();
        let begin = Instant::now();
        let error = offer.accept().await.unwrap_err();
        assert!(begin.elapsed() >= SHORT / 2);
        let error = error.downcast::<BrokerError>().unwrap();
        assert!(
            matches!(*error, BrokerError::NotDialled { after: SHORT, .. }),
            "{error:?}"
        );
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_offer_is_opened_once_and_not_after_it_was_taken_back() {
    let world = World::new(ROGUE);
    // Where a knock asks for it, the other side can say that it is gone; else it says nothing.
    let ways = [
        (Grpc, "did not accept broker id ID within 300ms"),
        (
            Grpc.multiplexed(),
            "refused broker id ID: nobody accepts this id any more",
        ),
    ];
    for (grpc, words) in ways {
        let (session, echo) = launch_over(&world, &world.host(), "well dial-ms=300", grpc).await;
        let offer = echo.broker.offer_stream().await.unwrap();
        let request = OpenStreamRequest {
            id: offer.id(),
            task: Some(task(Manner::Hold)),
        };
        let mut calls = echo.calls.clone();
        let (stream, opened) = tokio::join!(offer.accept(), calls.open_stream(request));
        let (_stream, _) = (stream.unwrap(), opened.unwrap());
        let again = calls.open_stream(request).await.unwrap_err();
        let words = words.replace("ID", &request.id.to_string());
        assert_eq!(again.message(), format!("the other side {words}"));

        let offer = echo.broker.offer_stream().await.unwrap();
        let id = offer.id();
        drop(offer);
        let request = OpenStreamRequest { id, ..request };
        calls.open_stream(request).await.unwrap_err();
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_id_that_serves_something_else_is_no_stream() {
    let world = World::new(ROGUE);
    let (session, echo) = launch_over(&world, &world.host(), "well", Grpc).await;
    let service = EchoService::new(echo.broker.clone());
    let fill = |server: &mut GrpcServer| {
        server.add(service.into_server());
    };
    let served = echo.broker.serve(fill).await.unwrap();
    let request = OpenStreamRequest {
        id: served.id(),
        task: Some(task(Manner::Repeat)),
    };
    echo.calls.clone().open_stream(request).await.unwrap();
    let expected = format!(
        "ConnectionRefused: broker id {} is not a byte stream that can be opened",
        served.id()
    );
    let outcome = outcome(&echo).await.unwrap();
    assert!(outcome.starts_with(&expected), "{outcome}");
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_session_killed_mid_stream_is_the_reason_of_its_errors() {
    in_every_way(async |way| {
        // The session is another for each way, for none survives.
        let world = World::new(ROGUE);
        let host = match way.session.is_secure() {
            true => world.host(),
            false => world.host().plaintext(),
        };
        let grpc = match way.name.starts_with("raw") {
            true => Grpc.multiplexed(),
            false => Grpc,
        };
        let (session, echo) = launch_over(&world, &host, "well", grpc).await;
        let way = Way {
            session: session.clone(),
            echo,
            name: way.name.clone(),
            host_opens: way.host_opens,
        };
        let (mut read, _write) = tokio::io::split(way.stream(task(Manner::Hold)).await);
        let (_read, mut write) = tokio::io::split(way.stream(task(Manner::Hold)).await);
        let reading = tokio::spawn(async move { read.read(&mut [0]).await });
        let writing = tokio::spawn(async move {
            loop {
                write.write_all(&[0; 64 * 1024]).await?;
            }
            #[expect(unreachable_code, reason = "it tells the type")]
            std::io::Result::Ok(0)
        });
        tokio::time::sleep(SHORT).await;
        let closed = session.kill().await;
        assert_eq!(closed.reason(), EndReason::Killed);
        for (what, failing) in [("read", reading), ("write", writing)] {
            let error = timeout(PATIENCE, failing).await.unwrap().unwrap();
            let error = error.unwrap_err();
            let closed = SessionClosed::of(&error)
                .unwrap_or_else(|| panic!("{}: a {what} failed with {error:?}", way.name));
            assert_eq!(closed.reason(), EndReason::Killed);
        }
    })
    .await;
}
