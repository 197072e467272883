#[pintle::interface]
pub trait Store {
    async fn put(&self) -> Result<(), pintle::CallError>;
}

struct MyStore;

#[pintle::plugin(name = "store")]
impl Store for MyStore {
    async fn put(&self) -> Result<(), pintle::CallError> {
        Ok(())
    }
}

fn main() {}
