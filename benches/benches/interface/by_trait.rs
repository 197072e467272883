//! The trait is the contract.

use pintle::{Bytes, CallError, Session};

#[pintle::interface]
pub(crate) trait Repeat {
    async fn echo(&self, payload: Bytes) -> Result<Bytes, CallError>;
}

pub(crate) struct Parrot;

#[pintle::plugin]
impl Repeat for Parrot {
    async fn echo(&self, payload: Bytes) -> Result<Bytes, CallError> {
        Ok(payload)
    }
}

pub(crate) async fn of(session: &Session) -> RepeatClient {
    let client = session.dispense::<dyn Repeat>().await;
    client.expect("it is served")
}

pub(crate) async fn echo(client: &RepeatClient, payload: Bytes) -> Bytes {
    client.echo(payload).await.expect("it answers")
}
