#[pintle::message]
#[derive(Debug)]
pub enum StoreError {
    NotFound(String),
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not found")
    }
}

#[pintle::interface]
pub trait Store {
    async fn put(&self, key: String) -> Result<(), StoreError>;
}

fn main() {}
