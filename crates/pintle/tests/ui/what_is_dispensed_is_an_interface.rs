pub trait Store {}

async fn dispense(session: pintle::Session) {
    let _ = session.dispense::<dyn Store>().await;
}

fn main() {}
