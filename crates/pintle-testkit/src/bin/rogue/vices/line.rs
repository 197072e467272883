//! Handshake lines of one's own.

use std::env::var;
use std::fmt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

/// The line that this plugin's host wants to read, to be spoilt.
pub(super) struct Line {
    pub(super) core: String,
    pub(super) app: String,
    pub(super) network: String,
    pub(super) address: String,
    pub(super) protocol: String,
    pub(super) certificate: String,
    pub(super) multiplex: String,
}

impl Line {
    /// A good one, but that nobody listens.
    pub(super) fn wanted() -> Self {
        let wishes = var("PINTLE_TRANSPORTS").unwrap_or_default();
        let protocol = wishes.split(',').next().unwrap_or_default().to_owned();
        let multiplex = var("PLUGIN_MULTIPLEX_GRPC").map(|asked| format!("|{asked}"));
        let secure = var("PLUGIN_CLIENT_CERT").is_ok();
        Self {
            core: "1".to_owned(),
            app: "1".to_owned(),
            network: "unix".to_owned(),
            address: "/nobody".to_owned(),
            protocol,
            certificate: secure.then(super::identity::of_line).unwrap_or_default(),
            multiplex: multiplex.unwrap_or_default(),
        }
    }

    /// The same at an address where somebody listens.
    pub(super) fn listening() -> (Self, UnixListener) {
        let dir = var("PLUGIN_UNIX_SOCKET_DIR").expect("a host names the directory");
        let path = PathBuf::from(dir).join("rogue");
        let listener = UnixListener::bind(&path).expect("the directory is the session's own");
        let line = Self {
            address: path.display().to_string(),
            ..Self::wanted()
        };
        (line, listener)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            core,
            app,
            network,
            address,
            protocol,
            certificate,
            multiplex,
        } = self;
        write!(
            f,
            "{core}|{app}|{network}|{address}|{protocol}|{certificate}{multiplex}"
        )
    }
}
