#[pintle::interface]
pub trait Store {
    async fn put(&self, (key, value): Pair) -> Result<(), pintle::CallError>;
}

fn main() {}
