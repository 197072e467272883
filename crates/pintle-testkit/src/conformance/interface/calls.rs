//! Calls and their errors: values, deadlines, cancellation, panics, sizes, numbers.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use pintle::{CallError, Code};

use super::contract::{Calls, CallsClient, Refusal, Values, newer};
use super::soon::soon;
use crate::conformance::Mount;
use crate::conformance::mount::Mounted;

impl Mounted {
    pub(super) async fn calls(&self) -> CallsClient {
        let dispensed = self.session.dispense::<dyn Calls>().await;
        dispensed.expect("the plugin serves the suite's interfaces")
    }
}

/// Numbers, texts, times, lists, maps, messages within messages; at the ends of their ranges.
pub async fn every_type_of_value_arrives_as_it_was_sent(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    for values in [Values::least(), Values::most()] {
        let back = soon(calls.values(values.clone())).await;
        let back = back.expect("it is given back");
        // Not by `==`, to which a NaN is not itself and both zeros are the same.
        assert_eq!(format!("{back:?}"), format!("{values:?}"));
    }
    mounted.close().await;
}

/// Its caller knows when it was done.
pub async fn a_call_without_a_result_arrives_too(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    soon(calls.note("one".into())).await;
    soon(calls.note("two".into())).await;
    let noted = soon(calls.noted()).await.expect("it answers");
    assert_eq!(noted, ["one", "two"]);
    mounted.close().await;
}

/// Every variant, with everything in it.
pub async fn an_error_of_the_interface_arrives_as_itself(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    let reasons = vec![String::new(), "\u{1f9c0}\n".into(), "%41".into()];
    let detailed = Refusal::Detailed { code: 3, reasons };
    for refusal in [Refusal::Plain, Refusal::Missing("cheese".into()), detailed] {
        let error = soon(calls.refuse(refusal.clone())).await;
        let error = error.expect_err("it refuses");
        assert_eq!(format!("{error:?}"), format!("{refusal:?}"));
    }
    let lost = CallError::with_code(Code::DataLoss, "of its own");
    let error = soon(calls.refuse(Refusal::Lost(lost))).await;
    assert!(
        matches!(
            &error,
            Err(Refusal::Lost(CallError::Failed { code: Code::DataLoss, text }))
                if text == "of its own"
        ),
        "{error:?}"
    );
    mounted.close().await;
}

/// Where the interface has no error of its own.
pub async fn a_failure_in_words_arrives_with_its_code_and_text(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    for number in 1..=16 {
        let said = format!("no. {number}: %41\u{e9}\n\u{1f9c0}");
        let error = soon(calls.fail(number, said.clone())).await;
        let error = error.expect_err("it fails");
        let wanted = Code::from_number(number);
        let as_said = match &error {
            CallError::Failed { code, text } => *code == wanted && *text == said,
            CallError::DeadlineExceeded => wanted == Code::DeadlineExceeded,
            CallError::Unimplemented(text) => wanted == Code::Unimplemented && *text == said,
            _ => false,
        };
        assert!(as_said, "{number}: {error:?}");
    }
    mounted.close().await;
}

/// The caller is told, and the plugin does not work on.
pub async fn a_deadline_ends_the_call_on_both_sides(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    let begin = Instant::now();
    let (error, open) = tokio::join!(soon(calls.wait_briefly()), soon(calls.waiting(1)));
    open.expect("the call has arrived");
    assert!(
        matches!(error, Err(CallError::DeadlineExceeded)),
        "{error:?}"
    );
    assert!(begin.elapsed() >= Duration::from_millis(200), "too early");
    soon(calls.waiting(0))
        .await
        .expect("the call has ended there");
    mounted.close().await;
}

/// To drop a future is to have it undone.
pub async fn a_dropped_call_is_cancelled_in_the_plugin(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    tokio::select! {
        ended = calls.wait() => panic!("{ended:?}"),
        open = soon(calls.waiting(1)) => open.expect("it answers"),
    }
    soon(calls.waiting(0))
        .await
        .expect("the call has ended there");
    mounted.close().await;
}

/// The caller hears of it, those of other calls do not, and the plugin goes on.
pub async fn a_panic_fails_its_call_and_no_other(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    let panicked = async {
        soon(calls.waiting(1)).await.expect("it answers");
        soon(calls.panic("as it was told to".into())).await
    };
    let error = tokio::select! {
        ended = calls.wait() => panic!("{ended:?}"),
        panicked = panicked => panicked.expect_err("it panics"),
    };
    assert!(
        matches!(
            &error,
            Refusal::Lost(CallError::Failed { code: Code::Internal, text })
                if text.contains("as it was told to")
        ),
        "{error:?}"
    );
    let repeated = soon(calls.repeat(b"still here".to_vec())).await;
    assert_eq!(repeated.expect("it goes on"), b"still here");
    mounted.close().await;
}

/// As one argument and as one result.
pub async fn sixty_four_mebibytes_pass_both_ways(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    let sent = super::sources::sequence(64 * 1024 * 1024);
    let received = soon(calls.repeat(sent.clone())).await;
    assert!(received.expect("it is repeated") == sent, "it has changed");
    mounted.close().await;
}

/// No call waits for another to end.
pub async fn a_thousand_calls_are_open_at_once(mount: &Mount) {
    const CALLS: u32 = 1000;
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    let answers = soon(join_all(
        (0..CALLS).map(|number| calls.gather(number, CALLS)),
    ))
    .await;
    for (number, answer) in (0..).zip(answers) {
        assert_eq!(answer.expect("it answers"), number);
    }
    mounted.close().await;
}

/// Answers are not mixed up.
pub async fn a_thousand_calls_at_once_all_get_their_own_answer(mount: &Mount) {
    let mounted = mount.launch().await;
    let calls = mounted.calls().await;
    let call = |number: u32| calls.repeat(number.to_be_bytes().to_vec());
    let answers = soon(join_all((0..1000).map(call))).await;
    for (number, answer) in (0..1000_u32).zip(answers) {
        assert_eq!(answer.expect("it answers"), number.to_be_bytes());
    }
    mounted.close().await;
}

/// A host that was compiled later is told so, and what both know works.
pub async fn a_method_the_plugin_does_not_have_is_unimplemented(mount: &Mount) {
    use newer::Calls as _;
    let mounted = mount.launch().await;
    let dispensed = mounted.session.dispense::<dyn newer::Calls>().await;
    let calls = dispensed.expect("it has the same name");
    let error = soon(calls.repeat_backwards(b"123".to_vec())).await;
    assert!(
        matches!(&error, Err(CallError::Unimplemented(text)) if text.contains("RepeatBackwards")),
        "{error:?}"
    );
    let repeated = soon(calls.repeat(b"123".to_vec(), Some(2))).await;
    assert_eq!(repeated.expect("it is there"), b"123");
    mounted.close().await;
}
