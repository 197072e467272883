#[pintle::interface]
pub trait Store {
    async fn put(&self, values: Vec<Option<u64>>) -> Result<(), pintle::CallError>;
}

fn main() {}
