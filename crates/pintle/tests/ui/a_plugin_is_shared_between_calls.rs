#[pintle::interface]
pub trait Store {
    async fn put(&self) -> Result<(), pintle::CallError>;
}

struct MyStore(std::cell::Cell<u32>);

#[pintle::plugin]
impl Store for MyStore {
    async fn put(&self) -> Result<(), pintle::CallError> {
        Ok(())
    }
}

fn main() {}
