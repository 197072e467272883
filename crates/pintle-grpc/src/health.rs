//! The health service: how a Go host pings.

use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::health_reporter;

/// The name go-plugin's host asks for.
pub(crate) const SERVICE: &str = "plugin";

pub(crate) async fn service() -> HealthServer<impl Health> {
    let (reporter, service) = health_reporter();
    reporter
        .set_service_status("", ServingStatus::Serving)
        .await;
    reporter
        .set_service_status(SERVICE, ServingStatus::Serving)
        .await;
    service
}
