//! A token as it is written: go-plugin's fields by their names, and ours beside them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Reattach;
use crate::excerpt::{LIMIT_CHARS, excerpt};
use crate::handshake::{BadProtocol, Protocol, ProtocolVersion};
use crate::net::{Address, AddressError};
use crate::runner::Birth;
use crate::security::Keys;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Token {
    /// Go's hosts take an empty one for `netrpc`.
    #[serde(default)]
    protocol: String,
    /// Older writers leave it out, and Go's hosts look at it in test mode only.
    #[serde(default)]
    protocol_version: u32,
    #[serde(default)]
    pid: i64,
    #[serde(default)]
    test: bool,
    addr: Addr,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    birth: Option<Birth>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    multiplexed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    socket_dir: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keys: Option<Keys>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Addr {
    network: String,
    string: String,
}

/// Why a token is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadToken {
    #[error("its address cannot be used: {0}")]
    Address(#[from] AddressError),
    #[error("its transport cannot be used: {0}")]
    Protocol(#[from] BadProtocol),
    #[error("{0} is not the number of a process")]
    Pid(i64),
}

impl TryFrom<Token> for Reattach {
    type Error = BadToken;

    fn try_from(token: Token) -> Result<Self, BadToken> {
        let protocol = match &*token.protocol {
            "" => Protocol::NETRPC,
            word => word.parse()?,
        };
        let pid = match token.pid {
            // Go writes a zero where the process is not one it can signal.
            0 => None,
            pid => Some(
                u32::try_from(pid)
                    .ok()
                    .filter(|pid| i32::try_from(*pid).is_ok())
                    .ok_or(BadToken::Pid(pid))?,
            ),
        };
        Ok(Self {
            protocol,
            version: ProtocolVersion::new(token.protocol_version),
            pid,
            test: token.test,
            address: Address::parse(&token.addr.network, &token.addr.string)?,
            program: token.program.as_deref().map(name),
            birth: token.birth,
            multiplexed: token.multiplexed,
            socket_dir: token.socket_dir,
            keys: token.keys,
        })
    }
}

/// A program's name made fit for messages. A name that was made so stays as it is, however often
/// its token is written and read.
fn name(program: &str) -> String {
    excerpt(program).chars().take(LIMIT_CHARS).collect()
}

impl From<Reattach> for Token {
    fn from(token: Reattach) -> Self {
        Self {
            protocol: token.protocol.as_str().to_owned(),
            protocol_version: token.version.get(),
            pid: token.pid.map_or(0, i64::from),
            test: token.test,
            addr: Addr {
                network: token.address.network().to_owned(),
                string: token.address.to_string(),
            },
            program: token.program,
            birth: token.birth,
            multiplexed: token.multiplexed,
            socket_dir: token.socket_dir,
            keys: token.keys,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As Terraform's plugin SDK prints it.
    const OF_GO: &str = r#"{"registry.terraform.io/acme/store":{"Protocol":"grpc","ProtocolVersion":5,"Pid":3382870,"Test":true,"Addr":{"Network":"unix","String":"/tmp/plugin713096927"}}}"#;

    fn read(value: serde_json::Value) -> Result<Reattach, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_go_program_prints_for_tf_reattach_providers_is_read_and_written_alike() {
        let tokens: std::collections::BTreeMap<String, Reattach> =
            serde_json::from_str(OF_GO).unwrap();
        let token = &tokens["registry.terraform.io/acme/store"];
        assert_eq!(token.version(), ProtocolVersion::new(5));
        assert_eq!((token.pid(), token.is_test()), (Some(3382870), true));
        assert_eq!(serde_json::to_string(&tokens).unwrap(), OF_GO);
    }

    #[test]
    fn a_token_that_makes_no_sense_is_refused_by_name() {
        let check = |field: &str, value: serde_json::Value, expected: &str| {
            let mut token = json!({
                "Protocol": "grpc", "Pid": 1, "Addr": {"Network": "unix", "String": "/tmp/a"},
            });
            token[field] = value;
            let error = read(token).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check("Pid", json!(-1), "-1 is not the number of a process");
        check("Pid", json!(1_u64 << 40), "is not the number of a process");
        check("Protocol", json!("GRPC|"), "its transport cannot be used");
        check(
            "Addr",
            json!({"Network": "pipe", "String": "a"}),
            "its address cannot be used",
        );
        assert!(read(json!({"Protocol": "grpc"})).is_err());
    }

    #[test]
    fn a_token_without_a_word_is_go_s_net_rpc() {
        let token = read(json!({"Addr": {"Network": "tcp", "String": "127.0.0.1:1"}})).unwrap();
        assert_eq!(*token.protocol(), Protocol::NETRPC);
        assert_eq!(token.pid(), None);
    }
}
