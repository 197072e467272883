#[pintle::message]
pub struct Zero {
    #[tag(0)]
    pub key: String,
}

#[pintle::message]
pub struct Kept {
    #[tag(19000)]
    pub key: String,
}

#[pintle::message]
pub struct CountedToKept {
    #[tag(18999)]
    pub key: String,
    pub value: String,
}

#[pintle::message]
pub enum Variant {
    #[tag(0)]
    Whole(String),
}

#[pintle::message]
pub struct Words {
    #[tag("one")]
    pub key: String,
}

fn main() {}
