#[pintle::interface]
pub trait Store {
    async fn open(path: String) -> Result<(), pintle::CallError>;
}

fn main() {}
