use greeter::{Greeter, HANDSHAKE};
use pintle::{CallError, ServeError};

struct English;

#[pintle::plugin]
impl Greeter for English {
    async fn greet(&self, name: String) -> Result<String, CallError> {
        Ok(format!("Hello, {name}!"))
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), ServeError> {
    pintle::serve(HANDSHAKE).plugin(English).run().await
}
