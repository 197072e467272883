use std::borrow::Cow;

pub struct Config;

#[pintle::interface]
pub trait Store {
    async fn text(&self, key: &str) -> Result<(), pintle::CallError>;
    async fn bytes(&self, value: &[u8]) -> Result<(), pintle::CallError>;
    async fn list(&self, values: &[u64]) -> Result<(), pintle::CallError>;
    async fn config(&self, config: &Config) -> Result<(), pintle::CallError>;
    async fn within(&self, key: Option<&str>) -> Result<(), pintle::CallError>;
    async fn cow(&self, key: Cow<'_, str>) -> Result<(), pintle::CallError>;
}

fn main() {}
