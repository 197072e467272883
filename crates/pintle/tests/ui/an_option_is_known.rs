#[pintle::interface]
pub trait Store {
    #[pintle(timeout = "5s")]
    async fn put(&self, key: String) -> Result<(), pintle::CallError>;
}

#[pintle::interface(pakage = "store")]
pub trait Other {
    async fn put(&self, key: String) -> Result<(), pintle::CallError>;
}

#[pintle::message]
pub struct Event {
    #[pintle(optional)]
    pub key: String,
}

#[pintle::message]
pub enum Kind {
    #[pintle(unknown)]
    Added,
}

fn main() {}
