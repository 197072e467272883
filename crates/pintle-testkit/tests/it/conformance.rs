//! The suite, over every transport of this repository.

use pintle::Grpc;
use pintle_testkit::conformance;
use pintle_testkit::conformance::{Conformance, Mount, roomy_tarpc};

use crate::ROGUE;

conformance!(
    grpc,
    Mount::new::<Conformance>(ROGUE, Grpc).arg("conformance")
);

conformance!(
    grpc_multiplexed,
    Mount::new::<Conformance>(ROGUE, Grpc.multiplexed()).arg("conformance")
);

conformance!(
    tarpc,
    Mount::new::<Conformance>(ROGUE, roomy_tarpc()).arg("conformance")
);

/// The transport of the program `outsider`, which this repository knows nothing of.
#[path = "../../src/bin/outsider/transport.rs"]
mod transport;

conformance!(
    outside,
    Mount::new::<transport::Plugin>(env!("CARGO_BIN_EXE_outsider"), transport::outside())
);
