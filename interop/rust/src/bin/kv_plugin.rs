//! `interop-kv-plugin [STORY]` serves the kv plugin; the story decides only in which versions.

use interop::{Failure, HANDSHAKE, KvPlugin, NEGOTIATED_VERSIONS, Store, Story};
use pintle::{Grpc, PluginSet};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    interop::log_to_host();
    let story = std::env::args().nth(1);
    let story = story.map_or(Ok(Story::Kv), |name| name.parse())?;

    let mut serve = pintle::serve(HANDSHAKE);
    if story == Story::Negotiated {
        for version in NEGOTIATED_VERSIONS {
            let store = Store::new(&format!(" (v{version})"));
            serve = serve.plugins(version, PluginSet::new().plugin(KvPlugin::new(store)));
        }
    } else {
        serve = serve.plugin(KvPlugin::new(Store::new("")));
    }
    serve.over(Grpc).run().await?;
    Ok(())
}
