//! The suite of what `#[pintle::interface]` makes, over both transports that it makes it for.

use pintle::Grpc;
use pintle_testkit::conformance::{Conformance, Mount, roomy_tarpc};
use pintle_testkit::interface_conformance;

use crate::ROGUE;

interface_conformance!(
    grpc,
    Mount::new::<Conformance>(ROGUE, Grpc).arg("conformance")
);

interface_conformance!(
    grpc_multiplexed,
    Mount::new::<Conformance>(ROGUE, Grpc.multiplexed()).arg("conformance")
);

interface_conformance!(
    tarpc,
    Mount::new::<Conformance>(ROGUE, roomy_tarpc()).arg("conformance")
);
