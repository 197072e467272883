//! What a plugin says it speaks, against what its host does.

use std::sync::Arc;

use super::Host;
use crate::error::LaunchFailure;
use crate::handshake::{Protocol, ProtocolVersion, VersionMismatch};
use crate::transport::{AnyTransport, Transports};

/// Checks what the plugin chose against what the host accepts.
pub(super) fn agree<'t>(
    host: &Host,
    transports: &'t Transports,
    found: ProtocolVersion,
    protocol: &Protocol,
) -> Result<&'t Arc<dyn AnyTransport>, LaunchFailure> {
    if !host.versions.contains(&found) {
        let offered = host.versions.iter().copied().collect();
        return Err(LaunchFailure::Version(VersionMismatch { offered, found }));
    }
    transports
        .by_protocol(protocol)
        .ok_or_else(|| LaunchFailure::Protocol {
            found: protocol.clone(),
            offered: transports.protocols(),
        })
}
