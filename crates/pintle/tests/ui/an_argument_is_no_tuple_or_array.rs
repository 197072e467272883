#[pintle::interface]
pub trait Store {
    async fn pair(&self, pair: (String, u64)) -> Result<(), pintle::CallError>;
    async fn hash(&self, hash: [u8; 32]) -> Result<(), pintle::CallError>;
}

fn main() {}
