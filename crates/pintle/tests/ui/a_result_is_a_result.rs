type Result<T> = std::result::Result<T, pintle::CallError>;

#[pintle::interface]
pub trait Store {
    async fn count(&self) -> u64;
    async fn get(&self) -> Result<Vec<u8>>;
    async fn name(&self) -> std::result::Result<&str, pintle::CallError>;
}

fn main() {}
