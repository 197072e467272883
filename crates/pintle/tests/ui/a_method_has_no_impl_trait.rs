#[pintle::interface]
pub trait Store {
    async fn put(&self, value: impl Into<String>) -> Result<(), pintle::CallError>;
}

fn main() {}
