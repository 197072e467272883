//! The suite for what `#[pintle::interface]` makes of a trait, over every transport it makes it for.
//!
//! [`interface_conformance!`](crate::interface_conformance!) makes a test of every promise for one
//! [`Mount`](super::Mount), as [`conformance!`](crate::conformance!) does for those of a transport.
//! The program it launches serves [`Called`], [`CallsBack`] and [`Flowing`] beside the other
//! suite's plugin.

mod callbacks;
mod calls;
mod contract;
mod here;
mod lost;
mod plugin;
mod readers;
mod several;
mod soon;
mod sources;
mod streams;
mod writers;

pub use callbacks::*;
pub use calls::*;
pub use contract::*;
pub use here::*;
pub use lost::*;
pub use plugin::{Called, CallsBack, Flowing};
pub use readers::*;
pub use several::*;
pub use streams::*;
pub use writers::*;

/// Makes a test of every promise of [`interface`](mod@crate::conformance::interface) for one
/// [`Mount`](crate::conformance::Mount), with mutual TLS and without.
///
/// The caller depends on tokio with its `macros` and `rt` features.
#[macro_export]
macro_rules! interface_conformance {
    ($name:ident, $mount:expr) => {
        $crate::each_security! { $name, $mount, each_interface_promise }
    };
}

/// The promises.
#[doc(hidden)]
#[macro_export]
macro_rules! each_interface_promise {
    ($mount:expr) => {
        $crate::promises! { conformance::interface, $mount;
            every_type_of_value_arrives_as_it_was_sent
            a_call_without_a_result_arrives_too
            an_error_of_the_interface_arrives_as_itself
            a_failure_in_words_arrives_with_its_code_and_text
            a_deadline_ends_the_call_on_both_sides
            a_dropped_call_is_cancelled_in_the_plugin
            a_panic_fails_its_call_and_no_other
            sixty_four_mebibytes_pass_both_ways
            a_thousand_calls_are_open_at_once
            a_thousand_calls_at_once_all_get_their_own_answer
            a_method_the_plugin_does_not_have_is_unimplemented
            the_plugin_calls_the_host_and_the_host_the_plugin_three_deep
            a_callback_that_is_optional_may_be_there_or_not
            a_callback_comes_as_a_result_and_ends_when_it_is_dropped
            a_callback_that_was_received_can_be_given_on
            a_callback_that_is_kept_is_called_after_its_call
            a_call_that_fails_takes_its_callback_back
            a_call_that_takes_too_long_takes_its_callback_back
            a_call_that_is_dropped_takes_its_callback_back
            a_cancelled_call_cancels_the_callback_it_waits_for
            a_hundred_callbacks_leave_nothing_on_either_side
            a_reader_as_an_argument_gives_every_byte_and_its_end
            a_reader_as_a_result_gives_every_byte_and_its_end
            a_reader_that_was_received_can_be_given_on
            an_error_of_a_source_arrives_with_its_kind_and_text
            a_reader_that_is_dropped_stops_its_source
            a_reader_that_nobody_reads_takes_little_of_its_source
            a_writer_as_an_argument_takes_every_byte_and_its_end
            a_writer_as_a_result_takes_every_byte_and_its_end
            a_writer_that_was_received_can_be_given_on
            an_error_of_a_sink_reaches_who_writes
            a_writer_that_is_dropped_does_not_look_whole
            a_writer_that_fails_says_why_to_who_reads
            a_writer_whose_sink_is_full_waits
            a_stream_as_an_argument_gives_every_value_and_its_end
            a_stream_as_a_result_gives_every_value_and_its_end
            a_stream_that_was_received_can_be_given_on
            an_error_of_a_stream_arrives_with_its_kind_and_text
            a_stream_that_is_dropped_stops_its_source
            a_stream_that_nobody_follows_takes_little_of_its_source
            a_value_does_not_wait_for_the_next
            several_flows_of_one_call_go_at_once
            a_call_that_fails_drops_what_flowed
            a_call_that_is_dropped_drops_what_flowed
            a_flow_outlives_its_call
            a_hundred_flows_leave_nothing_on_either_side
            a_plugin_killed_mid_call_is_told_with_its_signal
            a_plugin_killed_mid_callback_is_told_with_its_signal
            a_plugin_killed_mid_reader_is_told_with_its_signal
            a_plugin_killed_mid_writer_is_told_with_its_signal
            a_plugin_killed_mid_stream_is_told_with_its_signal
            a_session_dropped_mid_flow_leaves_nothing
            a_session_closes_in_good_order_mid_flow
            what_is_asked_after_the_end_is_lost_with_the_reason
            a_plugin_in_this_process_is_no_different
        }
    };
}
