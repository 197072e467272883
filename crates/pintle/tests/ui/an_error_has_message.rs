pub struct StoreError;

#[pintle::interface]
pub trait Store {
    async fn put(&self, key: String) -> Result<(), StoreError>;
}

fn main() {}
