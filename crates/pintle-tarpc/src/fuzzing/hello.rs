use super::peer::{Script, finish};
use crate::codec::Codec;
use crate::control::{Terms, answer, offer};
use crate::messages::Wire;

/// What a peer says on the control stream first, to a host and to a plugin.
///
/// Each comes to terms that are within its own, or to an error, and reads no further than the
/// hello; however that is cut.
pub fn hello(bytes: &[u8]) {
    let terms = Terms {
        codecs: Codec::ALL.to_vec(),
        max_message_bytes: MESSAGE_BYTES,
        max_calls: 9,
    };
    let as_host = |mut peer: Script| {
        let offered = finish(offer(&mut peer, &terms));
        (agreed(offered), peer.said)
    };
    let as_plugin = |mut peer: Script| {
        let answered = finish(answer(&mut peer, &terms, async { Ok(()) }));
        (agreed(answered.map(|(wire, ())| wire)), peer.said)
    };
    assert_eq!(as_host(Script::whole(bytes)), as_host(Script::cut(bytes)));
    assert_eq!(
        as_plugin(Script::whole(bytes)),
        as_plugin(Script::cut(bytes))
    );
}

const MESSAGE_BYTES: usize = 1000;

fn agreed(hello: Result<Wire, crate::TarpcError>) -> String {
    match hello {
        Ok(wire) => {
            assert!(wire.send_bytes <= MESSAGE_BYTES && wire.receive_bytes == MESSAGE_BYTES);
            assert!((1..=4096).contains(&wire.calls));
            format!("{wire:?}")
        }
        Err(error) => error.to_string(),
    }
}
