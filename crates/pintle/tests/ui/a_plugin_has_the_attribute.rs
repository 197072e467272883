#[pintle::interface]
pub trait Store {
    async fn put(&self) -> Result<(), pintle::CallError>;
}

struct MyStore;

impl Store for MyStore {
    async fn put(&self) -> Result<(), pintle::CallError> {
        Ok(())
    }
}

fn main() {
    let _ = pintle::PluginSet::new().plugin(MyStore);
}
