//! A tarpc plugin down to its frames, so that it can send what no library would.

use std::future::pending;

use pintle::BoxError;
use pintle::transport::Stream;
use pintle_mux::{Config, Session};
use pintle_testkit::Vice;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Serves one connection of many streams, up to the first call on the control stream.
pub(super) async fn speak(vice: Vice, stream: Stream) -> Result<(), BoxError> {
    let (session, driver) = Session::server(stream, Config::default());
    tokio::spawn(driver);
    let mut control = session.accept().await.ok_or("the host is gone")?;
    let _stdout = session.accept().await.ok_or("the host is gone")?;
    let _stderr = session.accept().await.ok_or("the host is gone")?;
    if vice == Vice::GoesAway {
        session.close();
        return pending().await;
    }
    frame(&mut control).await?;
    let hello = br#"{"version":1,"codec":"bincode","max_message_bytes":8388608,"max_calls":256}"#;
    write(&mut control, hello).await?;
    if vice == Vice::OpensManyStreams {
        tokio::spawn(open_many(session.clone()));
    }

    // The first call dispenses: its kind is a byte, its number the eight after it.
    let asked = next_call(&mut control).await?;
    let number = asked.get(1..9).unwrap_or_default();
    match vice {
        Vice::AnswersTooLong => control.write_u32_le(u32::MAX).await?,
        Vice::ResetsCalls => drop(control.shutdown().await),
        Vice::NeverAnswers => {}
        // An answer that has no meaning to its call, after one to nobody's.
        _ => {
            write(&mut control, &[&[ANSWER], &[0xee; 8][..], b"psst"].concat()).await?;
            write(&mut control, &[&[ANSWER], number, &[0xff; 40]].concat()).await?;
        }
    }
    control.flush().await?;

    // The second one asks for the end.
    next_call(&mut control).await?;
    match vice {
        Vice::NeverShutsDown => pending().await,
        _ => std::process::exit(0),
    }
}

const CALL: u8 = 1;
const ANSWER: u8 = 3;

/// Opens more streams than anybody takes, and holds them.
pub(super) async fn open_many(session: Session) {
    let mut streams = Vec::new();
    while streams.len() < 10_000
        && let Ok(stream) = session.open().await
    {
        streams.push(stream);
    }
    pending::<()>().await;
}

/// The next frame that is a call. A host that waits no longer cancels what it has called before.
async fn next_call(control: &mut pintle_mux::Stream) -> Result<Vec<u8>, BoxError> {
    loop {
        let frame = frame(control).await?;
        if frame.first() == Some(&CALL) {
            return Ok(frame);
        }
    }
}

async fn frame(stream: &mut pintle_mux::Stream) -> Result<Vec<u8>, BoxError> {
    let length = stream.read_u32_le().await?;
    let mut frame = vec![0; length as usize];
    stream.read_exact(&mut frame).await?;
    Ok(frame)
}

async fn write(stream: &mut pintle_mux::Stream, frame: &[u8]) -> Result<(), BoxError> {
    stream.write_u32_le(frame.len() as u32).await?;
    stream.write_all(frame).await?;
    Ok(stream.flush().await?)
}
