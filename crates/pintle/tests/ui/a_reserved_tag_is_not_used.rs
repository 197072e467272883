#[pintle::interface]
pub trait Store {
    #[reserved(2)]
    async fn put(&self, key: String, value: Vec<u8>) -> Result<(), pintle::CallError>;
}

#[pintle::message]
#[reserved(1, 2)]
pub enum Kind {
    Added,
    Removed,
}

fn main() {}
