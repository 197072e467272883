#[pintle::interface]
pub trait Store {
    #[pintle(deadline = "5s", deadline = "6s")]
    async fn put(&self, #[tag(1)] #[tag(2)] key: String) -> Result<(), pintle::CallError>;
}

fn main() {}
