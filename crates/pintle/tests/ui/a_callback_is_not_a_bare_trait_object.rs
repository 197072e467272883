#[pintle::interface]
pub trait Store {
    async fn count(&self, progress: Box<dyn Progress>) -> Result<(), pintle::CallError>;
}

fn main() {}
