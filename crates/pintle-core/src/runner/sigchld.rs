//! Sees to it that a child that has ended waits to be waited for.
//!
//! A process that ignores SIGCHLD, and a program inherits that from who started it, has its children
//! taken from it as they end: it never learns how, and their numbers may be others' at once.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use super::StartError;

/// Ends the ignoring of SIGCHLD, for the whole process. To be called before a child is started.
///
/// # Errors
/// A [`StartError`] inside, when the host ignores it though that had been ended before.
pub(super) fn heed() -> io::Result<()> {
    let was_ignored = is_ignored();
    // Installed once for the process, and only once. Nobody has to listen: a signal that is handled
    // is not ignored, and has its default action in every program that is started.
    let _ = signal(SignalKind::child())?;
    if !was_ignored {
        return Ok(());
    }
    if is_ignored() {
        return Err(io::Error::other(StartError::SigchldIgnored));
    }
    tracing::warn!(
        "SIGCHLD was ignored, and is no longer: who ignores it cannot know when a plugin ends"
    );
    Ok(())
}

/// Whether this process ignores SIGCHLD, as far as the system tells.
#[cfg(target_os = "linux")]
fn is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    let bit = SignalKind::child().as_raw_value() - 1;
    ignored.is_some_and(|set| set >> bit & 1 == 1)
}

/// There is no way to ask without `unsafe`.
#[cfg(not(target_os = "linux"))]
fn is_ignored() -> bool {
    false
}
