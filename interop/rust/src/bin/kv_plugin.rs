//! `interop-kv-plugin [STORY]` serves the kv plugin; the story decides in which versions. In
//! `test-mode` it is not launched by a host: it prints the variable with its token on stdout and serves
//! until SIGTERM.

use interop::{
    Failure, HANDSHAKE, KvPlugin, NEGOTIATED_VERSIONS, PROVIDER, Store, Story, TOKENS_VARIABLE,
};
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
    let serve = serve.over(Grpc);
    if story == Story::TestMode {
        let mode = serve.test_mode().await?;
        println!("{}", mode.variable(TOKENS_VARIABLE, PROVIDER));
        mode.until_interrupted().await?;
    } else {
        serve.run().await?;
    }
    Ok(())
}
