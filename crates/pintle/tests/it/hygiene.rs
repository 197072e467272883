//! Whatever the user's names are, generated code stands beside them.

use pintle::{CallError, PluginSet, Transport};

over_every_transport! {
    arguments_may_be_called_like_what_the_generated_code_works_with
    names_may_be_words_of_rust
    types_may_be_called_like_those_of_the_standard_library
    an_interface_may_stand_within_a_function
    a_default_may_be_a_constant_of_any_name
}

/// One call through one interface, with the implementation's answer.
macro_rules! through {
    ($transport:expr, $plugin:expr, $interface:ty) => {{
        let plugins = PluginSet::new().plugin($plugin);
        let session = pintle::in_process_over(plugins, $transport).await.unwrap();
        (session.dispense::<$interface>().await.unwrap(), session)
    }};
}

mod arguments;

async fn arguments_may_be_called_like_what_the_generated_code_works_with(
    transport: impl Transport,
) {
    use arguments::{Arguments, Fields, Mine, Variant};

    let (client, _session) = through!(transport, Mine, dyn Arguments);
    assert_eq!(client.all(1, 2, 4, 8, 16, 32, 64, 128).await.unwrap(), 255);
    client.rest(1, 2, 3).await;
    let fields = Fields {
        to: 1,
        tag: 2,
        field: 3,
        partial: 4,
        schema: 5,
        message: 6,
    };
    assert_eq!(client.fields(fields.clone()).await.unwrap(), fields);
    let full = Variant::Full {
        to: 1,
        tag: 2,
        field: 3,
        partial: 4,
        length: 5,
        value: 6,
    };
    for variant in [full, Variant::Empty {}] {
        assert_eq!(client.variant(variant.clone()).await.unwrap(), variant);
    }
    assert_eq!(Arguments::clone(&client).await.unwrap(), 1);
    assert_eq!(client.call(2).await.unwrap(), 2);
    assert_eq!(client.link().await.unwrap(), 3);
    assert_eq!(client.dispatch().await.unwrap(), 4);
}

mod words {
    use pintle::CallError;

    #[pintle::interface]
    pub(super) trait Words {
        async fn r#move(&self, r#type: String, r#match: Match) -> Result<Match, CallError>;
    }

    #[pintle::message]
    #[derive(Clone, Debug, PartialEq)]
    pub(super) struct Match {
        pub(super) r#fn: u32,
        pub(super) part: Part,
    }

    #[pintle::message]
    #[derive(Clone, Debug, PartialEq)]
    pub(super) enum Part {
        Loop { r#loop: u32, r#in: String },
    }

    pub(super) struct Mine;

    #[pintle::plugin]
    impl Words for Mine {
        async fn r#move(&self, r#type: String, r#match: Match) -> Result<Match, CallError> {
            let Part::Loop { r#loop, .. } = r#match.part;
            let part = Part::Loop {
                r#loop,
                r#in: r#type,
            };
            Ok(Match { part, ..r#match })
        }
    }
}

async fn names_may_be_words_of_rust(transport: impl Transport) {
    use words::{Match, Mine, Part, Words};

    let (client, _session) = through!(transport, Mine, dyn Words);
    let part = |text: &str| Part::Loop {
        r#loop: 2,
        r#in: text.into(),
    };
    let sent = Match {
        r#fn: 1,
        part: part("a"),
    };
    let back = client.r#move("b".into(), sent).await.unwrap();
    assert_eq!(
        back,
        Match {
            r#fn: 1,
            part: part("b")
        }
    );
}

mod types;

async fn types_may_be_called_like_those_of_the_standard_library(transport: impl Transport) {
    use types::{Mine, Types};

    let (client, _session) = through!(transport, Mine, dyn Types);
    let number = 5;
    let held = client.put(
        types::String { number },
        types::Partial { number },
        types::Link { number },
        types::PutRequest { number },
        types::T { number },
        types::C { number },
        types::P { number },
    );
    let held = held.await.unwrap();
    assert_eq!(held.string, types::String { number });
    assert_eq!(held.one, types::One::Partial(types::Partial { number }));
    let returned = client.get(types::TypesPutRequest { number }).await.unwrap();
    assert_eq!(returned.number, 5);
}

async fn an_interface_may_stand_within_a_function(transport: impl Transport) {
    #[pintle::interface]
    trait Inner {
        async fn get(&self, of: Key) -> Result<Key, CallError>;
    }

    #[pintle::message]
    struct Key {
        text: String,
    }

    struct Mine;

    #[pintle::plugin]
    impl Inner for Mine {
        async fn get(&self, of: Key) -> Result<Key, CallError> {
            Ok(of)
        }
    }

    let (client, _session) = through!(transport, Mine, dyn Inner);
    let key = client.get(Key { text: "a".into() }).await.unwrap();
    assert_eq!(key.text, "a");
}

mod defaults {
    use pintle::CallError;

    /// Named like the method, and like what generated code has of it.
    const PUT: u32 = 4;

    #[pintle::interface]
    pub(super) trait Defaults {
        async fn put(&self, #[pintle(default = PUT)] number: u32) -> Result<u32, CallError>;
    }

    pub(super) struct Mine;

    #[pintle::plugin]
    impl Defaults for Mine {
        async fn put(&self, number: u32) -> Result<u32, CallError> {
            Ok(number + PUT)
        }
    }
}

async fn a_default_may_be_a_constant_of_any_name(transport: impl Transport) {
    use defaults::{Defaults, Mine};

    let (client, _session) = through!(transport, Mine, dyn Defaults);
    assert_eq!(client.put(1).await.unwrap(), 5);
}
