#[pintle::message]
pub enum Kind {
    Added = 0,
    Removed = 5,
}

fn main() {}
