#[pintle::message]
pub struct Wide {
    pub number: u128,
}

fn main() {}
