#[pintle::interface]
pub trait Store {
    async fn put(&self, #[tag(2)] key: String, #[tag(2)] value: Vec<u8>) -> Result<(), pintle::CallError>;
}

#[pintle::message]
pub struct Event {
    #[tag(2)]
    pub key: String,
    #[tag(1)]
    pub version: u64,
    pub kind: u64,
}

fn main() {}
