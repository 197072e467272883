//! A plugin over a transport that pintle does not know.

mod transport;

use pintle::ServeError;
use pintle_testkit::HANDSHAKE;

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE)
        .plugin(transport::Plugin)
        .over(transport::outside())
        .run()
        .await
}
