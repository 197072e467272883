#[pintle::message]
pub enum Part {
    Whole,
    Range(u64, u64),
}

fn main() {}
