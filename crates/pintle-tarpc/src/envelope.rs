//! What goes around the arguments and answers of calls: our own messages in place of tarpc's.
//!
//! ```text
//! call    = 1 · id · time left (u32, milliseconds) · trace id (u128) · span id (u64) · sampled (u8) · arguments
//! cancel  = 2 · id
//! answer  = 3 · id · value
//! failure = 4 · id · kind (u8) · text (UTF-8)
//! ```
//!
//! The first number is a byte, an id is a `u64`, integers have their low byte first; arguments and
//! values are as the session's codec writes them, or bytes as they are. Calls and cancels go to the side that serves,
//! answers and failures come back. Every message a peer can send has a meaning or is passed over:
//! no time overflows, no length is taken on trust, and of an answer that cannot be read its call
//! alone hears.

use std::time::{Duration, Instant};

use bytes::Buf;
use pintle_core::Pieces;
use tarpc::context::Context;
use tarpc::trace::{self, SamplingDecision, SpanId, TraceId};
use tarpc::{ServerError, context};

use crate::failure;
use crate::frame::FrameError;

/// The longest head, in bytes; what a message may have beyond its value.
pub(crate) const MAX_HEAD_BYTES: usize = CALL_HEAD_BYTES;

const CALL_HEAD_BYTES: usize = 1 + 8 + 4 + 16 + 8 + 1;

const CALL: u8 = 1;
const CANCEL: u8 = 2;
const ANSWER: u8 = 3;
const FAILURE: u8 = 4;

const SAMPLED: u8 = 1;

/// The longest a call may be given: a little less than the wire can say, and far less than makes
/// timers overflow.
pub(crate) const MAX_CALL_TIME: Duration = Duration::from_secs(49 * 24 * 60 * 60);

/// Whether a call has as good as no deadline: then nobody sets a timer for it.
pub(crate) fn is_forever(deadline: Instant, now: Instant) -> bool {
    const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);
    deadline.saturating_duration_since(now) > MAX_CALL_TIME - A_DAY
}

/// The head of a message; what is left of the message after it is the arguments or the value.
#[derive(Debug)]
pub(crate) enum Head {
    Call {
        id: u64,
        context: Context,
    },
    Cancel {
        id: u64,
    },
    Answer {
        id: u64,
    },
    Failure {
        id: u64,
        error: ServerError,
    },
    /// From a peer that knows more than this side.
    Unknown {
        kind: u8,
    },
}

impl Head {
    /// Takes the head off a message.
    pub(crate) fn take(message: &mut impl Buf) -> Result<Self, FrameError> {
        let kind = take_u8(message)?;
        if !(CALL..=FAILURE).contains(&kind) {
            return Ok(Self::Unknown { kind });
        }
        let id = take_u64(message)?;
        Ok(match kind {
            CALL => Self::Call {
                id,
                context: take_context(message)?,
            },
            CANCEL => Self::Cancel { id },
            ANSWER => Self::Answer { id },
            _ => {
                let kind = failure::kind_of(take_u8(message)?);
                let text = failure::text_of(message);
                let error = ServerError::new(kind, text);
                Self::Failure { id, error }
            }
        })
    }

    /// Appends the head; a failure is complete with it.
    pub(crate) fn put(&self, to: &mut Pieces) {
        match self {
            Self::Call { id, context } => {
                to.put_u8(CALL);
                to.put_slice(&id.to_le_bytes());
                put_context(context, to);
            }
            Self::Cancel { id } => {
                to.put_u8(CANCEL);
                to.put_slice(&id.to_le_bytes());
            }
            Self::Answer { id } => {
                to.put_u8(ANSWER);
                to.put_slice(&id.to_le_bytes());
            }
            Self::Failure { id, error } => {
                to.put_u8(FAILURE);
                to.put_slice(&id.to_le_bytes());
                to.put_u8(failure::number_of(error.kind));
                to.put_slice(failure::cut(&error.detail).as_bytes());
            }
            Self::Unknown { kind } => to.put_u8(*kind),
        }
    }
}

fn take_context(message: &mut impl Buf) -> Result<Context, FrameError> {
    if message.remaining() < CALL_HEAD_BYTES - 9 {
        return Err(FrameError::Truncated);
    }
    let left = Duration::from_millis(message.get_u32_le().into());
    let mut context = context::current();
    context.deadline = Instant::now() + left.min(MAX_CALL_TIME);
    context.trace_context = trace::Context {
        trace_id: TraceId::from(message.get_u128_le()),
        span_id: SpanId::from(message.get_u64_le()),
        sampling_decision: match message.get_u8() & SAMPLED {
            0 => SamplingDecision::Unsampled,
            _ => SamplingDecision::Sampled,
        },
    };
    Ok(context)
}

