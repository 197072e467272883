//! Who is measured, as data. `benches/README.md` says what each of them is.

use Family::{Floor, Go, Grpc, Tarpc};
use Scope::{Everything, Unary};

use super::cases::Case;

/// A program that does the work of the cases in its own way.
#[derive(Debug)]
pub(super) struct Contender {
    /// What its program is told it is, and what the report calls it.
    pub(super) name: &'static str,
    pub(super) family: Family,
    pub(super) tls: bool,
    scope: Scope,
    /// The contender of go-plugin that a user would have instead.
    pub(super) go: Option<&'static str>,
}

/// Contenders that belong together in the plots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Family {
    Floor,
    Grpc,
    Tarpc,
    Go,
}

/// Which cases a contender takes part in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scope {
    Everything,
    /// Variants that differ in how a call is made, and in nothing else.
    Unary,
}

impl Contender {
    pub(super) fn takes(&self, case: Case) -> bool {
        self.scope == Everything || case.is_unary()
    }

    /// Whether it is what a user would have, rather than a variant that explains one: those alone
    /// are in the plots.
    pub(super) fn is_plotted(&self) -> bool {
        self.scope == Everything
    }
}

/// A row of the table below.
const fn row(
    name: &'static str,
    family: Family,
    tls: bool,
    scope: Scope,
    go: Option<&'static str>,
) -> Contender {
    Contender {
        name,
        family,
        tls,
        scope,
        go,
    }
}

/// Multiplexed go-plugin with TLS and tarpc have no exact counterpart; the nearest stands in.
pub(super) const CONTENDERS: &[Contender] = &[
    row("raw-blocking", Floor, false, Everything, None),
    row("raw-tokio", Floor, false, Everything, None),
    row("grpc", Grpc, false, Everything, Some("go-grpc")),
    row("grpc-tls", Grpc, true, Everything, Some("go-grpc-tls")),
    row("grpc-mux", Grpc, false, Everything, Some("go-grpc-mux")),
    row("grpc-mux-tls", Grpc, true, Everything, Some("go-grpc-tls")),
    row("tarpc", Tarpc, false, Everything, Some("go-netrpc")),
    row("tarpc-tls", Tarpc, true, Everything, Some("go-netrpc-tls")),
    row("grpc-hand", Grpc, false, Unary, Some("go-grpc")),
    row("grpc-hand-tls", Grpc, true, Unary, Some("go-grpc-tls")),
    row("grpc-mux-hand", Grpc, false, Unary, Some("go-grpc-mux")),
    row("grpc-mux-hand-tls", Grpc, true, Unary, Some("go-grpc-tls")),
    row("tarpc-hand", Tarpc, false, Unary, Some("go-netrpc")),
    row("tarpc-hand-tls", Tarpc, true, Unary, Some("go-netrpc-tls")),
    row("grpc-threads", Grpc, false, Unary, Some("go-grpc")),
    row("tarpc-threads", Tarpc, false, Unary, Some("go-netrpc")),
    row("go-grpc", Go, false, Everything, None),
    row("go-grpc-tls", Go, true, Everything, None),
    row("go-grpc-mux", Go, false, Everything, None),
    row("go-netrpc", Go, false, Everything, None),
    row("go-netrpc-tls", Go, true, Everything, None),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases;

    #[test]
    fn every_counterpart_is_a_contender_of_go_plugin() {
        for contender in CONTENDERS {
            let go = contender.go.map(|name| {
                let mut all = CONTENDERS.iter();
                all.find(|other| other.name == name).expect(name)
            });
            assert!(go.is_none_or(|go| go.family == Go && go.tls == contender.tls));
        }
    }

    #[test]
    fn every_floor_is_a_contender() {
        for case in cases::all() {
            for floor in case.floor().contenders() {
                assert!(CONTENDERS.iter().any(|contender| contender.name == *floor));
            }
        }
    }
}
