//! The speed to reach, as data: each goal is a ratio within one run.
//!
//! A goal that is not met is reported with its reason, if one is written here: why that is so, and
//! what would help next.

use super::cases::{Case, unary};
use super::results::Figure::{self, Cpu, Wall};
use super::results::Memory;
use super::verdict::Bound;

/// One ratio, and what it should be.
#[derive(Debug)]
pub(super) struct Goal {
    /// What is compared, in a word or two.
    pub(super) quantity: &'static str,
    pub(super) of: &'static str,
    /// Who it is compared with: the best of these.
    pub(super) to: &'static [&'static str],
    /// Of several, the worst counts.
    pub(super) figures: &'static [Figure],
    pub(super) bound: Bound,
    /// Shown only where the goal is not met.
    pub(super) reason: &'static str,
}

/// Goals of one case.
pub(super) type Group = (&'static str, &'static [Goal]);

/// The goals, in the order of the report.
pub(super) const GOALS: &[Group] = &[
    (
        "unary 32 B, 1 in flight, each process on a core of its own",
        &[
            cost("wall time", "grpc", BLOCKING, CALL, 1.15, ONE_CALL),
            cost("wall time", "tarpc", BLOCKING, CALL, 1.15, ONE_CALL),
            cost("CPU time", "grpc", BLOCKING, CALL_CPU, 1.35, ONE_CALL),
            cost("CPU time", "tarpc", BLOCKING, CALL_CPU, 1.2, ONE_CALL),
        ],
    ),
    (
        "unary 32 B, 64 in flight",
        &[
            cost("time per call", "tarpc", FLOORS, CALLS, 3.0, MANY_CALLS),
            speed("throughput", "tarpc", GO_NETRPC, CALLS, 3.0, ""),
            speed("throughput", "grpc", GO_GRPC, CALLS, 2.0, ""),
        ],
    ),
    (
        "unary 1 MiB, 1 in flight",
        &[
            cost("wall time", "grpc", BLOCKING, LARGE, 2.5, LARGE_CALL),
            cost("wall time", "tarpc", BLOCKING, LARGE, 1.5, LARGE_MUX),
            speed("speed", "grpc", GO_GRPC, LARGE, 3.0, ""),
            speed("speed", "tarpc", GO_NETRPC, LARGE, 3.0, ""),
        ],
    ),
    (
        "byte stream, the slower direction",
        &[
            speed("bytes per second", "grpc", TOKIO, STREAMS, 0.5, CHUNKS),
            speed("bytes per second", "grpc-mux", TOKIO, STREAMS, 0.9, STREAM),
            speed("bytes per second", "tarpc", TOKIO, STREAMS, 0.9, STREAM),
            speed("bytes per second", "grpc", GO_NETRPC, STREAMS, 3.0, CHUNKS),
            speed(
                "bytes per second",
                "grpc-mux",
                GO_NETRPC,
                STREAMS,
                3.0,
                STREAM,
            ),
            speed("bytes per second", "tarpc", GO_NETRPC, STREAMS, 3.0, STREAM),
        ],
    ),
    (
        "AutoMTLS, unary 32 B, 1 in flight, each process on a core of its own",
        &[
            cost("CPU time", "grpc-tls", &["grpc"], CALL_CPU, 1.5, ""),
            cost("CPU time", "tarpc-tls", &["tarpc"], CALL_CPU, 1.5, ""),
        ],
    ),
    (
        "AutoMTLS, cold launch to first reply",
        &[
            cost("wall time", "grpc-tls", GO_GRPC_TLS, COLD, 1.0, ""),
            cost("wall time", "tarpc-tls", GO_GRPC_TLS, COLD, 1.0, ""),
        ],
    ),
    (
        "launch to first reply, cold",
        &[
            cost("wall time", "grpc", GO_GRPC, COLD, 0.5, LAUNCH),
            cost("wall time", "tarpc", GO_NETRPC, COLD, 0.5, LAUNCH),
            cost("wall time", "grpc-tls", GO_GRPC_TLS, COLD, 0.5, LAUNCH),
            cost("wall time", "tarpc-tls", GO_NETRPC_TLS, COLD, 0.5, LAUNCH),
        ],
    ),
    (
        "idle plugin, resident",
        &[
            cost("memory", "grpc", GO_GRPC, IDLE, 0.4, MEMORY),
            cost("memory", "tarpc", GO_NETRPC, IDLE, 0.4, MEMORY),
            cost("memory", "grpc-tls", GO_GRPC_TLS, IDLE, 0.4, MEMORY),
            cost("memory", "tarpc-tls", GO_NETRPC_TLS, IDLE, 0.4, MEMORY),
        ],
    ),
];

