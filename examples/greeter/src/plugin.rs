use greeter::{GreeterPlugin, HANDSHAKE};
use pintle::{Grpc, ServeError};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE)
        .plugin(GreeterPlugin)
        .run(Grpc)
        .await
}
