#[pintle::interface]
pub trait Store: Send + Sync {
    async fn put(&self) -> Result<(), pintle::CallError>;
}

fn main() {}