fn put_context(context: &Context, to: &mut Pieces) {
    let left = context.deadline.saturating_duration_since(Instant::now());
    // Rounded up, so that a call with a moment left is not said to have none.
    let left = left.min(MAX_CALL_TIME).as_micros().div_ceil(1000);
    let trace = &context.trace_context;
    to.put_slice(&u32::try_from(left).unwrap_or(u32::MAX).to_le_bytes());
    to.put_slice(&u128::from(trace.trace_id).to_le_bytes());
    to.put_slice(&u64::from(trace.span_id).to_le_bytes());
    to.put_u8(match trace.sampling_decision {
        SamplingDecision::Sampled => SAMPLED,
        SamplingDecision::Unsampled => 0,
    });
}

fn take_u8(message: &mut impl Buf) -> Result<u8, FrameError> {
    message.try_get_u8().map_err(|_| FrameError::Truncated)
}

fn take_u64(message: &mut impl Buf) -> Result<u64, FrameError> {
    message.try_get_u64_le().map_err(|_| FrameError::Truncated)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use proptest::prelude::*;

    use super::*;

    fn call(deadline: Instant) -> Context {
        let mut context = context::current();
        context.deadline = deadline;
        context.trace_context = trace::Context {
            trace_id: TraceId::from(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
            span_id: SpanId::from(0xfedc_ba98_7654_3210),
            sampling_decision: SamplingDecision::Sampled,
        };
        context
    }

    fn put(head: &Head) -> Vec<u8> {
        let mut bytes = Pieces::default();
        head.put(&mut bytes);
        bytes.into_bytes().into()
    }

    #[test]
    fn a_calls_time_and_trace_reach_the_other_side() {
        let sent = call(Instant::now() + Duration::from_secs(5));
        let bytes = put(&Head::Call {
            id: 7,
            context: sent,
        });
        assert_eq!(bytes.len(), MAX_HEAD_BYTES);
        let Head::Call { id: 7, context } = Head::take(&mut &bytes[..]).unwrap() else {
            panic!("not the call that was sent")
        };
        assert_eq!(context.trace_context, sent.trace_context);
        let left = context.deadline - Instant::now();
        assert!(left > Duration::from_secs(4) && left <= Duration::from_secs(6));
    }

    #[test]
    fn the_longest_time_a_peer_can_say_is_cut_to_what_timers_hold() {
        let mut bytes = put(&Head::Call {
            id: 7,
            context: call(Instant::now()),
        });
        bytes[9..13].fill(0xff);
        let Head::Call { context, .. } = Head::take(&mut &bytes[..]).unwrap() else {
            panic!("not a call")
        };
        assert!(context.deadline <= Instant::now() + MAX_CALL_TIME);
    }

    #[test]
    fn a_time_beyond_all_bounds_is_sent_as_the_longest() {
        let forever = Instant::now() + Duration::from_secs(100 * 365 * 24 * 60 * 60);
        let bytes = put(&Head::Call {
            id: 7,
            context: call(forever),
        });
        let sent = u32::from_le_bytes(bytes[9..13].try_into().unwrap());
        assert_eq!(u128::from(sent), MAX_CALL_TIME.as_millis());
    }

    #[test]
    fn a_failure_keeps_its_kind_and_its_text() {
        let error = ServerError::new(ErrorKind::PermissionDenied, "nicht für dich".into());
        let bytes = put(&Head::Failure {
            id: 9,
            error: error.clone(),
        });
        let Head::Failure { id: 9, error: read } = Head::take(&mut &bytes[..]).unwrap() else {
            panic!("not the failure that was sent")
        };
        assert_eq!(read, error);
    }

    #[test]
    fn a_kind_of_a_newer_peer_is_named_and_not_an_error() {
        let head = Head::take(&mut &[200, 1, 2][..]).unwrap();
        assert!(matches!(head, Head::Unknown { kind: 200 }));
    }

    #[test]
    fn a_message_cut_within_its_head_is_refused() {
        let heads = [
            Head::Call {
                id: 1,
                context: call(Instant::now()),
            },
            Head::Cancel { id: 1 },
            Head::Answer { id: 1 },
            Head::Failure {
                id: 1,
                error: ServerError::new(ErrorKind::Other, String::new()),
            },
        ];
        for head in heads {
            let bytes = put(&head);
            for length in 0..bytes.len() {
                let cut = Head::take(&mut &bytes[..length]);
                assert!(matches!(cut, Err(FrameError::Truncated)), "{cut:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn whatever_a_peer_sends_is_a_head_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            kind in 0_u8..6,
        ) {
            let _ = Head::take(&mut &bytes[..]);
            let mut likely = vec![kind];
            likely.extend(bytes);
            let _ = Head::take(&mut &likely[..]);
        }
    }
}
