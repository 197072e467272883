//! What a process was told as a plugin, kept from those that it starts itself.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use super::is_reserved;
use crate::handshake::Handshake;

/// The cookies by which this process was told that it is a plugin.
static COOKIES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

impl Handshake {
    /// Keeps what this plugin's host told it from a process that the plugin starts: removes the
    /// magic cookie, the variables of the handshake (`PLUGIN_CLIENT_CERT` and the like) and all that
    /// begin with `PINTLE_`, inherited or set, from `command`'s environment.
    ///
    /// Without it the process could take itself for a plugin of this host, or hand the variables on
    /// to plugins of its own. [`Host`](crate::Host) does it for the plugins it launches. Call it
    /// last: what is set afterwards stays. Of tokio's `Command` pass `as_std_mut()`.
    ///
    /// ```
    /// # const HANDSHAKE: pintle_core::Handshake = pintle_core::Handshake::new("KEY", "value");
    /// let mut command = std::process::Command::new("git");
    /// HANDSHAKE.scrub(&mut command);
    /// ```
    pub fn scrub(&self, command: &mut Command) {
        let inherited = std::env::vars_os().map(|(name, _)| name);
        let set = command.get_envs().map(|(name, _)| name.to_owned());
        let names: Vec<OsString> = inherited.chain(set).collect();
        for name in names {
            if is_for_us_alone(&name, self.cookie_key()) {
                command.env_remove(name);
            }
        }
    }
}

/// Remembers that this process is a plugin by this cookie.
pub(crate) fn remember_cookie(key: &'static str) {
    let mut cookies = COOKIES.lock().unwrap_or_else(PoisonError::into_inner);
    cookies.insert(key);
}

/// Whether `name` is a variable of a handshake: of the one with this cookie, or of one by which this
/// process is a plugin itself.
pub(crate) fn is_for_us_alone(name: &OsStr, cookie_key: &str) -> bool {
    // Every such name is ASCII.
    let Some(name) = name.to_str() else {
        return false;
    };
    let cookies = COOKIES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut keys = cookies.iter().copied().chain([cookie_key]);
    keys.any(|key| is_reserved(name, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANDSHAKE: Handshake = Handshake::new("SCRUB_COOKIE", "value");

    #[test]
    fn what_is_for_the_plugin_alone_is_taken_from_what_it_starts() {
        let mut command = Command::new("true");
        for name in [
            "SCRUB_COOKIE",
            "PLUGIN_CLIENT_CERT",
            "PLUGIN_UNIX_SOCKET_DIR",
            "PINTLE_LIFELINE",
            "PINTLE_OF_TOMORROW",
            "PLUGIN_OF_THE_USER",
            "LANG",
        ] {
            command.env(name, "set");
        }
        HANDSHAKE.scrub(&mut command);
        let left = command
            .get_envs()
            .filter_map(|(name, value)| value.and(Some(name)));
        assert_eq!(left.collect::<Vec<_>>(), ["LANG", "PLUGIN_OF_THE_USER"]);
    }

    #[test]
    fn the_cookie_of_every_handshake_that_is_served_here_is_for_us_alone() {
        let outer = OsStr::new("SCRUB_OUTER_COOKIE");
        assert!(!is_for_us_alone(outer, "SCRUB_COOKIE"));
        remember_cookie("SCRUB_OUTER_COOKIE");
        assert!(is_for_us_alone(outer, "SCRUB_COOKIE"));
    }
}
