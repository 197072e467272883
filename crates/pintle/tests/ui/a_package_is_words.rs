#[pintle::interface(package = "store-v1")]
pub trait Store {
    async fn put(&self, key: String) -> Result<(), pintle::CallError>;
}

fn main() {}
