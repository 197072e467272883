//! The signals a plugin follows.

use std::io;

use crate::shutdown::Shutdown;
use crate::tasks::Tasks;

/// Ignores SIGINT, which a terminal sends to host and plugin both: the host
/// decides what becomes of the plugin. SIGTERM ends the plugin in good order.
/// SIGPIPE is an error of the write that causes it, also where the program had
/// the default action put back: the host may go before the plugin does. Unlike
/// a signal that is ignored, one that is handled has its default action in
/// every program that the plugin starts.
#[cfg(unix)]
pub(super) fn follow(tasks: &Tasks, shutdown: Shutdown) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    // Once a handler is installed the default action is gone, for good.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let _ = signal(SignalKind::pipe())?;
    tasks.spawn(async move { while interrupt.recv().await.is_some() {} });
    tasks.spawn(async move {
        terminate.recv().await;
        shutdown.trigger();
    });
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn follow(tasks: &Tasks, _: Shutdown) -> io::Result<()> {
    tasks.spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    Ok(())
}
