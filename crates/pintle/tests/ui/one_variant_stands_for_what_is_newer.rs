#[pintle::message]
pub enum Kind {
    Added,
    #[pintle(other)]
    Newer,
    #[pintle(other)]
    Unknown,
}

#[pintle::message]
pub enum Part {
    Bytes(Vec<u8>),
    #[pintle(other)]
    Newer(String),
}

fn main() {}
