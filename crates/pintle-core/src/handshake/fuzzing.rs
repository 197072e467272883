//! Whatever stands on the handshake line and in the environment.

#![allow(clippy::missing_panics_doc, reason = "a target fails by a panic")]

use std::collections::HashMap;
use std::ffi::OsString;

use super::Handshake;
use super::env::{HostEnv, Lifeline, PluginEnv};
use super::line::HandshakeLine;
use crate::fuzzing::assert_fit_to_print;

/// A handshake line, as a plugin prints it.
///
/// What was read is printed and read again equal, and is not longer than what it says.
pub fn line(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match HandshakeLine::parse(text) {
        Ok(line) => {
            let printed = line.to_string();
            assert!(printed.len() <= text.len() + LONGER_SPELLINGS_BYTES);
            assert_eq!(HandshakeLine::parse(&printed), Ok(line), "{printed:?}");
        }
        Err(error) => assert_fit_to_print(&error),
    }
}

/// A missing host or transport is spelt out.
const LONGER_SPELLINGS_BYTES: usize = 64;

const HANDSHAKE: Handshake = Handshake::new("COOKIE", "value");

/// A plugin's environment, as `/proc/PID/environ` shows it: `NAME=value`, a NUL behind each. Where
/// it has no `COOKIE`, the right one is taken for granted.
///
/// What was read is bounded, and is read again equal from what a host with the same wishes sets.
pub fn environment(bytes: &[u8]) {
    let mut variables = HashMap::from([("COOKIE", os_string(b"value"))]);
    for variable in bytes.split(|byte| *byte == 0) {
        let Some(at) = variable.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        if let Ok(name) = std::str::from_utf8(&variable[..at]) {
            variables.insert(name, os_string(&variable[at + 1..]));
        }
    }
    let env = match PluginEnv::read(&HANDSHAKE, |name| variables.get(name).cloned()) {
        Ok(env) => env,
        Err(error) => return assert_fit_to_print(&error),
    };
    assert!(env.versions.as_ref().is_none_or(|list| list.len() <= 256));
    assert!(env.transports.as_ref().is_none_or(|list| list.len() <= 32));
    assert!(!env.ports.is_empty());
    if let Some((lifeline, _)) = env.lifeline {
        assert!(matches!(lifeline, Lifeline::Stdin | Lifeline::None));
    }
    assert_eq!(read_again(&env), Ok(as_a_host_says_it(env)));
}

fn read_again(env: &PluginEnv) -> Result<PluginEnv, super::env::EnvError> {
    let host = HostEnv {
        handshake: HANDSHAKE,
        versions: env.versions.clone().unwrap_or_default(),
        ports: Some(env.ports.clone()),
        client_cert: env.client_cert.clone(),
        multiplex: env.multiplex.unwrap_or_default(),
        socket_dir: env.socket_dir.clone(),
        socket_group: env.socket_group.clone(),
        transports: env.transports.clone().unwrap_or_default(),
    };
    let variables: HashMap<_, _> = host.into_variables().into_iter().collect();
    PluginEnv::read(&HANDSHAKE, |name| variables.get(name).cloned())
}

/// A host sends no empty list and no refusal, and its lifeline is set elsewhere.
fn as_a_host_says_it(env: PluginEnv) -> PluginEnv {
    PluginEnv {
        versions: env.versions.filter(|list| !list.is_empty()),
        transports: env.transports.filter(|list| !list.is_empty()),
        multiplex: env.multiplex.filter(|multiplex| *multiplex),
        lifeline: None,
        ..env
    }
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
