#[pintle::interface]
pub trait Store<T> {
    async fn put(&self, value: T) -> Result<(), pintle::CallError>;
}

fn main() {}
