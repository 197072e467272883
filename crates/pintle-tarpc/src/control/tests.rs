use std::cell::Cell;

use tokio::io::{AsyncWriteExt, DuplexStream, duplex};

use super::*;

fn terms(codecs: &[Codec], max_message_bytes: usize) -> Terms {
    Terms {
        codecs: codecs.to_vec(),
        max_message_bytes,
        max_calls: 9,
    }
}

async fn meet(host: Terms, plugin: Terms) -> (Result<Wire, TarpcError>, Result<Wire, TarpcError>) {
    let (mut near, mut far) = duplex(1024);
    let (offered, answered) = tokio::join!(
        offer(&mut near, &host),
        answer(&mut far, &plugin, async { Ok(()) })
    );
    (offered, answered.map(|(wire, ())| wire))
}

/// What a plugin answers to a host's hello in these words.
async fn answered(hello: &str) -> String {
    let (mut near, mut far) = duplex(1024);
    let terms = terms(&Codec::ALL, 1000);
    frame::write(&mut near, hello.as_bytes()).await.unwrap();
    let answer = answer(&mut far, &terms, async { Ok(()) }).await;
    drop(far);
    match frame::read(&mut near, MAX_HELLO_BYTES).await {
        Ok(text) => String::from_utf8(text).unwrap(),
        Err(_) => answer.unwrap_err().to_string(),
    }
}

/// What a host makes of a plugin's hello in these words.
async fn taken(hello: &str) -> Result<Wire, TarpcError> {
    let (mut near, mut far) = duplex(1024);
    frame::write(&mut far, hello.as_bytes()).await.unwrap();
    offer(&mut near, &terms(&[Codec::Postcard], 1000)).await
}

#[tokio::test]
async fn the_plugin_takes_the_hosts_first_codec_that_it_has() {
    use Codec::{Bincode, Postcard};
    for (host, plugin, agreed) in [
        (vec![Bincode, Postcard], vec![Postcard, Bincode], Bincode),
        (vec![Postcard, Bincode], vec![Bincode, Postcard], Postcard),
        (vec![Bincode, Postcard], vec![Postcard], Postcard),
    ] {
        let (offered, answered) = meet(terms(&host, 1), terms(&plugin, 1)).await;
        assert_eq!(offered.unwrap().codec, agreed);
        assert_eq!(answered.unwrap().codec, agreed);
    }
}

#[tokio::test]
async fn each_side_sends_no_more_than_the_other_accepts() {
    let (host, plugin) = meet(terms(&Codec::ALL, 100), terms(&Codec::ALL, 30)).await;
    let (host, plugin) = (host.unwrap(), plugin.unwrap());
    assert_eq!((host.send_bytes, host.receive_bytes), (30, 100));
    assert_eq!((plugin.send_bytes, plugin.receive_bytes), (30, 30));
    assert_eq!((host.calls, plugin.calls), (9, 9));
}

#[tokio::test]
async fn sides_without_a_codec_in_common_tell_each_other() {
    let (host, plugin) = meet(terms(&[Codec::Postcard], 1), terms(&[Codec::Bincode], 1)).await;
    let expected = "the other side refused the session: \
                    no codec in common: this plugin has bincode";
    assert_eq!(host.unwrap_err().to_string(), expected);
    assert!(matches!(plugin, Err(TarpcError::Refused { .. })));
}

#[tokio::test]
async fn what_a_newer_host_adds_is_passed_over() {
    let hello = r#"{"version":9,"codecs":["cbor","postcard"],"max_message_bytes":7,"max_calls":3,"new":{"a":1}}"#;
    let expected = r#"{"version":1,"codec":"postcard","max_message_bytes":1000,"max_calls":9}"#;
    assert_eq!(answered(hello).await, expected);
}

#[tokio::test]
async fn what_a_newer_plugin_adds_is_passed_over() {
    let hello = r#"{"version":1,"codec":"postcard","max_message_bytes":7,"max_calls":3,"new":[]}"#;
    assert_eq!(taken(hello).await.unwrap().send_bytes, 7);
}

#[tokio::test]
async fn a_host_from_before_the_first_version_is_told() {
    let hello = r#"{"version":0,"codecs":["bincode"],"max_message_bytes":7,"max_calls":3}"#;
    let expected = r#"{"refused":"version 1 is the oldest this plugin has"}"#;
    assert_eq!(answered(hello).await, expected);
}

#[tokio::test]
async fn an_answer_that_was_not_offered_is_refused() {
    for hello in [
        r#"{"version":1,"codec":"bincode","max_message_bytes":7,"max_calls":3}"#,
        r#"{"version":1,"codec":"cbor","max_message_bytes":7,"max_calls":3}"#,
        r#"{"version":2,"codec":"postcard","max_message_bytes":7,"max_calls":3}"#,
    ] {
        let refused = taken(hello).await.unwrap_err();
        assert!(matches!(refused, TarpcError::Hello(_)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_peer_that_speaks_something_else_is_named() {
    assert_eq!(
        answered("GET / HTTP/1.1").await,
        "the other side does not answer as a pintle peer does"
    );
    let (mut near, mut far) = duplex(1024);
    far.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap();
    let refused = receive::<HostHello>(&mut near).await.unwrap_err();
    assert!(matches!(refused, TarpcError::Hello(_)), "{refused:?}");
}

#[tokio::test]
async fn a_peer_that_hangs_up_is_named() {
    let (mut near, far): (DuplexStream, _) = duplex(1024);
    drop(far);
    let ended = receive::<HostHello>(&mut near).await.unwrap_err();
    assert!(matches!(ended, TarpcError::Ended(_)), "{ended:?}");
}

#[tokio::test]
async fn a_host_that_is_not_admitted_hears_why() {
    let (mut near, mut far) = duplex(1024);
    let (host, plugin) = (terms(&Codec::ALL, 1), terms(&Codec::ALL, 1));
    let asked = Cell::new(false);
    let admit = async {
        asked.set(true);
        Err::<(), _>("another host is connected".to_owned())
    };
    let (offered, _) = tokio::join!(offer(&mut near, &host), answer(&mut far, &plugin, admit));
    assert!(asked.get());
    assert_eq!(
        offered.unwrap_err().to_string(),
        "the other side refused the session: another host is connected"
    );
}
