#[pintle::interface]
pub trait Store {
    fn get(&self) -> Result<(), pintle::CallError>;
}

fn main() {}
