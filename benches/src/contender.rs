//! Which program of those in README.md a host is to be.

use std::str::FromStr;

/// A contender by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contender {
    /// A blocking socket.
    RawBlocking,
    /// A socket of tokio's.
    RawTokio,
    /// pintle.
    Pintle(Way),
}

/// How pintle is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// What it runs over.
    pub over: Over,
    /// Whether with AutoMTLS.
    pub tls: bool,
    /// Whether without `#[pintle::interface]`.
    pub by_hand: bool,
    /// Whether the host's runtime has a thread for each processor.
    pub threads: bool,
}

/// A transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// gRPC, a connection for each brokered id.
    Grpc,
    /// gRPC on one connection.
    GrpcMultiplexed,
    /// tarpc.
    Tarpc,
}

/// A name that no contender has.
#[derive(Debug, thiserror::Error)]
#[error("no contender is called `{0}`: see benches/README.md")]
pub struct NoContender(String);

impl FromStr for Contender {
    type Err = NoContender;

    fn from_str(name: &str) -> Result<Self, NoContender> {
        match name {
            "raw-blocking" => return Ok(Self::RawBlocking),
            "raw-tokio" => return Ok(Self::RawTokio),
            _ => {}
        }
        let (rest, tls) = without(name, "-tls");
        let (rest, threads) = without(rest, "-threads");
        let (rest, by_hand) = without(rest, "-hand");
        let over = match rest {
            "grpc" => Over::Grpc,
            "grpc-mux" => Over::GrpcMultiplexed,
            "tarpc" => Over::Tarpc,
            _ => return Err(NoContender(name.to_owned())),
        };
        Ok(Self::Pintle(Way {
            over,
            tls,
            by_hand,
            threads,
        }))
    }
}

fn without<'a>(name: &'a str, suffix: &str) -> (&'a str, bool) {
    match name.strip_suffix(suffix) {
        Some(rest) => (rest, true),
        None => (name, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_transport_and_ways() {
        let plain = Way {
            over: Over::GrpcMultiplexed,
            tls: false,
            by_hand: false,
            threads: false,
        };
        let by_hand = Way {
            tls: true,
            by_hand: true,
            ..plain
        };
        for (name, expected) in [
            ("raw-tokio", Some(Contender::RawTokio)),
            ("grpc-mux", Some(Contender::Pintle(plain))),
            ("grpc-mux-hand-tls", Some(Contender::Pintle(by_hand))),
            ("grpc-tls-hand", None),
            ("go-grpc", None),
            ("", None),
        ] {
            assert_eq!(name.parse().ok(), expected, "{name:?}");
        }
    }
}
