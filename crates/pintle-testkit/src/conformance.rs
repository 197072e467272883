//! One suite for every transport: what a host may rely on, whatever carries it.
//!
//! [`conformance!`](crate::conformance!) makes a test of every promise, with mutual TLS and
//! without, for one [`Mount`]:
//!
//! ```ignore
//! conformance!(tarpc, Mount::new::<Conformance>(PROGRAM, Tarpc).arg("conformance"));
//! ```
//!
//! A failure is then named `tarpc::tls::a_dropped_call_is_cancelled_in_the_plugin`.
//!
//! # A transport written elsewhere
//! Depend on this crate for tests, and write
//! 1. a plugin of your own whose client is `Arc<dyn Peer>`, and `PluginOver<YourTransport>` for
//!    it: to serve is to give what comes to a [`Conformant`], and to call is to be a [`Peer`];
//!    [`Ask::encode`] makes bytes of a request where your messages are bytes;
//! 2. a [`Side`] over your broker, with its streams;
//! 3. a program that serves that plugin with [`HANDSHAKE`](crate::HANDSHAKE);
//! 4. `conformance!(yours, Mount::new::<YourPlugin>(PROGRAM, YourTransport));` in a test.
//!
//! The program `outsider` and `tests/it/conformance.rs` do so.
//!
//! The transport must carry a message of 64 MiB and 1,000 open calls. Each promise can also be had
//! as a function, which panics when it is not kept.

#![allow(
    clippy::missing_panics_doc,
    reason = "a promise that is not kept is a panic"
)]

mod ask;
mod callbacks;
mod calls;
mod conformant;
mod ends;
pub mod interface;
mod misbehaving;
mod mount;
mod output;
mod over_grpc;
mod over_tarpc;
mod peer;
mod reattach;
mod streams;

use std::sync::Arc;

use pintle::{Bindings, Grpc, Plugin, Tarpc};

pub(crate) use ask::PATIENCE;
pub use ask::{Ask, CallError, Printed};
pub use callbacks::*;
pub use calls::*;
pub use conformant::Conformant;
pub use ends::*;
pub use misbehaving::{Misbehaving, Misdeed};
pub use mount::Mount;
use mount::Mounted;
use output::Heard;
pub use output::*;
pub use peer::{Peer, Serving, Side};
pub use reattach::*;
pub use streams::*;

/// The suite's plugin over the transports of this repository.
#[derive(Clone, Copy, Debug)]
pub struct Conformance;

impl Plugin for Conformance {
    const NAME: &'static str = "conformance";
    type Client = Arc<dyn Peer>;

    fn transports(on: Bindings<Self>) -> Bindings<Self> {
        on.over::<Grpc>().over::<Tarpc>()
    }
}

/// tarpc with room for the suite: 64 MiB in a message, and a thousand open calls.
pub fn roomy_tarpc() -> Tarpc {
    Tarpc
        .max_message_bytes(65 * 1024 * 1024)
        .max_concurrent_calls(1024)
}

/// Waits for a test, but not for ever: a transport may hang where it should not.
#[doc(hidden)]
pub async fn in_time(test: impl Future<Output = ()>) {
    let ended = tokio::time::timeout(4 * PATIENCE, test).await;
    ended.expect("it hangs");
}

/// Makes a test of every promise of [`conformance`](mod@crate::conformance) for one
/// [`Mount`](crate::conformance::Mount), with mutual TLS and without.
///
/// The caller depends on tokio with its `macros` and `rt` features.
#[macro_export]
macro_rules! conformance {
    ($name:ident, $mount:expr) => {
        $crate::each_security! { $name, $mount, each_promise }
    };
}

/// A list of promises, with mutual TLS and without.
#[doc(hidden)]
#[macro_export]
macro_rules! each_security {
    ($name:ident, $mount:expr, $promises:ident) => {
        mod $name {
            #[allow(unused_imports, reason = "what the expression needs is not known")]
            use super::*;

            mod tls {
                #[allow(unused_imports, reason = "what the expression needs is not known")]
                use super::*;
                $crate::$promises!($mount);
            }

            mod plaintext {
                #[allow(unused_imports, reason = "what the expression needs is not known")]
                use super::*;
                $crate::$promises!($mount.plaintext());
            }
        }
    };
}

/// The promises.
#[doc(hidden)]
#[macro_export]
macro_rules! each_promise {
    ($mount:expr) => {
        $crate::promises! { conformance, $mount;
            every_dispensed_client_calls_the_plugin
            what_the_plugin_says_went_wrong_arrives_as_it_was_said
            a_deadline_ends_the_call_on_both_sides
            a_dropped_call_is_cancelled_in_the_plugin
            a_panic_fails_its_call_and_no_other
            sixty_four_mebibytes_pass_both_ways
            a_thousand_calls_are_open_at_once_and_the_plugin_still_answers
            a_thousand_calls_at_once_all_get_their_own_answer
            the_plugin_calls_what_the_host_serves
            the_host_calls_what_the_plugin_serves
            an_id_that_is_not_served_any_more_is_refused
            a_stream_the_host_offers_carries_bytes_both_ways_unchanged
            a_stream_the_plugin_offers_carries_bytes_both_ways_unchanged
            a_stream_that_one_side_drops_does_not_look_whole_on_the_other
            a_stream_that_nobody_reads_holds_its_writer_back_and_no_call
            a_plugin_that_one_host_leaves_is_taken_over_by_the_next
            a_token_of_a_plugin_that_has_ended_reaches_nobody
            what_the_plugin_prints_arrives_whole_and_in_order
            a_plugin_killed_mid_stream_breaks_it_and_every_call_knows_why
            a_host_that_drops_its_session_mid_stream_leaves_nothing
            a_session_closes_in_good_order_mid_stream
            what_is_asked_after_the_end_fails_with_the_reason
        }

        /// The test is run once more as the host, and so needs its own name.
        #[tokio::test]
        async fn a_host_killed_mid_stream_takes_its_plugin_along() {
            let name = module_path!();
            let (_, module) = name.split_once("::").unwrap_or_default();
            let name = format!("{module}::a_host_killed_mid_stream_takes_its_plugin_along");
            $crate::conformance::in_time(
                $crate::conformance::a_host_killed_mid_stream_takes_its_plugin_along(
                    &$mount, &name,
                ),
            )
            .await;
        }
    };
}

/// A test of each.
#[doc(hidden)]
#[macro_export]
macro_rules! promises {
    ($($suite:ident)::+, $mount:expr; $($promise:ident)+) => {
        use $crate::$($suite)::+ as suite;
        $(
        #[tokio::test]
        async fn $promise() {
            $crate::conformance::in_time(suite::$promise(&$mount)).await;
        }
    )+};
}
