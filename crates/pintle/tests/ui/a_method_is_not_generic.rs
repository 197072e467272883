#[pintle::interface]
pub trait Store {
    async fn put<T>(&self, value: T) -> Result<(), pintle::CallError>;
}

fn main() {}
