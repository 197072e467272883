//! The control stream: the hello, then calls about the session itself.
//!
//! ```text
//! host   → {"version":1,"codecs":["bincode","postcard"],"max_message_bytes":8388608,"max_calls":256}
//! plugin → {"version":1,"codec":"bincode","max_message_bytes":8388608,"max_calls":256}
//!       or {"refused":"why"}
//! ```
//!
//! Each hello is one frame of JSON, so that what a later version adds is passed over by an earlier
//! one. The host offers codecs in order of preference and the plugin chooses; each side says how
//! long a value it accepts, and how many calls of one stream it works on at a time. The version is the host's newest, and the plugin answers with the
//! newest it has up to that. Afterwards the stream carries calls of [`Control`].

use std::future::Future;

use pintle_core::BoxError;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::codec::Codec;
use crate::error::TarpcError;
use crate::failure::shown;
use crate::frame;
use crate::messages::Wire;

/// The newest version of the session's protocol.
const VERSION: u32 = 1;

/// The longest hello, in bytes.
const MAX_HELLO_BYTES: usize = 64 * 1024;

/// How many calls of one stream are sent ahead of their answers, whatever the peer allows.
const MOST_CALLS: usize = 4096;

/// How many names a refusal lists.
const MAX_NAMES: usize = 64;

/// What a host asks of the plugin process as such.
#[tarpc::service]
pub(crate) trait Control {
    /// The broker id under which the plugin of that name is served to this call's sender.
    async fn dispense(plugin: String) -> Result<u32, NotOffered>;
    /// Nothing; that it answers is the answer.
    async fn ping();
    /// Asks the plugin to end itself.
    async fn shutdown();
}

/// Why a plugin is not dispensed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum NotOffered {
    /// There is none of that name; these there are.
    Unknown { offered: Vec<String> },
    /// It could not be served.
    Unserved { reason: String },
}

impl NotOffered {
    pub(crate) fn unknown<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let offered = names.take(MAX_NAMES).map(str::to_owned).collect();
        Self::Unknown { offered }
    }

    /// As the host tells it.
    pub(crate) fn into_error(self, plugin: &str) -> TarpcError {
        match self {
            Self::Unknown { offered } => TarpcError::NotOffered {
                plugin: plugin.to_owned(),
                offered: offered
                    .iter()
                    .take(MAX_NAMES)
                    .map(|name| shown(name))
                    .collect(),
            },
            Self::Unserved { reason } => TarpcError::Refused {
                reason: shown(&reason),
            },
        }
    }
}

/// What one side brings to the hello.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) codecs: Vec<Codec>,
    pub(crate) max_message_bytes: usize,
    pub(crate) max_calls: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct HostHello {
    version: u32,
    codecs: Vec<String>,
    max_message_bytes: u64,
    max_calls: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum PluginHello {
    Agreed {
        version: u32,
        codec: String,
        max_message_bytes: u64,
        max_calls: u64,
    },
    Refused {
        refused: String,
    },
}

/// Host side: offers terms, and gives what the plugin made of them.
pub(crate) async fn offer(
    control: &mut (impl AsyncRead + AsyncWrite + Unpin),
    terms: &Terms,
) -> Result<Wire, TarpcError> {
    let hello = HostHello {
        version: VERSION,
        codecs: terms
            .codecs
            .iter()
            .map(|codec| codec.name().to_owned())
            .collect(),
        max_message_bytes: terms.max_message_bytes as u64,
        max_calls: terms.max_calls as u64,
    };
    send(control, &hello).await?;
    match receive(control).await? {
        PluginHello::Agreed {
            version: VERSION,
            codec,
            max_message_bytes,
            max_calls,
        } => match Codec::by_name(&codec).filter(|codec| terms.codecs.contains(codec)) {
            Some(codec) => Ok(terms.with(codec, max_message_bytes, max_calls)),
            None => Err(unusable(format!("the codec {codec:?} was not offered"))),
        },
        PluginHello::Agreed { version, .. } => {
            Err(unusable(format!("version {version} was not offered")))
        }
        PluginHello::Refused { refused } => Err(TarpcError::Refused {
            reason: shown(&refused),
        }),
    }
}

/// Plugin side: hears a host's terms and answers. `admit`, asked if the terms are good, may refuse
/// it, with a reason.
///
/// `None` for a host that was refused.
pub(crate) async fn answer<A>(
    control: &mut (impl AsyncRead + AsyncWrite + Unpin),
    terms: &Terms,
    admit: impl Future<Output = Result<A, String>>,
) -> Result<(Wire, A), TarpcError> {
    let hello: HostHello = receive(control).await?;
    let chosen = match choose(&hello, terms) {
        Ok(codec) => admit.await.map(|admitted| (codec, admitted)),
        Err(reason) => Err(reason),
    };
    match chosen {
        Ok((codec, admitted)) => {
            let agreed = PluginHello::Agreed {
                version: VERSION,
                codec: codec.name().to_owned(),
                max_message_bytes: terms.max_message_bytes as u64,
                max_calls: terms.max_calls as u64,
            };
            send(control, &agreed).await?;
            Ok((
                terms.with(codec, hello.max_message_bytes, hello.max_calls),
                admitted,
            ))
        }
        Err(reason) => {
            let refused = reason.clone();
            send(control, &PluginHello::Refused { refused }).await?;
            Err(TarpcError::Refused { reason })
        }
    }
}

/// The first of the host's codecs that is here.
fn choose(hello: &HostHello, terms: &Terms) -> Result<Codec, String> {
    if hello.version < VERSION {
        return Err(format!("version {VERSION} is the oldest this plugin has"));
    }
    let mut wished = hello.codecs.iter().filter_map(|name| Codec::by_name(name));
    wished
        .find(|codec| terms.codecs.contains(codec))
        .ok_or_else(|| {
            let names: Vec<_> = terms.codecs.iter().map(|codec| codec.name()).collect();
            format!("no codec in common: this plugin has {}", names.join(", "))
        })
}

impl Terms {
    fn with(&self, codec: Codec, peer_max_bytes: u64, peer_max_calls: u64) -> Wire {
        let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Wire {
            codec,
            send_bytes: self.max_message_bytes.min(size(peer_max_bytes)),
            receive_bytes: self.max_message_bytes,
            calls: size(peer_max_calls).clamp(1, MOST_CALLS),
        }
    }
}

fn send<T: Serialize>(
    to: &mut (impl AsyncWrite + Unpin),
    hello: &T,
) -> impl Future<Output = Result<(), TarpcError>> {
    let text = serde_json::to_vec(hello);
    async move {
        let text = text.map_err(|error| TarpcError::Hello(error.into()))?;
        Ok(frame::write(to, &text).await?)
    }
}

async fn receive<T: for<'de> Deserialize<'de>>(
    from: &mut (impl AsyncRead + Unpin),
) -> Result<T, TarpcError> {
    let text = frame::read(from, MAX_HELLO_BYTES).await?;
    serde_json::from_slice(&text).map_err(|error| TarpcError::Hello(error.into()))
}

fn unusable(what: String) -> TarpcError {
    TarpcError::Hello(BoxError::from(what))
}

#[cfg(test)]
mod tests;
