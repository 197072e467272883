//! Callbacks: what one side lends and the other calls, in both directions.

use futures_util::future::join_all;
use pintle::{CallError, Callback};

use super::contract::{Callbacks, CallbacksClient, Calls, CallsClient, Guest};
use super::plugin::Guests;
use super::soon::soon;
use crate::conformance::Mount;
use crate::conformance::mount::Mounted;
use crate::world::{eventually, tasks};

impl Mounted {
    pub(super) async fn callbacks(&self) -> CallbacksClient {
        let dispensed = self.session.dispense::<dyn Callbacks>().await;
        dispensed.expect("the plugin serves the suite's interfaces")
    }
}

/// A callback has an argument that is a callback, and so on.
pub async fn the_plugin_calls_the_host_and_the_host_the_plugin_three_deep(mount: &Mount) {
    let mounted = mount.launch().await;
    let (callbacks, guests) = (mounted.callbacks().await, Guests::default());
    let names = soon(callbacks.bounce(3, guests.guest("host"))).await;
    assert_eq!(
        names.expect("all answer"),
        ["host", "plugin", "host", "plugin"]
    );
    // Nobody needs any of them any more.
    soon(guests.there(0)).await;
    soon(callbacks.lent(0)).await.expect("it answers");
    mounted.close().await;
}

/// As an argument and as a result.
pub async fn a_callback_that_is_optional_may_be_there_or_not(mount: &Mount) {
    let mounted = mount.launch().await;
    let (callbacks, guests) = (mounted.callbacks().await, Guests::default());
    let repeated = soon(callbacks.repeat_by(None, "one".into())).await;
    assert_eq!(repeated.expect("it answers"), None);
    let guest = Some(guests.guest("host"));
    let repeated = soon(callbacks.repeat_by(guest, "two".into())).await;
    assert_eq!(repeated.expect("it answers").as_deref(), Some("two"));
    assert!(
        soon(callbacks.lend_if(false))
            .await
            .expect("it answers")
            .is_none()
    );
    let guest = soon(callbacks.lend_if(true)).await.expect("it answers");
    let repeated = soon(guest.expect("it is there").repeat("three".into())).await;
    assert_eq!(repeated.expect("it answers"), "three");
    mounted.close().await;
}

/// Its owner lets go of it when the last clone is dropped here, and not before.
pub async fn a_callback_comes_as_a_result_and_ends_when_it_is_dropped(mount: &Mount) {
    let mounted = mount.launch().await;
    let callbacks = mounted.callbacks().await;
    let guest = soon(callbacks.lend()).await.expect("it is lent");
    let clone = guest.clone();
    drop(guest);
    for text in ["one", "two"] {
        let repeated = soon(clone.repeat(text.into())).await;
        assert_eq!(repeated.expect("it is lent"), text);
    }
    soon(callbacks.lent(1)).await.expect("it answers");
    drop(clone);
    soon(callbacks.lent(0)).await.expect("it answers");
    mounted.close().await;
}

/// What calls it then goes through both sides.
pub async fn a_callback_that_was_received_can_be_given_on(mount: &Mount) {
    let mounted = mount.launch().await;
    let (callbacks, guests) = (mounted.callbacks().await, Guests::default());
    let given = soon(callbacks.give_on(guests.guest("host"))).await;
    let given = given.expect("it is given on");
    let names = soon(given.bounce(1, guests.guest("other"))).await;
    assert_eq!(names.expect("all answer"), ["other", "host"]);
    drop(given);
    soon(guests.there(0)).await;
    mounted.close().await;
}

/// Until the plugin drops it.
pub async fn a_callback_that_is_kept_is_called_after_its_call(mount: &Mount) {
    let mounted = mount.launch().await;
    let (callbacks, guests) = (mounted.callbacks().await, Guests::default());
    soon(callbacks.keep(guests.guest("host")))
        .await
        .expect("it is kept");
    for text in ["one", "two"] {
        let repeated = soon(callbacks.repeat_by_kept(text.into())).await;
        assert_eq!(repeated.expect("it is there"), text);
    }
    soon(guests.there(1)).await;
    soon(callbacks.forget()).await.expect("it answers");
    soon(guests.there(0)).await;
    mounted.close().await;
}

/// Even if the plugin does not drop it; what then calls it is told.
pub async fn a_call_that_fails_takes_its_callback_back(mount: &Mount) {
    let mounted = mount.launch().await;
    let (callbacks, guests) = (mounted.callbacks().await, Guests::default());
    let error = soon(callbacks.keep_and_fail(guests.guest("host"))).await;
    assert!(
        matches!(&error, Err(CallError::Failed { text, .. }) if text == "kept all the same"),
        "{error:?}"
    );
    taken_back(&callbacks, &guests).await;
    mounted.close().await;
}

