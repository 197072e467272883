#[pintle::message]
pub enum Kind {
    #[tag(1)]
    Added,
    Removed,
}

fn main() {}
