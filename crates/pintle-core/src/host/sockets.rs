//! The directory of one session's sockets.

use std::io;
use std::path::{Path, PathBuf};

use super::{Host, NetworkChoice};
use crate::error::LaunchFailure;
use crate::net::{Address, NetError};

/// A directory for sockets that goes when the session goes.
///
/// Only its owner can look into it, so no stranger can connect.
#[derive(Debug)]
pub(crate) struct SocketDir {
    dir: Option<tempfile::TempDir>,
}

impl SocketDir {
    /// None, where nothing listens on unix sockets.
    pub(crate) fn none() -> Self {
        Self { dir: None }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.as_path().map(Path::to_owned).unwrap_or_default()
    }

    pub(super) fn as_path(&self) -> Option<&Path> {
        self.dir.as_ref().map(tempfile::TempDir::path)
    }

    /// Leaves the directory where it is, for a plugin that lives on.
    pub(crate) fn keep(self) {
        if let Some(dir) = self.dir {
            let _ = dir.keep();
        }
    }

    /// Removes the directory and whatever a plugin left in it.
    pub(crate) fn remove(self) {
        if let Some(dir) = self.dir
            && let Err(error) = dir.close()
        {
            tracing::warn!(%error, "the directory of a session's sockets could not be removed");
        }
    }
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
        Ok(SocketDir { dir: Some(dir) })
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
