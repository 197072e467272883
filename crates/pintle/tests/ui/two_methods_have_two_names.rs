#[pintle::interface]
pub trait Store {
    async fn get_all(&self) -> Result<(), pintle::CallError>;
    #[allow(non_snake_case)]
    async fn getAll(&self) -> Result<(), pintle::CallError>;
}

fn main() {}
