pub struct Config {
    pub limit: u64,
}

#[pintle::interface]
pub trait Store {
    async fn configure(&self, config: Config) -> Result<(), pintle::CallError>;
}

fn main() {}
