pub trait Progress {}

#[pintle::interface]
pub trait Store {
    async fn count(&self, progress: pintle::Callback<dyn Progress>) -> Result<(), pintle::CallError>;
}

fn main() {}
