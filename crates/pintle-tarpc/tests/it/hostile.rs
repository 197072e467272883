//! A host that does not keep to the protocol, against a plugin that goes on serving.

use std::time::Duration;

use pintle_core::{HostLink, PluginSet, Session, in_process};
use pintle_mux::{Config, Session as Mux, Stream};
use pintle_tarpc::{Bytes, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::common::{ProbePlugin, Spy, TIME};

async fn served() -> (Session, HostLink) {
    let spy = Spy::default();
    let set = PluginSet::new().plugin(ProbePlugin::default());
    let session = in_process(set, spy.clone()).await.unwrap();
    let link = spy.link();
    (session, link)
}

/// The plugin still answers the host it has.
async fn still_served(session: &Session) {
    let (probe, _) = session.dispense::<ProbePlugin>().await.unwrap();
    probe.echo(within(TIME), Bytes::new()).await.unwrap();
}

async fn multiplexed(link: &HostLink) -> (Mux, Vec<Stream>) {
    let stream = link.net.dial(&link.address).await.unwrap();
    let (mux, driver) = Mux::client(stream, Config::default());
    tokio::spawn(driver);
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(mux.open().await.unwrap());
    }
    (mux, streams)
}

async fn hello(control: &mut Stream, text: &str) -> String {
    control.write_u32_le(text.len() as u32).await.unwrap();
    control.write_all(text.as_bytes()).await.unwrap();
    let length = control.read_u32_le().await.unwrap();
    let mut answer = vec![0; length as usize];
    control.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_connection_that_is_not_multiplexed_is_closed() {
    let (session, link) = served().await;
    let mut stream = link.net.dial(&link.address).await.unwrap();
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    let mut rest = Vec::new();
    let ended = timeout(TIME, stream.read_to_end(&mut rest)).await;
    let _ = ended.expect("the plugin closes it");
    still_served(&session).await;
}

#[tokio::test]
async fn a_hello_that_is_none_ends_its_connection() {
    let (session, link) = served().await;
    let (mux, mut streams) = multiplexed(&link).await;
    streams[0].write_all(b"\x05\0\0\0hello").await.unwrap();
    timeout(TIME, mux.closed())
        .await
        .expect("the plugin closes it");
    still_served(&session).await;
}

#[tokio::test]
async fn a_hello_longer_than_any_ends_its_connection() {
    let (session, link) = served().await;
    let (mux, mut streams) = multiplexed(&link).await;
    streams[0].write_all(&u32::MAX.to_le_bytes()).await.unwrap();
    timeout(TIME, mux.closed())
        .await
        .expect("the plugin closes it");
    still_served(&session).await;
}

#[tokio::test]
async fn a_host_without_a_codec_in_common_hears_why() {
    let (_session, link) = served().await;
    let (_mux, mut streams) = multiplexed(&link).await;
    let text = r#"{"version":1,"codecs":["cbor"],"max_message_bytes":1,"max_calls":1}"#;
    assert_eq!(
        hello(&mut streams[0], text).await,
        r#"{"refused":"no codec in common: this plugin has bincode, postcard"}"#
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed_in_time() {
    let (session, link) = served().await;
    let (mux, _streams) = multiplexed(&link).await;
    timeout(Duration::from_secs(60), mux.closed())
        .await
        .expect("the plugin closes it");
    still_served(&session).await;
}