const ONE_CALL: &str = "waking the other core is most of a call on a bare socket, too, and there one \
    thread is woken on either side. Here the caller's task and the connection's are two, and each is \
    woken. Next: a lone caller that writes and reads the socket itself";
const MANY_CALLS: &str = "the floor sends 64 calls in one write and does not look whose answer comes. \
    Next: fewer locks and allocations for each call";
const LARGE_CALL: &str = "a payload is sent from where it lies, and read into memory that is used \
    again; over gRPC it is read in frames of 128 KiB before, each with memory of its own that the \
    allocator gives back. Next: read such frames where the message is to be, for which the crate h2 \
    has no place";
const LARGE_MUX: &str = "a payload is sent from where it lies, and read into memory that is used again; \
    but its beginning comes together with its head, and wakes the task that reads the rest. Next: read \
    the head alone where the payload before was large, as is done within a stream";
const STREAM: &str = "every byte is copied by the kernel alone, as over the bare socket; beside it there \
    are the frames of the multiplexer and a task at either end. Next: larger frames where the socket \
    has room, and one wake-up for several";
const CHUNKS: &str = "every 64 KiB are a message and a frame of HTTP/2, read into memory of its own \
    that the allocator gives back, and copied out of it. Next: read such frames into memory that is \
    used again, for which the crate h2 has no place";
const LAUNCH: &str = "beside the process itself there is one fork of the guard, the directory for \
    sockets, and five exchanges of a few bytes before the first call. Next: send the first call \
    together with them";
const MEMORY: &str = "half a MiB is the plugin's own; the rest are pages of its program and of the C \
    library, which every process of it shares, and of which the kernel maps sixteen around each that is \
    touched. With AutoMTLS two libraries of cryptography are among them. Next: a program that is linked \
    statically, as those of Go are, which takes 1.1 MiB less; and aws-lc only where the P-521 \
    certificate of a Go host is to be verified";

const BLOCKING: &[&str] = &["raw-blocking"];
const TOKIO: &[&str] = &["raw-tokio"];
const FLOORS: &[&str] = &["raw-blocking", "raw-tokio"];
const GO_GRPC: &[&str] = &["go-grpc"];
const GO_GRPC_TLS: &[&str] = &["go-grpc-tls"];
const GO_NETRPC: &[&str] = &["go-netrpc"];
const GO_NETRPC_TLS: &[&str] = &["go-netrpc-tls"];

const CALL: &[Figure] = &[Wall(unary(32, 1))];
const CALL_CPU: &[Figure] = &[Cpu(unary(32, 1))];
const CALLS: &[Figure] = &[Wall(unary(32, 64))];
const LARGE: &[Figure] = &[Wall(unary(1 << 20, 1))];
const STREAMS: &[Figure] = &[Wall(Case::Up), Wall(Case::Down)];
const COLD: &[Figure] = &[Wall(Case::Cold)];
const IDLE: &[Figure] = &[Figure::Memory(Memory::PluginRss(1))];

/// It is to take at most so many times as much.
const fn cost(
    quantity: &'static str,
    of: &'static str,
    to: &'static [&'static str],
    figures: &'static [Figure],
    most: f64,
    reason: &'static str,
) -> Goal {
    Goal {
        quantity,
        of,
        to,
        figures,
        bound: Bound::Cost(most),
        reason,
    }
}

/// It is to be at least so many times as fast.
const fn speed(
    quantity: &'static str,
    of: &'static str,
    to: &'static [&'static str],
    figures: &'static [Figure],
    least: f64,
    reason: &'static str,
) -> Goal {
    Goal {
        quantity,
        of,
        to,
        figures,
        bound: Bound::Speed(least),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::contenders::CONTENDERS;

    #[test]
    fn every_name_in_a_goal_is_a_contender() {
        for goal in GOALS.iter().flat_map(|(_, goals)| *goals) {
            for name in goal.to.iter().chain([&goal.of]) {
                assert!(CONTENDERS.iter().any(|contender| contender.name == *name));
            }
        }
    }
}
