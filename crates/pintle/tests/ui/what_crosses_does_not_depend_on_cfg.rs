#[pintle::interface]
pub trait Store {
    #[cfg(unix)]
    async fn put(&self, key: String) -> Result<(), pintle::CallError>;
}

#[pintle::message]
pub struct Event {
    #[cfg(unix)]
    pub key: String,
}

fn main() {}
