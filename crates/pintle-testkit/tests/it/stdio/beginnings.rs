//! What a plugin prints before its handshake line.

use pintle::{Grpc, LaunchFailure};
use pintle_testkit::pb::Output;
use pintle_testkit::{EchoPlugin, World};

use super::{CAPTURED, PIPED, listening, print};
use crate::ROGUE;

#[tokio::test]
async fn a_line_that_was_begun_before_the_handshake_is_no_part_of_it() {
    let world = World::new(ROGUE);
    let (host, [stdout, ..]) = listening(&world);
    let session = PIPED(&host, "prints-first 1000")
        .launch(Grpc)
        .await
        .unwrap();
    let echo = session.dispense::<EchoPlugin>().await.unwrap();
    print(&echo, Output::Stdout, b" and on", 1).await;
    session.close().await.unwrap();
    assert_eq!(
        String::from_utf8(stdout.take()).unwrap(),
        "x".repeat(1000) + " and on"
    );
}

#[tokio::test]
async fn ten_megabytes_before_the_handshake_are_no_plugins() {
    let world = World::new(ROGUE);
    for command in [PIPED, CAPTURED] {
        let (host, [stdout, ..]) = listening(&world);
        let launched = command(&host, "prints-first 10000000").launch(Grpc).await;
        let error = launched.unwrap_err();
        assert!(
            matches!(error.failure(), LaunchFailure::Garbage { .. }),
            "{error}"
        );
        // What was read is shown, and no more was.
        let heard = stdout.take().len();
        assert!((64 * 1024..1024 * 1024).contains(&heard), "{heard}");
    }
}
