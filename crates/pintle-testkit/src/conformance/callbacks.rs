//! Callbacks: what one side serves under an id, the other calls.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;

use super::{Ask, CallError, Conformant, Mount, PATIENCE};

/// Many at once, each under an id of its own.
pub async fn the_plugin_calls_what_the_host_serves(mount: &Mount) {
    let mounted = mount.launch().await;
    let side = mounted.peer.side();
    let call_back = async |number: u32| {
        let served = side.serve(Conformant::new(Arc::clone(&side))).await;
        let served = served.expect("the session lives");
        let bytes = Bytes::copy_from_slice(&number.to_be_bytes());
        let answer = mounted.ask(Ask::CallBack(served.id(), bytes.clone())).await;
        assert_eq!(answer, bytes);
    };
    join_all((0..20).map(call_back)).await;
    mounted.close().await;
}

/// The other way round, through the same broker.
pub async fn the_host_calls_what_the_plugin_serves(mount: &Mount) {
    let mounted = mount.launch().await;
    let side = mounted.peer.side();
    for text in ["one", "two"] {
        let id = Ask::id(&mounted.ask(Ask::Serve).await);
        let served = side.dial(id).await.expect("it is served");
        let answer = served.ask(Ask::Repeat(text.into()), PATIENCE).await;
        assert_eq!(answer.expect("it is served"), text);
        let error = served.ask(Ask::Fail(text.into()), PATIENCE).await;
        assert!(
            matches!(&error, Err(CallError::Failed(said)) if said == text),
            "{error:?}"
        );
    }
    mounted.close().await;
}

/// To whoever dials it too late, an error is told in bounded time.
pub async fn an_id_that_is_not_served_any_more_is_refused(mount: &Mount) {
    let mounted = mount.launch().await;
    let side = mounted.peer.side();
    let served = side.serve(Conformant::new(Arc::clone(&side))).await;
    let served = served.expect("the session lives");
    let id = served.id();
    drop(served);
    let error = mounted
        .ask_in_vain(Ask::CallBack(id, Bytes::new()), PATIENCE)
        .await;
    assert!(matches!(error, CallError::Failed(_)), "{error:?}");
    mounted.still_answers().await;
    mounted.close().await;
}
