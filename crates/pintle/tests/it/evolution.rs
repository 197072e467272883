//! A host and a plugin that were compiled from an earlier and a later trait.

use pintle::{CallError, Code, IntoPlugin, PluginSet, Session, Transport};

mod newer;
mod older;

over_every_transport! {
    an_older_host_leaves_new_arguments_to_their_defaults
    an_older_plugin_does_not_see_new_arguments
    an_older_host_leaves_new_fields_to_their_defaults
    an_older_plugin_does_not_see_new_fields
    a_new_method_is_unimplemented_in_an_older_plugin
    a_new_name_of_an_enum_is_the_one_for_others
    a_new_name_of_an_enum_without_one_for_others_is_a_typed_error
    a_new_variant_is_the_one_for_others
    a_new_variant_without_one_for_others_is_a_typed_error
}

async fn an_older_host_leaves_new_arguments_to_their_defaults(transport: impl Transport) {
    let (store, _session) = older_host(transport).await;
    let seen = older::Store::put(&store, "a".into(), true).await.unwrap();
    assert_eq!(seen, "a, seconds None, weight 10");
}

async fn an_older_plugin_does_not_see_new_arguments(transport: impl Transport) {
    let (store, _session) = older_plugin(transport).await;
    let seen = newer::Store::put(&store, "a".into(), Some(5), 0)
        .await
        .unwrap();
    assert_eq!(seen, "a, force false");
}

async fn an_older_host_leaves_new_fields_to_their_defaults(transport: impl Transport) {
    let (store, _session) = older_host(transport).await;
    let event = older::Event { key: "a".into() };
    assert_eq!(
        older::Store::event(&store, event.clone()).await.unwrap(),
        event
    );
}

async fn an_older_plugin_does_not_see_new_fields(transport: impl Transport) {
    let (store, _session) = older_plugin(transport).await;
    let event = newer::Event {
        key: "a".into(),
        version: 0,
        notes: vec!["b".into()],
        by: Some(String::new()),
    };
    let back = newer::Store::event(&store, event).await.unwrap();
    let expected = newer::Event {
        key: "a".into(),
        version: 3,
        notes: Vec::new(),
        by: None,
    };
    assert_eq!(back, expected);
}

async fn a_new_method_is_unimplemented_in_an_older_plugin(transport: impl Transport) {
    let (store, _session) = older_plugin(transport).await;
    let error = newer::Store::list_all(&store).await.unwrap_err();
    let CallError::Unimplemented(text) = error else {
        panic!("{error:?}");
    };
    assert!(text.contains("ListAll"), "{text}");
}

async fn a_new_name_of_an_enum_is_the_one_for_others(transport: impl Transport + Clone) {
    let (store, _session) = older_host(transport.clone()).await;
    let mood = older::Store::mood(&store, older::Mood::Calm).await.unwrap();
    assert_eq!(mood, older::Mood::Unknown);
    // The other way, the plugin asserts it.
    let (store, _session) = older_plugin(transport).await;
    newer::Store::mood(&store, newer::Mood::Happy)
        .await
        .unwrap();
}

async fn a_new_name_of_an_enum_without_one_for_others_is_a_typed_error(
    transport: impl Transport + Clone,
) {
    let (store, _session) = older_host(transport.clone()).await;
    let error = older::Store::kind(&store, older::Kind::Added)
        .await
        .unwrap_err();
    unreadable(&error, "Kind: number 1 is none of those known here");
    let (store, _session) = older_plugin(transport).await;
    let error = newer::Store::kind(&store, newer::Kind::Moved)
        .await
        .unwrap_err();
    refused(&error, "Kind: number 1 is none of those known here");
}

async fn a_new_variant_is_the_one_for_others(transport: impl Transport + Clone) {
    let (store, _session) = older_host(transport.clone()).await;
    let part = older::OpenPart::Bytes(Vec::new());
    let part = older::Store::open_part(&store, part).await.unwrap();
    assert_eq!(part, older::OpenPart::Unknown);
    // The other way, the plugin asserts it.
    let (store, _session) = older_plugin(transport).await;
    let part = newer::OpenPart::Text("new".into());
    newer::Store::open_part(&store, part).await.unwrap();
}

async fn a_new_variant_without_one_for_others_is_a_typed_error(transport: impl Transport + Clone) {
    let (store, _session) = older_host(transport.clone()).await;
    let part = older::Part::Bytes(Vec::new());
    let error = older::Store::part(&store, part).await.unwrap_err();
    unreadable(&error, "none of the variants known here");
    let (store, _session) = older_plugin(transport).await;
    let part = newer::Part::Text("new".into());
    let error = newer::Store::part(&store, part).await.unwrap_err();
    refused(&error, "none of the variants known here");
}

/// This side could not read what came.
#[track_caller]
fn unreadable(error: &CallError, text: &str) {
    let CallError::Unreadable(cause) = error else {
        panic!("{error:?}");
    };
    assert!(cause.to_string().contains(text), "{cause}");
}

/// The other side could not read what was sent.
#[track_caller]
fn refused(error: &CallError, expected: &str) {
    let CallError::Failed {
        code: Code::Internal,
        text,
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(text.contains(expected), "{text}");
}

/// A host of the older trait, and a plugin of the newer.
async fn older_host(transport: impl Transport) -> (older::StoreClient, Session) {
    let session = serve(newer::Plugin, transport).await;
    (
        session.dispense::<dyn older::Store>().await.unwrap(),
        session,
    )
}

/// A host of the newer trait, and a plugin of the older.
async fn older_plugin(transport: impl Transport) -> (newer::StoreClient, Session) {
    let session = serve(older::Plugin, transport).await;
    (
        session.dispense::<dyn newer::Store>().await.unwrap(),
        session,
    )
}

async fn serve(plugin: impl IntoPlugin, transport: impl Transport) -> Session {
    let plugins = PluginSet::new().plugin(plugin);
    pintle::in_process_over(plugins, transport).await.unwrap()
}
