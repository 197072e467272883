#[pintle::interface]
pub trait Store {
    async fn close(self) -> Result<(), pintle::CallError>;
}

fn main() {}
