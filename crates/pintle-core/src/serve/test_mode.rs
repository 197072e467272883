//! Serving without having been launched: for a debugger, and for tests of a real host.

use std::fmt;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{Serve, ServeError};
use crate::handshake::env::DEFAULT_PORTS;
use crate::handshake::negotiate;
use crate::host::DEFAULT_CONNECT_TIMEOUT;
use crate::net::{Net, Network, SameView};
use crate::reattach::Reattach;
use crate::runner::Birth;
use crate::security;
use crate::shutdown::Shutdown;
use crate::stdio::StdioSource;
use crate::tasks::Tasks;
use crate::transport::PluginLink;

impl Serve {
    /// Begins to serve without having been launched, as go-plugin's test mode does: start the
    /// plugin by hand, under a debugger for one, and let its host reattach by the
    /// [token](TestMode::token).
    ///
    /// There is no magic cookie to check and no handshake line. The plugin's outputs, its signals
    /// and its stdin stay as they are. The protocol version is the lowest that is offered, and the
    /// transport the first that gives gRPC, or the first. There is no TLS unless
    /// [`tls`](Self::tls) brings it: **every process of the same user can call the plugin.**
    ///
    /// Hosts come and go, and none ends the plugin, unless it asks for it by name.
    ///
    /// Call it inside a tokio runtime; what serves are tasks of it. Dropping the future leaves
    /// nothing.
    ///
    /// # Errors
    /// [`ServeError`], when nothing is offered, or no socket can be made.
    ///
    /// ```no_run
    /// # async fn debug(serve: pintle_core::Serve) -> Result<(), pintle_core::ServeError> {
    /// let plugin = serve.test_mode().await?;
    /// // For OpenTofu and Terraform, whose providers are plugins:
    /// println!("{}", plugin.variable("TF_REATTACH_PROVIDERS", "registry.opentofu.org/acme/store"));
    /// plugin.until_interrupted().await
    /// # }
    /// ```
    pub async fn test_mode(mut self) -> Result<TestMode, ServeError> {
        let served = self.sets.keys().copied().collect();
        let version = negotiate(None, &served).ok_or(ServeError::NoPlugins)?;
        let plugins = self.sets.remove(&version).ok_or(ServeError::NoPlugins)?;
        let transport = Arc::clone(self.transports.choose(None));
        let (security, _) = security::for_plugin(None, self.provider.take()).await?;
        let network = match (self.network, cfg!(unix)) {
            (None, true) => Network::Unix {
                dir: std::env::temp_dir(),
                group: None,
            },
            _ => Network::Tcp {
                ports: DEFAULT_PORTS,
            },
        };
        let net = Net::new(
            network,
            security.with_alpn(transport.alpn()),
            DEFAULT_CONNECT_TIMEOUT,
            Arc::new(SameView),
        );
        let listener = net.listen().await.map_err(ServeError::Listen)?;
        let pid = std::process::id();
        let token = Reattach {
            protocol: transport.protocol(),
            version,
            pid: Some(pid),
            test: true,
            address: listener.address().clone(),
            program: program(),
            birth: Birth::told(pid),
            multiplexed: false,
            socket_dir: None,
            keys: None,
        };
        let (tasks, shutdown) = (Tasks::new(), Shutdown::new());
        let link = PluginLink {
            net,
            tasks: tasks.clone(),
            stdio: StdioSource::default(),
            shutdown: shutdown.clone(),
            shutdown_grace: self.shutdown_grace,
            multiplexed: false,
            outlives_host: true,
        };
        // Asked for outside the task, so that what is wrong with the plugins is told here.
        let (ready, checked) = tokio::sync::oneshot::channel();
        let until = self.until.take();
        let serving = {
            let (tasks, shutdown) = (tasks.clone(), shutdown.clone());
            tokio::spawn(async move {
                let serving = match transport.serve(&plugins, link, listener) {
                    Ok(serving) => serving,
                    Err(error) => {
                        let _ = ready.send(Err(ServeError::NotOver(error)));
                        return Ok(());
                    }
                };
                let _ = ready.send(Ok(()));
                if let Some(until) = until {
                    let shutdown = shutdown.clone();
                    tasks.spawn(async move {
                        until.await;
                        shutdown.trigger();
                    });
                }
                let served = serving.await;
                shutdown.trigger();
                tasks.finish().await;
                served.map_err(ServeError::Transport)
            })
        };
        let mode = TestMode {
            token,
            tasks,
            shutdown,
            serving: Some(serving),
        };
        match checked.await {
            Ok(Ok(())) => Ok(mode),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(mode.ended().await.err().unwrap_or(ServeError::NoPlugins)),
        }
    }
}

/// A plugin that serves without having been launched; see [`Serve::test_mode`].
///
/// Dropping it ends the serving: calls that are open fail.
pub struct TestMode {
    token: Reattach,
    tasks: Tasks,
    shutdown: Shutdown,
    /// `None` once it has been waited for.
    serving: Option<JoinHandle<Result<(), ServeError>>>,
}

impl TestMode {
    /// What a host needs to reattach: [`Host::reattach`](crate::Host::reattach), or in Go
    /// `ClientConfig.Reattach`. It is no secret.
    pub fn token(&self) -> &Reattach {
        &self.token
    }

    /// The variable for a host that reads a map of tokens, by the name of the plugin, from its
    /// environment: `NAME='{"KEY":{…}}'`, ready for a shell.
    #[allow(
        clippy::missing_panics_doc,
        reason = "a token is made of texts and numbers"
    )]
    pub fn variable(&self, name: &str, key: &str) -> String {
        let tokens = std::collections::BTreeMap::from([(key, &self.token)]);
        let json = serde_json::to_string(&tokens).expect("texts and numbers can be written");
        format!("{name}='{}'", json.replace('\'', r"'\''"))
    }

    /// Ends the serving in good order: calls that are open have the
    /// [shutdown grace](Serve::shutdown_grace) to be answered.
    ///
    /// # Errors
    /// [`ServeError::Transport`], when serving has failed.
    pub async fn close(self) -> Result<(), ServeError> {
        self.shutdown.trigger();
        self.ended().await
    }

    /// Serves until Ctrl-C, SIGTERM, or what [`Serve::until`] was given, and ends in good order.
    ///
    /// # Errors
    /// As [`close`](Self::close).
    pub async fn until_interrupted(self) -> Result<(), ServeError> {
        tokio::select! {
            () = self.shutdown.wait() => {}
            told = interrupted() => told.map_err(ServeError::Signals)?,
        }
        self.close().await
    }

    async fn ended(mut self) -> Result<(), ServeError> {
        let Some(serving) = self.serving.take() else {
            return Ok(());
        };
        match serving.await {
            Ok(served) => served,
            Err(stopped) => Err(ServeError::Transport(stopped.into())),
        }
    }
}

impl Drop for TestMode {
    fn drop(&mut self) {
        self.shutdown.trigger();
        if let Some(serving) = self.serving.take() {
            self.tasks.stop();
            serving.abort();
        }
    }
}

impl fmt::Debug for TestMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestMode")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// What this process is called in its hosts' messages.
fn program() -> Option<String> {
    Some(std::env::args_os().next()?.to_string_lossy().into_owned())
}

#[cfg(unix)]
async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        told = tokio::signal::ctrl_c() => told,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn interrupted() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
