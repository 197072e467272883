//! A plugin without a process.

use std::fmt;
use std::ops::Deref;

use pintle_core::{
    DispenseError, IntoPlugin, LaunchError, Plugin, PluginSet, Session,
    in_process as in_process_over,
};

use crate::transports;

/// Serves a plugin in this very process and gives its client: for unit tests of plugins and of
/// hosts, and for plugins that are built in.
///
/// Everything but the process is as in a launch, over the first of the [transports](crate::transports)
/// that are compiled in: every call goes through the same messages, and what cannot cross a process
/// boundary does not cross here either. [`in_process_over`](crate::in_process_over) takes several plugins, and other
/// transports.
///
/// ```
/// # use pintle::CallError;
/// # #[pintle::interface]
/// # trait Greeter {
/// #     async fn greet(&self, name: String) -> Result<String, CallError>;
/// # }
/// # struct English;
/// # #[pintle::plugin]
/// # impl Greeter for English {
/// #     async fn greet(&self, name: String) -> Result<String, CallError> {
/// #         Ok(format!("Hello, {name}!"))
/// #     }
/// # }
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let greeter = pintle::in_process(English).await?;
/// assert_eq!(greeter.greet("world".into()).await?, "Hello, world!");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`InProcessError`], when the plugin does not work over that transport, say.
pub async fn in_process<P: IntoPlugin>(
    plugin: P,
) -> Result<InProcess<<P::Plugin as Plugin>::Client>, InProcessError> {
    let plugins = PluginSet::new().plugin(plugin);
    let session = in_process_over(plugins, transports()).await?;
    let client = session.dispense::<P::Plugin>().await?;
    Ok(InProcess { client, session })
}

/// A client of a plugin in this process, which ends when this is dropped.
pub struct InProcess<C> {
    client: C,
    session: Session,
}

impl<C> InProcess<C> {
    /// The session, to dispense more of it, or to close it in good order.
    pub fn session(&self) -> &Session {
        &self.session
    }
}

impl<C> Deref for InProcess<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.client
    }
}

impl<C> fmt::Debug for InProcess<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// Why a plugin could not be served in this process.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InProcessError {
    /// It could not be begun.
    #[error("the plugin could not be served in this process")]
    Launch(#[from] LaunchError),
    /// No client of it could be had.
    #[error("no client of the plugin could be had")]
    Dispense(#[from] DispenseError),
}
