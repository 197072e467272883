//! What a caller of an interface is promised.

use std::sync::Arc;

use pintle::{CallError, Callback, Code, Session, Transport};

use crate::store::{Cursor, Event, Kind, Memory, Part, Said, Steps, Store, StoreError, dispense};

over_every_transport! {
    values_cross_and_come_back
    an_interface_is_dispensed_in_a_task_of_its_own
    typed_errors_cross_as_themselves
    a_failure_in_words_keeps_its_code
    a_callback_is_called
    a_callback_left_out_is_none
    a_callback_is_a_result_too
    a_method_without_an_implementation_runs_the_body_of_the_trait
    a_method_without_a_result_is_called
    a_client_and_an_implementation_are_the_same_trait_object
    a_deadline_ends_the_call_on_both_sides
    dropping_the_future_cancels_the_call_in_the_plugin
    a_panic_is_an_internal_failure_and_the_next_call_is_answered
    calls_are_answered_at_the_same_time
    a_call_after_the_end_of_the_session_is_lost
}

async fn values_cross_and_come_back(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    let event = Event {
        key: "key".into(),
        version: 0,
        kind: Kind::Removed,
        parts: vec![
            Part::Whole,
            Part::Bytes(vec![1]),
            Part::Range { from: 3, to: None },
            Part::Range {
                from: 0,
                to: Some(0),
            },
        ],
        notes: [("x".into(), -3), (String::new(), 0)].into(),
    };
    assert_eq!(store.echo(event.clone()).await.unwrap(), event);
}

async fn an_interface_is_dispensed_in_a_task_of_its_own(transport: impl Transport) {
    async fn refused(session: &Session) -> bool {
        let store = session.dispense::<dyn Store>().await.unwrap();
        store.refuse().await.is_err()
    }
    let (_store, session, _heard) = dispense(transport).await;
    let task = tokio::spawn(async move { refused(&session).await });
    assert!(task.await.unwrap());
}

async fn typed_errors_cross_as_themselves(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    let missing = store.get("a".into()).await;
    assert!(matches!(missing, Err(StoreError::NotFound(key)) if key == "a"));
    store.put("a".into(), vec![1]).await.unwrap();
    store.put("b".into(), vec![2]).await.unwrap();
    let full = store.put("c".into(), vec![3]).await;
    assert!(matches!(full, Err(StoreError::Full { used: 2, limit: 2 })));
    assert_eq!(store.get("b".into()).await.unwrap(), [2]);
}

async fn a_failure_in_words_keeps_its_code(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    let CallError::Failed { code, text } = store.refuse().await.unwrap_err() else {
        panic!("not a failure in words");
    };
    assert_eq!((code, text.as_str()), (Code::PermissionDenied, "not today"));
}

async fn a_callback_is_called(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    let steps = Steps::default();
    let counted = store.count(3, Some(Callback::new(steps.clone()))).await;
    assert_eq!(counted.unwrap(), 3);
    assert_eq!(*steps.0.lock().unwrap(), [0, 1, 2]);
}

async fn a_callback_left_out_is_none(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    assert_eq!(store.count(3, None).await.unwrap(), 3);
}

async fn a_callback_is_a_result_too(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    store.put("a".into(), vec![1]).await.unwrap();
    store.put("b".into(), vec![2]).await.unwrap();
    let cursor = store.cursor().await.unwrap();
    assert_eq!(cursor.next().await.unwrap().as_deref(), Some("a"));
    assert_eq!(cursor.next().await.unwrap().as_deref(), Some("b"));
    assert_eq!(cursor.next().await.unwrap(), None);
}

async fn a_method_without_an_implementation_runs_the_body_of_the_trait(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    assert_eq!(store.name().await.unwrap(), "a store of 3");
}

async fn a_method_without_a_result_is_called(transport: impl Transport) {
    let (store, _session, mut heard) = dispense(transport).await;
    store.put("a".into(), vec![1]).await.unwrap();
    store.forget("a".into()).await;
    assert_eq!(heard.recv().await, Some(Said::Forgot("a".into())));
    assert!(store.get("a".into()).await.is_err());
}

async fn a_client_and_an_implementation_are_the_same_trait_object(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    let (here, _heard) = Memory::new();
    let boxed: Vec<Box<dyn Store>> = vec![Box::new(store.clone()), Box::new(here)];
    for (number, each) in boxed.iter().enumerate() {
        each.put("number".into(), vec![number as u8]).await.unwrap();
    }
    assert_eq!(boxed[0].get("number".into()).await.unwrap(), [0]);
    assert_eq!(boxed[1].get("number".into()).await.unwrap(), [1]);

    async fn number(of: impl Store) -> Vec<u8> {
        of.get("number".into()).await.unwrap()
    }
    let shared: Arc<dyn Store> = Arc::new(store);
    let elsewhere = tokio::spawn(number(Arc::clone(&shared)));
    assert_eq!(elsewhere.await.unwrap(), [0]);
    assert_eq!(number(Callback::new(shared)).await, [0]);
}

async fn a_deadline_ends_the_call_on_both_sides(transport: impl Transport) {
    let (store, _session, mut heard) = dispense(transport).await;
    let error = store.hang_a_while().await.unwrap_err();
    assert!(matches!(error, CallError::DeadlineExceeded), "{error:?}");
    assert_eq!(heard.recv().await, Some(Said::Hanging));
    assert_eq!(heard.recv().await, Some(Said::Cancelled));
}

async fn dropping_the_future_cancels_the_call_in_the_plugin(transport: impl Transport) {
    let (store, _session, mut heard) = dispense(transport).await;
    let call = tokio::spawn(async move { store.hang().await });
    assert_eq!(heard.recv().await, Some(Said::Hanging));
    call.abort();
    assert_eq!(heard.recv().await, Some(Said::Cancelled));
}

async fn a_panic_is_an_internal_failure_and_the_next_call_is_answered(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    let error = store.panic().await.unwrap_err();
    let internal = matches!(
        error,
        CallError::Failed {
            code: Code::Internal,
            ..
        }
    );
    assert!(internal, "{error:?}");
    assert_eq!(store.count(1, None).await.unwrap(), 1);
}

async fn calls_are_answered_at_the_same_time(transport: impl Transport) {
    let (store, _session, _heard) = dispense(transport).await;
    let (one, other) = tokio::join!(store.meet(), store.meet());
    one.and(other).unwrap();
}

async fn a_call_after_the_end_of_the_session_is_lost(transport: impl Transport) {
    let (store, session, _heard) = dispense(transport).await;
    session.close().await.unwrap();
    let error = store.get("a".into()).await.unwrap_err();
    let lost = matches!(error, StoreError::Lost(CallError::Lost(_)));
    assert!(lost, "{error:?}");
}
