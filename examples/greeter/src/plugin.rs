use greeter::{GreeterPlugin, HANDSHAKE};
use pintle::ServeError;

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE)
        .plugin(GreeterPlugin)
        .run(pintle::transports())
        .await
}
