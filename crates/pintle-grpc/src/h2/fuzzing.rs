//! Whatever comes over a connection of HTTP/2.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pintle_core::Shutdown;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::{Channel, Router, Settings, serve_connection};
use crate::fuzzing::peer::Script;
use crate::{controller, health, reflection};

/// What a host sends to its plugin.
///
/// Serving comes to an end with the peer, every call with it, and not much more is sent than
/// was asked for.
pub fn http2_server(bytes: &[u8]) {
    on_a_paused_clock(async {
        let peer = Script::cut(bytes);
        let told = Arc::clone(&peer.told);
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let settings = Settings::default();
        let served = serve_connection(peer, router().await, &settings, &tasks, &shutdown);
        let _ = served.await;
        tasks.close();
        tasks.wait().await;
        let told = told.load(Ordering::Relaxed);
        let most = bytes.len() * TOLD_FOR_EACH_BYTE + TOLD_ANYWAY;
        assert!(told <= most, "{told} bytes for {}", bytes.len());
    });
}

/// What a plugin answers its host.
///
/// Connecting comes to an end, and so does every call, with an answer or a status.
pub fn http2_client(bytes: &[u8]) {
    on_a_paused_clock(async {
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let lost: super::LostReason = Arc::new(|| Box::pin(std::future::ready(None)));
        let settings = Settings::default();
        let peer = Script::cut(bytes);
        let connected = Channel::connect(peer, &settings, &tasks, cancel, lost).await;
        if let Ok(channel) = connected {
            let mut client = HealthClient::new(channel.clone());
            let mut second = client.clone();
            let asked = || HealthCheckRequest {
                service: health::SERVICE.to_owned(),
            };
            let checked = client.check(asked());
            let watched = async {
                let mut answers = second.watch(asked()).await?.into_inner();
                let mut heard = 0;
                while answers.message().await?.is_some() {
                    heard += 1;
                }
                Ok::<usize, tonic::Status>(heard)
            };
            let (_, watched) = tokio::join!(checked, watched);
            assert!(watched.unwrap_or(0) <= bytes.len());
            channel.closed().await;
        }
        tasks.close();
        tasks.wait().await;
    });
}

async fn router() -> Router {
    let mut router = Router::default();
    let mut added = vec![
        router.add(health::service().await).is_ok(),
        router.add(controller::service(Shutdown::new())).is_ok(),
    ];
    let names: Vec<_> = router.service_names().collect();
    let services = reflection::services(&names, &[]);
    let services = services.expect("our own descriptors");
    added.push(router.add(services.v1).is_ok());
    added.push(router.add(services.v1alpha).is_ok());
    assert!(
        added.into_iter().all(|added| added),
        "one name for two services"
    );
    router
}

fn on_a_paused_clock(task: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing of the system");
    let ended = runtime.block_on(async { tokio::time::timeout(LONG, task).await });
    assert!(ended.is_ok(), "it does not end with its peer");
}

/// Longer than any patience, on a clock that is paused.
const LONG: Duration = Duration::from_secs(3600);

/// Fifty bytes ask for the description of a service.
const TOLD_FOR_EACH_BYTE: usize = 1024;

/// Settings, and the end of the connection.
const TOLD_ANYWAY: usize = 4096;
