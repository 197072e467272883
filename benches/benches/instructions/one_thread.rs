//! A host and a plugin on the thread of one runtime.
//!
//! `in_process` would be that, too, but has no TLS and no socket. A plugin in test mode is as one that
//! was launched, as far as a call can tell.

use pintle::mtls::{Curve, Identity, Tls};
use pintle::{Handshake, Host, IntoPlugin, Reattach, Session, TestMode, Transports};

const HANDSHAKE: Handshake = Handshake::new("PINTLE_INSTRUCTIONS", "counted");

/// How connections are secured.
#[derive(Clone, Copy)]
pub(crate) enum Security {
    Plain,
    /// As AutoMTLS does it: each side has made its own key and accepts the other's alone.
    Mutual,
}

/// Serves the plugin and connects to it.
pub(crate) async fn open<P: IntoPlugin>(
    plugin: P,
    transport: impl Into<Transports>,
    security: Security,
) -> (TestMode, Session) {
    let transports = transport.into();
    let serve = pintle::serve(HANDSHAKE)
        .over(transports.clone())
        .plugin(plugin);
    let host = Host::new(HANDSHAKE);
    let (serve, host) = match security {
        Security::Plain => (serve, host.plaintext()),
        Security::Mutual => {
            let [plugins, hosts] =
                [(); 2].map(|()| Identity::generate(Curve::default()).expect("a key can be made"));
            let tls = Tls::auto(&plugins, hosts.certificate().clone());
            let serve = serve.tls(move || Ok(tls));
            (
                serve,
                host.tls(Tls::auto(&hosts, plugins.certificate().clone())),
            )
        }
    };
    let serving = serve.test_mode().await.expect("a socket can be made");
    let session = host.reattach(&unwatched(serving.token()), transports).await;
    (serving, session.expect("the plugin is there"))
}

/// The token without the number of the process: this one need not be told of its own end, and
/// valgrind has not always known the system call that watches a process.
fn unwatched(token: &Reattach) -> Reattach {
    let mut fields = serde_json::to_value(token).expect("a token can be written");
    fields["Pid"] = 0.into();
    serde_json::from_value(fields).expect("Go writes a zero, too")
}