/// As if it had failed.
pub async fn a_call_that_takes_too_long_takes_its_callback_back(mount: &Mount) {
    let mounted = mount.launch().await;
    let (callbacks, guests) = (mounted.callbacks().await, Guests::default());
    let call = soon(callbacks.keep_and_wait(guests.guest("host")));
    let (error, ()) = tokio::join!(call, soon(guests.waiting(1)));
    assert!(
        matches!(error, Err(CallError::DeadlineExceeded)),
        "{error:?}"
    );
    soon(guests.waiting(0)).await;
    taken_back(&callbacks, &guests).await;
    mounted.close().await;
}

/// As if it had failed.
pub async fn a_call_that_is_dropped_takes_its_callback_back(mount: &Mount) {
    let mounted = mount.launch().await;
    let (callbacks, guests) = (mounted.callbacks().await, Guests::default());
    tokio::select! {
        ended = callbacks.keep_and_wait(guests.guest("host")) => panic!("{ended:?}"),
        () = soon(guests.waiting(1)) => {}
    }
    taken_back(&callbacks, &guests).await;
    mounted.close().await;
}

/// The host's side of it is gone, and the plugin's knows.
async fn taken_back(callbacks: &CallbacksClient, guests: &Guests) {
    soon(guests.there(0)).await;
    let called = soon(callbacks.repeat_by_kept("too late".into())).await;
    assert!(called.is_err(), "what was taken back answers: {called:?}");
    // Another is as good as ever.
    let repeated = soon(callbacks.repeat_by(Some(guests.guest("host")), "new".into())).await;
    assert_eq!(repeated.expect("it answers").as_deref(), Some("new"));
    soon(callbacks.forget()).await.expect("it answers");
}

/// Through to the side where it began.
pub async fn a_cancelled_call_cancels_the_callback_it_waits_for(mount: &Mount) {
    let mounted = mount.launch().await;
    let (callbacks, guests) = (mounted.callbacks().await, Guests::default());
    tokio::select! {
        ended = callbacks.wait_for(guests.guest("host")) => panic!("{ended:?}"),
        () = soon(guests.waiting(1)) => {}
    }
    soon(guests.waiting(0)).await;
    soon(guests.there(0)).await;
    mounted.close().await;
}

/// No task, no descriptor, no file, for as long as the session lives.
pub async fn a_hundred_callbacks_leave_nothing_on_either_side(mount: &Mount) {
    let mounted = mount.launch().await;
    let (calls, callbacks) = (mounted.calls().await, mounted.callbacks().await);
    let use_them = async || {
        let guests = Guests::default();
        let lent = soon(callbacks.lend()).await.expect("it is lent");
        let bounced = soon(lent.bounce(2, guests.guest("host"))).await;
        bounced.expect("all answer");
        let failed = soon(callbacks.keep_and_fail(guests.guest("host"))).await;
        failed.expect_err("it fails");
        let never_dialled: Callback<dyn Guest> = guests.guest("host");
        tokio::select! {
            biased;
            _ = callbacks.wait_for(never_dialled) => panic!("it ended"),
            () = tokio::task::yield_now() => {}
        }
        soon(callbacks.forget()).await.expect("it answers");
    };
    settles(&mounted, &calls, async || {
        join_all((0..20).map(|_| use_them())).await;
    })
    .await;
    mounted.close().await;
}

/// That a thing done once and five times more leaves no more than once.
pub(super) async fn settles(mounted: &Mounted, calls: &CallsClient, use_them: impl AsyncFn()) {
    use_them().await;
    let before = held(mounted, calls).await;
    for _ in 0..5 {
        use_them().await;
    }
    let settled = async {
        // What ends a moment later may have been counted before, too.
        while held(mounted, calls)
            .await
            .iter()
            .zip(before)
            .any(|(now, before)| *now > before)
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let settled = tokio::time::timeout(crate::conformance::PATIENCE, settled).await;
    if settled.is_err() {
        assert_eq!(held(mounted, calls).await, before, "something is left");
    }
    eventually("no task is left of a call", || tasks() as u64 <= before[2]).await;
}

/// Tasks and descriptors of the plugin, tasks of the host, socket files of both.
async fn held(mounted: &Mounted, calls: &CallsClient) -> [u64; 4] {
    let plugin = soon(calls.holdings()).await.expect("it answers");
    let files = mounted.world.socket_files().len() as u64;
    [plugin.tasks, plugin.descriptors, tasks() as u64, files]
}
