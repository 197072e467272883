//! The suite, in a sandbox: callbacks, streams, outputs and endings, with mutual TLS and without.

use pintle::Grpc;
use pintle::sandbox::Sandbox;
use pintle_testkit::conformance;
use pintle_testkit::conformance::{Conformance, Mount, roomy_tarpc};

use crate::ROGUE;

fn confined(mount: Mount) -> Mount {
    mount.arg("conformance").by(|host, program, args| {
        let sandbox = Sandbox::new(program).args(args).no_network();
        host.runner(sandbox)
    })
}

conformance!(
    grpc,
    confined(Mount::new::<Conformance>(ROGUE, Grpc.multiplexed()))
);

conformance!(
    tarpc,
    confined(Mount::new::<Conformance>(ROGUE, roomy_tarpc()))
);
