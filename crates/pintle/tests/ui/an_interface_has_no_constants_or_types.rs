#[pintle::interface]
pub trait Store {
    const LIMIT: u32;

    type Key;
}

fn main() {}
