//! A gRPC plugin down to its frames, so that it can send what no library would.

use std::future::{pending, poll_fn};

use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use pintle::grpc::pb::conn_info::Knock;
use pintle::grpc::pb::{ConnInfo, StdioData};
use pintle::transport::Stream;
use pintle::{BoxError, Bytes};
use pintle_mux::Session;
use pintle_testkit::Vice;
use pintle_testkit::conformance::Ask;
use pintle_testkit::pb::Encoded;
use prost::Message;
use tokio::io::AsyncWriteExt;

/// Serves one connection of HTTP/2; `trunk` is what it is a stream of, if it is.
pub(super) async fn speak(
    vice: Vice,
    stream: Stream,
    trunk: Option<Session>,
) -> Result<(), BoxError> {
    if vice == Vice::GoesAway {
        return go_away(stream).await;
    }
    let mut connection = h2::server::handshake(stream).await?;
    if vice == Vice::OpensManyStreams
        && let Some(trunk) = trunk
    {
        tokio::spawn(super::tarpc::open_many(trunk));
    }
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted?;
        tokio::spawn(answer(vice, request, respond));
    }
    Ok(())
}

/// The frames of a server that wants nobody, on a connection that stays open.
async fn go_away(mut stream: Stream) -> Result<(), BoxError> {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const GOAWAY: [u8; 9] = [0, 0, 8, 7, 0, 0, 0, 0, 0];
    const NO_STREAM: [u8; 4] = [0; 4];
    const ENHANCE_YOUR_CALM: [u8; 4] = [0, 0, 0, 11];
    let frames = [&SETTINGS[..], &GOAWAY, &NO_STREAM, &ENHANCE_YOUR_CALM].concat();
    stream.write_all(&frames).await?;
    stream.flush().await?;
    pending().await
}

async fn answer(
    vice: Vice,
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
) -> Result<(), BoxError> {
    match request.uri().path() {
        "/plugin.GRPCBroker/StartStream" => broker(vice, respond).await,
        "/plugin.GRPCStdio/StreamStdio" => stdio(vice, respond).await,
        "/plugin.GRPCController/Shutdown" if vice == Vice::NeverShutsDown => pending().await,
        "/plugin.GRPCController/Shutdown" => std::process::exit(0),
        _ => {
            let ask = Encoded::decode(read(request.into_body()).await?)?;
            called(vice, Ask::decode(&ask.bytes)?, respond).await
        }
    }
}

async fn called(vice: Vice, ask: Ask, mut respond: SendResponse<Bytes>) -> Result<(), BoxError> {
    if vice == Vice::ResetsCalls {
        respond.send_reset(Reason::INTERNAL_ERROR);
        return Ok(());
    }
    let mut answer = respond.send_response(headers(), false)?;
    let bytes = match ask {
        Ask::Repeat(bytes) => bytes,
        _ => Bytes::from_static(b"done"),
    };
    match vice {
        Vice::AnswersNonsense => send(&mut answer, message(b"\xff\xff\xff")).await?,
        Vice::AnswersTooLong => {
            send(&mut answer, Bytes::from_static(&[0, 255, 255, 255, 255])).await?;
        }
        Vice::EndsWithoutStatus => {
            let encoded = Encoded { bytes }.encode_to_vec();
            answer.send_data(message(&encoded), true)?;
            return Ok(());
        }
        Vice::AnswersForEver => {
            let bytes = Bytes::from_static(&[7; 16 * 1024]);
            let one = message(&Encoded { bytes }.encode_to_vec());
            loop {
                send(&mut answer, one.clone()).await?;
            }
        }
        Vice::NeverAnswers => pending().await,
        _ => send(&mut answer, message(&Encoded { bytes }.encode_to_vec())).await?,
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    Ok(answer.send_trailers(trailers)?)
}

/// The announcements, and silence after them.
async fn broker(vice: Vice, mut respond: SendResponse<Bytes>) -> Result<(), BoxError> {
    let mut announcing = respond.send_response(headers(), false)?;
    let announcements: Box<dyn Iterator<Item = ConnInfo> + Send> = match vice {
        Vice::AnnouncesUnasked => Box::new((100..200).map(|id| at(id, "unix", "/nobody"))),
        Vice::AnnouncesTwice => {
            let twice = ["/nobody", "/nobody/else"].map(|path| at(7, "unix", path));
            Box::new(twice.into_iter())
        }
        Vice::AnnouncesNowhere => Box::new([at(7, "unix", "/nobody")].into_iter()),
        Vice::AnnouncesNonsense => {
            let long = "a".repeat(10_000);
            let nonsense = [
                at(7, "pipe", "/nobody"),
                at(7, "tcp", "localhost"),
                at(7, "unix", ""),
                at(7, "unix", "/\0\u{1b}[31m"),
                at(7, "unix", &long),
            ];
            Box::new(nonsense.into_iter())
        }
        Vice::FloodsAnnouncements => Box::new((100..100_100).map(|id| at(id, "unix", "/nobody"))),
        Vice::KnocksInVain => Box::new((0..100_000).map(|id| knock(id, false))),
        Vice::AnswersUnaskedKnocks => Box::new((100..10_100).map(|id| knock(id, true))),
        _ => Box::new(std::iter::empty()),
    };
    let mut batch = Vec::new();
    for announcement in announcements {
        batch.extend_from_slice(&message(&announcement.encode_to_vec()));
        if batch.len() > 8 * 1024 {
            send(&mut announcing, std::mem::take(&mut batch).into()).await?;
        }
    }
    send(&mut announcing, batch.into()).await?;
    pending().await
}

fn at(service_id: u32, network: &str, address: &str) -> ConnInfo {
    ConnInfo {
        service_id,
        network: network.to_owned(),
        address: address.to_owned(),
        knock: None,
    }
}

fn knock(service_id: u32, ack: bool) -> ConnInfo {
    ConnInfo {
        service_id,
        knock: Some(Knock {
            knock: true,
            ack,
            error: String::new(),
        }),
        ..ConnInfo::default()
    }
}

async fn stdio(vice: Vice, mut respond: SendResponse<Bytes>) -> Result<(), BoxError> {
    let mut printing = respond.send_response(headers(), false)?;
    match vice {
        Vice::UnknownOutput => {
            for channel in [0, 3, -1, i32::MAX] {
                let data = Bytes::from_static(b"psst");
                let chunk = StdioData { channel, data }.encode_to_vec();
                send(&mut printing, message(&chunk)).await?;
            }
        }
        Vice::BreaksOutput => send(&mut printing, message(b"\xff\xff\xff")).await?,
        _ => {}
    }
    pending().await
}

fn headers() -> Response<()> {
    let response = Response::builder().header("content-type", "application/grpc");
    response.body(()).expect("the header is one")
}

/// A message with the prefix that gRPC gives it.
fn message(bytes: &[u8]) -> Bytes {
    let mut message = vec![0];
    message.extend((bytes.len() as u32).to_be_bytes());
    message.extend_from_slice(bytes);
    message.into()
}

/// Sends as the other side has room.
async fn send(stream: &mut SendStream<Bytes>, mut bytes: Bytes) -> Result<(), BoxError> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let room = poll_fn(|context| stream.poll_capacity(context)).await;
        let room = room.ok_or("the call has ended")??;
        stream.send_data(bytes.split_to(room.min(bytes.len())), false)?;
    }
    Ok(())
}

/// A request's one message.
async fn read(mut body: RecvStream) -> Result<Bytes, BoxError> {
    let mut message = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        message.extend_from_slice(&piece);
    }
    Ok(Bytes::from(message).slice(5..))
}
