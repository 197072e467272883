#[pintle::plugin]
struct MyStore;

fn main() {}
