#[pintle::message]
pub fn event() {}

fn main() {}
