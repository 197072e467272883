//! The environment a plugin is given: an allow-list, what the user set, and the handshake.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use crate::handshake::env::is_for_us_alone;

/// The variables every plugin inherits unless the host says otherwise: where
/// programs and temporary files are, who the user is, language and time zone.
///
/// An entry that ends in `*` stands for every name that begins so.
pub const INHERITED_ENVIRONMENT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_*",
    "TZ",
    "TMPDIR",
    "TMP",
    "TEMP",
    "XDG_RUNTIME_DIR",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SystemRoot",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PATHEXT",
];

/// The user's choice. `Debug` tells no value: it may be a secret.
#[derive(Clone, Default)]
pub(super) struct Environment {
    inherited: Inherited,
    names: Vec<OsString>,
    set: BTreeMap<OsString, OsString>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Inherited {
    #[default]
    Usual,
    All,
    Named,
}

impl Environment {
    pub(super) fn set(&mut self, name: OsString, value: OsString) {
        self.set.insert(name, value);
    }

    pub(super) fn inherit(&mut self, names: impl Iterator<Item = OsString>) {
        self.names.extend(names);
    }

    pub(super) fn inherit_all(&mut self) {
        self.inherited = Inherited::All;
    }

    pub(super) fn clear(&mut self) {
        self.inherited = Inherited::Named;
    }

    /// The plugin's environment, given the host's own and the variables of the handshake.
    ///
    /// Later ones win: inherited, set by the user, handshake. The variables of
    /// the handshake are never inherited: the host may be a plugin itself, and
    /// what its own host told it is not meant for its plugins.
    pub(super) fn build(
        &self,
        own: impl Iterator<Item = (OsString, OsString)>,
        cookie_key: &str,
        handshake: Vec<(String, OsString)>,
    ) -> Vec<(OsString, OsString)> {
        let mut all: BTreeMap<OsString, OsString> =
            own.filter(|(name, _)| self.inherits(name)).collect();
        all.extend(self.set.clone());
        all.retain(|name, _| !is_for_us_alone(name, cookie_key));
        all.extend(
            handshake
                .into_iter()
                .map(|(name, value)| (name.into(), value)),
        );
        all.into_iter().collect()
    }

    /// The names of what [`build`](Self::build) gives, the handshake's apart, in order.
    pub(super) fn names(&self, cookie_key: &str) -> Vec<OsString> {
        let built = self.build(std::env::vars_os(), cookie_key, Vec::new());
        built.into_iter().map(|(name, _)| name).collect()
    }

    fn inherits(&self, name: &OsStr) -> bool {
        match self.inherited {
            Inherited::All => true,
            Inherited::Usual if is_usual(name) => true,
            Inherited::Usual | Inherited::Named => self.names.iter().any(|n| n == name),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("inherited", &self.inherited)
            .field("names", &self.names)
            .field("set", &self.set.keys().collect::<Vec<_>>())
            .finish()
    }
}

fn is_usual(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    INHERITED_ENVIRONMENT
        .iter()
        .any(|usual| match usual.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => *usual == name,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> impl Iterator<Item = (OsString, OsString)> {
        [
            ("PATH", "/bin"),
            ("LC_ALL", "C"),
            ("SECRET", "s3cret"),
            ("PLUGIN_CLIENT_CERT", "of our own host"),
            ("COOKIE", "of our own host"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .into_iter()
    }

    #[track_caller]
    fn check(environment: &Environment, expected: &[&str]) {
        let handshake = vec![("COOKIE".to_owned(), "ours".into())];
        let built: Vec<_> = environment
            .build(own(), "COOKIE", handshake)
            .into_iter()
            .map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect();
        assert_eq!(built, expected);
    }

    #[test]
    fn only_the_usual_variables_are_inherited() {
        check(
            &Environment::default(),
            &["COOKIE=ours", "LC_ALL=C", "PATH=/bin"],
        );
    }

    #[test]
    fn inheriting_all_still_keeps_back_our_own_handshake() {
        let mut environment = Environment::default();
        environment.inherit_all();
        check(
            &environment,
            &["COOKIE=ours", "LC_ALL=C", "PATH=/bin", "SECRET=s3cret"],
        );
    }

    #[test]
    fn debug_of_a_host_and_of_a_command_tells_names_and_no_values() {
        let handshake = crate::handshake::Handshake::new("KEY", "value");
        let host = crate::Host::new(handshake).env("PASSWORD", "hunter2");
        let command = host.command("plugin").env("TOKEN", "hunter3");
        let shown = format!("{host:?} {command:?}");
        assert!(shown.contains("PASSWORD") && shown.contains("TOKEN"));
        assert!(!shown.contains("hunter"), "{shown}");
    }

    #[test]
    fn what_the_user_set_wins_over_what_is_inherited_but_not_over_the_handshake() {
        let mut environment = Environment::default();
        environment.clear();
        environment.inherit(["PATH".into(), "SECRET".into()].into_iter());
        environment.set("PATH".into(), "/opt".into());
        for name in [
            "COOKIE",
            "PLUGIN_CLIENT_CERT",
            "PLUGIN_UNIX_SOCKET_DIR",
            "PINTLE_LIFELINE",
        ] {
            environment.set(name.into(), "stolen".into());
        }
        check(&environment, &["COOKIE=ours", "PATH=/opt", "SECRET=s3cret"]);
    }
}
