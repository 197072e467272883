//! The directory of one session's sockets.

use std::io;
use std::path::{Path, PathBuf};

use super::{Host, NetworkChoice};
use crate::error::LaunchFailure;
use crate::net::{Address, NetError, remove_stale};
use crate::runner::{Home, Stay};

/// A directory for sockets that goes when the session goes.
///
/// Only its owner can look into it, so no stranger can connect.
#[derive(Debug)]
pub(crate) struct SocketDir {
    dir: Option<Home>,
    plugin: PluginDir,
}

/// Where the plugin's own sockets are.
#[derive(Debug)]
enum PluginDir {
    /// In the directory of this session.
    Here,
    /// Where an earlier host told it to make them, if that was anywhere in particular.
    Earlier(Option<PathBuf>),
}

impl SocketDir {
    /// None, where nothing listens on unix sockets.
    pub(crate) fn none() -> Self {
        Self {
            dir: None,
            plugin: PluginDir::Here,
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.as_path().map(Path::to_owned).unwrap_or_default()
    }

    pub(super) fn as_path(&self) -> Option<&Path> {
        self.dir.as_ref().map(Home::path)
    }

    /// For the process that makes its sockets there.
    pub(super) fn stay(&self) -> Option<Stay> {
        self.dir.as_ref().map(Home::stay)
    }

    /// For a plugin that has its sockets where an earlier host told it to.
    pub(super) fn of_earlier(mut self, plugin: Option<PathBuf>) -> Self {
        self.plugin = PluginDir::Earlier(plugin);
        self
    }

    /// The directory that the plugin has its own sockets in.
    pub(super) fn of_plugin(&self) -> Option<PathBuf> {
        match &self.plugin {
            PluginDir::Here => self.as_path().map(Path::to_owned),
            PluginDir::Earlier(dir) => dir.clone(),
        }
    }

    /// Leaves the plugin's directory where it is, for a plugin that lives on.
    pub(crate) fn keep(self) {
        match self.plugin {
            PluginDir::Here => drop(self.dir.and_then(Home::take).map(tempfile::TempDir::keep)),
            // It does not know of ours.
            PluginDir::Earlier(_) => remove_own(self.dir),
        }
    }

    /// Removes the directory and whatever a plugin left in it.
    pub(crate) async fn remove(self) {
        // On a thread of its own: a plugin may have left a lot, or a disk not answer.
        let _ = tokio::task::spawn_blocking(|| remove_own(self.dir)).await;
        if let PluginDir::Earlier(Some(dir)) = self.plugin {
            remove_earlier(&dir).await;
        }
    }
}

fn remove_own(dir: Option<Home>) {
    if let Some(dir) = dir.and_then(Home::take)
        && let Err(error) = dir.close()
    {
        tracing::warn!(%error, "the directory of a session's sockets could not be removed");
    }
}

/// At most this many sockets are looked at in a directory that an earlier host made.
const EARLIER_LIMIT: usize = 4096;

/// Removes the directory if nothing is left in it but sockets that nobody listens on: it is known
/// from a token, which must not be a way to have the host remove anything else.
async fn remove_earlier(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten().take(EARLIER_LIMIT) {
        if let Ok(address) = Address::unix(entry.path()) {
            remove_stale(&address).await;
        }
    }
    let _ = std::fs::remove_dir(dir);
}

impl Host {
    pub(super) fn socket_dir_for_session(&self) -> Result<SocketDir, LaunchFailure> {
        let NetworkChoice::Unix { parent } = &self.network else {
            return Ok(SocketDir::none());
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix("pintle-");
        let dir = match parent {
            Some(parent) => builder.tempdir_in(parent),
            None => builder.tempdir(),
        }
        .map_err(LaunchFailure::SocketDir)?;
        // Said now, with the plugin not yet started, rather than by a plugin
        // that cannot tell the host: its socket's name is about this long.
        Address::unix(dir.path().join("plugin1234567890")).map_err(NetError::Address)?;
        self.share_socket_dir(dir.path())
            .map_err(LaunchFailure::SocketDir)?;
        Ok(SocketDir {
            dir: Some(Home::new(dir)),
            plugin: PluginDir::Here,
        })
    }

    /// With a socket group, the plugin may run as another user and must reach the directory.
    #[cfg(unix)]
    fn share_socket_dir(&self, dir: &Path) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        match &self.socket_group {
            Some(group) => crate::net::group::share_dir(dir, group),
            None => std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)),
        }
    }

    #[cfg(not(unix))]
    fn share_socket_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}
