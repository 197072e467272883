#[pintle::interface]
pub trait Store {
    async fn put(&mut self) -> Result<(), pintle::CallError>;
}

fn main() {}
