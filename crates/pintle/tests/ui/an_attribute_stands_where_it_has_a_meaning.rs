#[pintle::interface]
#[pintle(deadline = "5s")]
pub trait Store {
    async fn put(&self, key: String) -> Result<(), pintle::CallError>;
}

#[pintle::interface]
pub trait Other {
    #[tag(3)]
    async fn put(&self, key: String) -> Result<(), pintle::CallError>;
}

#[pintle::message]
pub struct Event {
    #[reserved(3)]
    pub key: String,
}

fn main() {}
